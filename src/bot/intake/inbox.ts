/** @module What is kept of an update until it has been handled, and the store of it as the bot sees it. */

export interface KeptUpdate {
  readonly updateId: number
  readonly kind: string
  readonly chatId?: number
  readonly userId?: number
  readonly messageId?: number
  /** Rows of one lane are handled by one process at a time: the chat, or the update itself where it has none or must not wait. */
  readonly lane: number
  /** The update, sealed. */
  readonly sealed: Uint8Array
}

export interface OpenUpdate {
  readonly updateId: number
  readonly kind: string
  readonly lane: number
  readonly receivedAt: number
  readonly sealed: Uint8Array
}

export interface InboxStore {
  /** Writes all rows at once; gives back the ids that were not known. Known ones are left alone: that is the duplicate check. */
  keep(rows: readonly KeptUpdate[]): Promise<ReadonlySet<number>>
  /**
   * Open rows for this process, oldest first: takes at most `limit` lanes that no other process holds, for `leaseMs`,
   * and gives back all their rows but those in `inHand`. A lane is held until it is released or its lease is over.
   */
  claim(inHand: readonly number[], limit: number): Promise<readonly OpenUpdate[]>
  /** Nothing of these lanes is in hand any more: another process may take them. */
  release(lanes: readonly number[]): Promise<void>
  /** Holds on to all lanes of this process. */
  renew(): Promise<void>
  /** Handled: the sealed update is deleted, the id stays for 48 h. */
  close(updateIds: readonly number[]): Promise<void>
  /** Counts a replay of an open row; gives back how many there were. */
  replayed(updateId: number): Promise<number>
  /** Deletes rows received before `time` that are closed. */
  sweep(time: number): Promise<void>
  forget(userId: number): Promise<number>
}
