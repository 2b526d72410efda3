/** @module Where the Proof button under an answer leads; absent where no page is configured. */
import type { InlineKeyboardButton } from 'grammy/types'
import type { JobId } from '../../core/ids.ts'
import type { Place } from '../place.ts'

export interface ProofSalts {
  readonly input: Uint8Array
  readonly output: Uint8Array
}

/**
 * `page`: an address for any browser. `app`: one that Telegram opens as a Mini App, in private chats only; absent where
 * the page has no https address. Both hold the salts: they are never logged and never kept.
 */
export interface ProofLinks {
  page(job: JobId, salts: ProofSalts): string
  app?(job: JobId, salts: ProofSalts): string
}

export interface ProofAddress {
  readonly page: string
  readonly app?: string
}

export const proofAddressOf = (links: ProofLinks, job: JobId, salts: ProofSalts): ProofAddress => ({
  page: links.page(job, salts),
  ...(links.app && { app: links.app(job, salts) }),
})

/** Telegram takes Mini Apps under messages of private chats alone. */
export function proofButton(
  text: string,
  { page, app }: ProofAddress,
  place: Place['kind'],
): InlineKeyboardButton {
  if (place === 'private' && app !== undefined) return { text, web_app: { url: app } }
  return { text, url: page }
}
