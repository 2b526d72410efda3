/** @module What is kept of an answer that is owed: where it goes and how far it has come. No words of it. */
import type { FrontId, JobId } from '../../core/ids.ts'
import type { Place } from '../place.ts'
import type { UiLanguage } from '../texts/texts.ts'

/** Which buttons an answer gets. `summary-first`: the summary of a long foreign text, whose translation is a press away. `preview`: of a channel's post, before it is switched on. */
export const flows = ['translation', 'summary', 'summary-first', 'transcript', 'preview'] as const
export type Flow = (typeof flows)[number]

export interface Delivery {
  readonly job: JobId
  /** The process that shows its drafts and is handed its answer. */
  readonly front: FrontId
  readonly place: Place
  readonly ui: UiLanguage
  readonly task: string
  readonly flow: Flow
  readonly from?: string
  readonly to?: string
  readonly draftId: number
  readonly state: 'planned' | 'sending' | 'sent' | 'dropped'
  /** Messages of this answer that are out already. */
  readonly parts: number
}

/** Numbers and ids of an answer that was sent. */
export interface SentFacts {
  /** Outcome of the output or the code of the failure. */
  readonly outcome: string
  readonly model: string
  readonly weights?: string
  readonly tier: string
  readonly tokens: number
  readonly audioMs: number
  readonly attempts: number
  readonly totalMs: number
}

export interface DeliveryStore {
  /** Idempotent by job. */
  plan(delivery: Delivery): Promise<void>
  get(job: JobId): Promise<Delivery | undefined>
  facts(job: JobId): Promise<SentFacts | undefined>
  /** Marks the first message as under way; before any send. */
  sending(job: JobId): Promise<void>
  /** Telegram refused it, so nothing is out: it may be sent. */
  unsent(job: JobId): Promise<void>
  /** `parts` messages are out. */
  progress(job: JobId, parts: number): Promise<void>
  settled(
    job: JobId,
    end: { state: 'sent' | 'dropped'; messageId?: number; facts: SentFacts },
  ): Promise<void>
  /** Planned or sending, oldest first. */
  open(): Promise<readonly Delivery[]>
  /** The job behind a draft, for Stop. */
  byDraft(chatId: number, draftId: number): Promise<Delivery | undefined>
  /** The newest answer to a message, whatever its state. */
  ofMessage(chatId: number, replyTo: number): Promise<Delivery | undefined>
  /** Nobody wants this answer any more: it will not be sent. False when its sending had begun. */
  drop(job: JobId): Promise<boolean>
  openOf(by: { userId: number } | { chatId: number }): Promise<readonly Delivery[]>
  /** Previews asked for since then. */
  previewsOf(userId: number, since: number): Promise<number>
  stopsOf(userId: number, since: number): Promise<number>
  sweep(time: number): Promise<void>
  forget(userId: number): Promise<number>
}
