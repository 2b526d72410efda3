/** @module Patience with Telegram: waits where it asks to wait, tries again where nothing was lost, on our own clock. */
import { HttpError, type Transformer } from 'grammy'
import type { Clock } from '../../core/clock.ts'
import { chatOf, type Pacer } from './pacer.ts'

/** Frames are worth nothing later, and polling has its own retries. */
const never: ReadonlySet<string> = new Set([
  'getUpdates',
  'sendRichMessageDraft',
  'sendMessageDraft',
  'sendChatAction',
  'setMessageReaction',
  'answerCallbackQuery',
])

/**
 * What reads, sets, edits or removes leaves the same when it comes twice. Of anything else that was answered by 5xx nobody
 * knows whether it took effect, so whoever sent it decides.
 */
const isSameTwice = (method: string): boolean =>
  /^(get|set|edit|delete|answer|leave|pin|unpin)/.test(method)

/** Said at start, and the same however often it is said: repeated after a lost connection too. */
const repeatable: ReadonlySet<string> = new Set([
  'getMe',
  'getMyCommands',
  'getMyName',
  'getMyDescription',
  'getMyShortDescription',
  'setMyCommands',
  'setMyName',
  'setMyDescription',
  'setMyShortDescription',
  'setWebhook',
  'deleteWebhook',
])

/** A longer wait is left to the next delivery of the same answer. */
const longestWaitMs = 60_000
const maxTries = 4

/**
 * Repeats a call after 429 (as long as Telegram asks, up to a minute) and, where twice is the same as once, after 5xx
 * (1, 2, 4 s), at most four times in all. Others who send to the same chat wait as well. After a lost connection only what
 * is said at start is repeated; for the rest it depends on what was being sent, so it is thrown.
 */
export function retryCalls(clock: Clock, pacer: Pick<Pacer, 'flooded'>): Transformer {
  // The shape is grammY's.
  // oxlint-disable-next-line max-params
  return async (prev, method, payload, signal) => {
    for (let attempt = 1; ; attempt++) {
      const response = await prev(method, payload, signal).catch((error: unknown) => {
        if (repeatable.has(method) && error instanceof HttpError && attempt < maxTries)
          return undefined
        throw error
      })
      if (response === undefined) {
        await clock.sleep(pauseMs(attempt))
        continue
      }
      const chatId = chatOf(payload)
      if (!response.ok && response.error_code === 429 && chatId !== undefined)
        pacer.flooded(chatId, (response.parameters?.retry_after ?? 1) * 1000)
      if (response.ok || never.has(method) || attempt === maxTries) return response
      const waitMs = waitOf(method, response, attempt)
      if (waitMs === undefined || waitMs > longestWaitMs) return response
      await clock.sleep(waitMs)
    }
  }
}

function waitOf(
  method: string,
  refused: { readonly error_code: number; readonly parameters?: { retry_after?: number } },
  attempt: number,
): number | undefined {
  if (refused.error_code === 429) return (refused.parameters?.retry_after ?? 1) * 1000
  return refused.error_code >= 500 && isSameTwice(method) ? pauseMs(attempt) : undefined
}

const pauseMs = (attempt: number): number => 1000 * 2 ** (attempt - 1)
