/** @module The way in for updates: one is open, whatever was the way before is closed at Telegram. */
import { createUpdateFetcher } from '@grammyjs/runner'
import type { Api, Bot } from 'grammy'
import type { Log } from '../../core/log.ts'
import type { Ctx } from '../context.ts'
import { type Fatal, type Intake, startPolling } from './polling.ts'
import { allowedUpdates, type Updates } from './updates.ts'
import { startWebhook, type WebhookOptions } from './webhook.ts'

/** `inbox`: takes in nothing and helps with what other processes of this bot kept. */
export type IntakeChoice =
  | { readonly kind: 'polling' | 'inbox' }
  | ({ readonly kind: 'webhook' } & WebhookOptions)

export interface IntakeDeps {
  readonly intake: IntakeChoice
  readonly bot: Bot<Ctx>
  readonly api: Api
  readonly updates: Updates
  readonly onFatal: (code: Fatal) => void
  readonly log: Log
}

/** Opens the way that was chosen; undefined where nothing is taken in. */
export async function startIntake(deps: IntakeDeps): Promise<Intake | undefined> {
  const { intake, bot, api, updates, onFatal, log } = deps
  switch (intake.kind) {
    case 'inbox':
      return undefined
    case 'webhook':
      return startWebhook(intake, { api, botId: bot.botInfo.id, updates, log })
    case 'polling': {
      await api.deleteWebhook()
      const allowed = { timeout: 30, allowed_updates: allowedUpdates }
      const fetch = createUpdateFetcher(bot, { fetch: allowed, silent: true })
      return startPolling({ fetch, updates, onFatal, log })
    }
  }
}
