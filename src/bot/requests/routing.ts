/** @module What to do with a message: one table, pure, in the order of TG A7. */
import { isLeftAlone, type Settings } from '../people/settings.ts'
import type { Detected } from '../reading/language.ts'
import { type Body, type Incoming, isOnlyLinks } from './incoming.ts'

export type Route =
  | { readonly kind: 'sound'; readonly body: Extract<Body, { kind: 'sound' }> }
  | { readonly kind: 'document'; readonly body: Extract<Body, { kind: 'document' }> }
  | { readonly kind: 'page'; readonly link: string }
  /** We do not scrape Telegram: the post itself has to be forwarded. */
  | { readonly kind: 'telegram-link' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'nothing' }

export function routeOf(incoming: Incoming): Route {
  const { body, text, links } = incoming
  if (body.kind === 'sound') return { kind: 'sound', body }
  if (body.kind === 'document') return { kind: 'document', body }
  const [link] = links
  if (link !== undefined && isOnlyLinks(incoming))
    return isTelegramLink(link) ? { kind: 'telegram-link' } : { kind: 'page', link }
  return text.trim() === '' ? { kind: 'nothing' } : { kind: 'text', text }
}

const isTelegramLink = (link: string): boolean =>
  /^(https?:\/\/)?(www\.)?(t\.me|telegram\.(me|dog))\//i.test(link) || /^tg:/i.test(link)

export type TextPlan =
  | { readonly kind: 'translate'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'summarize'
      readonly from: string
      readonly to: string
      /** The text is foreign: its translation is a press away. */
      readonly isForeign: boolean
    }
  | { readonly kind: 'choose'; readonly reason: 'undecided' | 'short'; readonly from?: string }

/** Foreign texts beyond this are summarised first. */
export const summaryFirstUnits = 2500

/** Nothing in a language read (or never to be translated) is translated; an undecided language starts nothing. */
export function planText(text: string, detected: Detected, settings: Settings): TextPlan {
  if (detected === 'undecided') return { kind: 'choose', reason: 'undecided' }
  const from = detected.language
  const { target, summaryFrom } = settings
  if (!isLeftAlone(settings, from) && from !== target) {
    return text.length > summaryFirstUnits
      ? { kind: 'summarize', from, to: target, isForeign: true }
      : { kind: 'translate', from, to: target }
  }
  return summaryFrom > 0 && text.length >= summaryFrom
    ? { kind: 'summarize', from, to: from, isForeign: false }
    : { kind: 'choose', reason: 'short', from }
}

/** The language a summary is written in: the source's if it is read, else the target. */
export const summaryLanguage = (from: string | undefined, settings: Settings): string =>
  from !== undefined && settings.reads.includes(from) ? from : settings.target
