/** @module How an answer reaches its place; no other code knows what kind of chat it serves. */
import type { Delivery } from '../delivery/delivery.ts'
import type { Answer, Keyboard } from './answer.ts'
import type { Progress } from './send.ts'

/** What a draft shows. */
export type View =
  | { readonly kind: 'waiting'; readonly place: number }
  | { readonly kind: 'working'; readonly percent: number }
  | { readonly kind: 'text'; readonly text: string }

/** `slow`: not before so many milliseconds. `off`: this place takes no frames. */
export type FrameResult = 'shown' | 'off' | { readonly slowMs: number }

export interface Publisher {
  /** Least time between two frames, where it is not the usual second. */
  readonly gapMs?: number
  /** A first sign within a second; failures are not worth anything. */
  accepted(delivery: Delivery): Promise<void>
  frame(delivery: Delivery, view: View, canStop: boolean): Promise<FrameResult>
  /** Throws when the answer did not get through and may later. Gives back the message's id, if any. */
  final(delivery: Delivery, answer: Answer, progress: Progress): Promise<number | undefined>
  /** Where an answer must not come twice: `final` ended without anybody knowing whether it got through. */
  unsure?(delivery: Delivery, answer: Answer): Promise<void>
  failed(delivery: Delivery, sentence: string, keyboard: Keyboard): Promise<number | undefined>
}

/** One publisher for each kind of place. */
export type Publishers = Readonly<Record<Delivery['place']['kind'], Publisher>>
