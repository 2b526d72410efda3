/** @module The bot's ways to call Telegram, each as patient as its calls deserve. */
import { Api, type ApiClientOptions, Bot } from 'grammy'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Secret } from '../../core/plaintext.ts'
import type { Ctx } from '../context.ts'
import type { Pacer } from './pacer.ts'
import { refusalOf } from './refusals.ts'
import { retryCalls } from './retry.ts'

export interface Clients {
  /** Knows who it is. */
  readonly bot: Bot<Ctx>
  readonly api: Api
  /** For drafts: one that comes late is worth nothing, so it is sent once. */
  readonly frameApi: Api
  /** For what Telegram waits seconds for: sent once and at once. */
  readonly urgentApi: Api
}

/** Throws `telegram.token` where Telegram does not know the token. */
export async function openClients(deps: {
  readonly token: Secret
  readonly apiRoot: string
  readonly clock: Clock
  readonly pacer: Pacer
}): Promise<Clients> {
  const token = deps.token.reveal()
  const client: ApiClientOptions = { apiRoot: deps.apiRoot, timeoutSeconds: 60 }
  const hasty = { ...client, timeoutSeconds: 5 }
  const bot = new Bot<Ctx>(token, { client })
  bot.api.config.use(retryCalls(deps.clock, deps.pacer))
  await bot.init().catch(refuseToken)
  const api = new Api(token, client)
  api.config.use(retryCalls(deps.clock, deps.pacer))
  return { bot, api, frameApi: new Api(token, hasty), urgentApi: new Api(token, hasty) }
}

/** A token that Telegram does not know is the operator's business, told by its code. */
function refuseToken(cause: unknown): never {
  if (refusalOf(cause)?.kind === 'token') throw new AppError('telegram.token', {}, { cause })
  throw cause
}
