/** @module Where an answer goes: the one description of a chat that rows, publishers and features share. */

/**
 * `private` and `group`: a message in reply to the asker. `aside`: in a group, seen by the asker only. `comment`: under a channel post in the discussion group.
 * `append`: at the end of the channel post itself.
 */
type PlaceKind = 'private' | 'group' | 'aside' | 'comment' | 'append'

export interface Place {
  readonly kind: PlaceKind
  readonly chatId: number
  readonly threadId?: number
  /** Message that is answered; for `append` the post that is edited. */
  readonly replyTo?: number
  /** Who asked; absent for channel posts. */
  readonly userId?: number
  /** The message of an `aside`, which becomes the answer. */
  readonly ephemeralId?: number
}
