/** @module One request to the network as the features state it. */
import type { Who } from '../../payments/stars/stars-desk-port.ts'
import type { JobClass } from '../../queue/desk-port.ts'
import type { Flow } from '../delivery/delivery.ts'
import type { Place } from '../place.ts'
import type { UiLanguage } from '../texts/texts.ts'
import type { FileRef } from './incoming.ts'
import type { Mixed } from './mixed.ts'

export type Work =
  | {
      readonly task: 'translate'
      readonly text: string
      readonly from?: string
      readonly to: string
      /** Parts copied unchanged, as the task wants them. */
      readonly keep?: Mixed['keep']
    }
  | {
      readonly task: 'summarize'
      readonly text: string
      readonly from?: string
      readonly to: string
      readonly title?: string
    }
  | {
      readonly task: 'transcribe'
      readonly file: FileRef
      /** As told by Telegram; absent where it is unknown. */
      readonly seconds?: number
      readonly language?: string
    }

export interface Ask {
  readonly place: Place
  readonly ui: UiLanguage
  readonly flow: Flow
  readonly work: Work
  /** What makes the request unique beside chat, message, task and languages: empty, or the id of the press that asked again. */
  readonly tag: string
  readonly class: JobClass
  /** Absent: the asker, or in a place without one its purse. */
  readonly payer?: Who
}

/** Same key, same job: what a replayed update asks again finds the first. Holds ids and codes, no content. */
export function requestKeyOf(botId: number, { place, work, tag }: Ask): string {
  const options =
    work.task === 'transcribe' ? (work.language ?? '') : `${work.from ?? ''}>${work.to}`
  return [botId, place.kind, place.chatId, place.replyTo ?? 0, work.task, options, tag].join(':')
}

const mediumFrom = 1500
const longFrom = 6000

/** JSON of the task's input. */
export function contentOf(work: Work, maxSeconds: number): object {
  switch (work.task) {
    case 'translate':
      return {
        v: 1,
        text: work.text,
        ...(work.from && { from: work.from }),
        to: work.to,
        ...(work.keep && { keep: work.keep }),
      }
    case 'summarize':
      return {
        v: 1,
        text: work.text,
        ...(work.from && { from: work.from }),
        to: work.to,
        length: lengthOf(work.text.length),
        ...(work.title && { title: work.title.slice(0, 500) }),
      }
    case 'transcribe':
      return { v: 1, ...(work.language && { language: work.language }), maxSeconds }
  }
}

function lengthOf(units: number): 'short' | 'medium' | 'long' {
  if (units >= longFrom) return 'long'
  return units >= mediumFrom ? 'medium' : 'short'
}
