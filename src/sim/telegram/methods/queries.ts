/** @module Answers to what people pressed or asked for, and the two ways to fetch updates. */
import { badRequest, Refusal } from '../refusal.ts'
import type { Method } from './call.ts'

const webhookActive =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
const pressMs = 150_000
const maxAnswerChars = 200

const answerCallbackQuery: Method = ({ sim, bot, params }) => {
  const press = sim.world.presses.get(params.text('callback_query_id'))
  const text = params.optionalText('text') ?? ''
  params.raw('cache_time')
  if (text.length > maxAnswerChars) throw badRequest('MESSAGE_TOO_LONG')
  const late = press === undefined || press.botId !== bot.user.id || sim.now() - press.at > pressMs
  if (late || press.answer !== undefined) {
    throw badRequest('query is too old and response timeout expired or query ID is invalid')
  }
  press.answer = { text, alert: params.flag('show_alert'), url: params.optionalText('url') }
  sim.events.send({ type: 'answer', press: press.id, from: press.from, ...press.answer })
  return true
}

const getUpdates: Method = ({ sim, bot, params, gone }) => {
  if (bot.webhook !== undefined) throw new Refusal(409, webhookActive)
  const allowed = params.list('allowed_updates')
  if (allowed !== undefined) bot.allowedUpdates = allowed.filter((it) => typeof it === 'string')
  const limit = params.optionalInt('limit') ?? 100
  const timeout = Math.min(50, Math.max(0, params.optionalInt('timeout') ?? 0))
  return sim.mail.poll(bot, {
    offset: params.optionalInt('offset') ?? 0,
    limit: limit >= 1 && limit <= 100 ? limit : 100,
    timeoutMs: timeout * 1000,
    gone,
  })
}

const setWebhook: Method = ({ sim, bot, params }) => {
  const url = params.optionalText('url') ?? ''
  const allowed = params.list('allowed_updates')
  if (allowed !== undefined) bot.allowedUpdates = allowed.filter((it) => typeof it === 'string')
  if (params.flag('drop_pending_updates')) bot.waiting.splice(0)
  if (url !== '' && !isAllowedUrl(url)) {
    throw badRequest('bad webhook: An HTTPS URL must be provided for webhook')
  }
  const secret = params.optionalText('secret_token')
  if (secret !== undefined && !/^[A-Za-z0-9_-]{1,256}$/.test(secret)) {
    throw badRequest('secret token contains unallowed characters')
  }
  const maxConnections = params.optionalInt('max_connections') ?? 40
  params.raw('ip_address')
  bot.webhook = url === '' ? undefined : { url, secret, maxConnections }
  sim.mail.wake(bot)
  return true
}

/** The real service wants https; here plain http is allowed to this machine only. */
const isAllowedUrl = (url: string): boolean =>
  url.startsWith('https://') || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\//.test(url)

export const queryMethods: Readonly<Record<string, Method>> = {
  answercallbackquery: answerCallbackQuery,
  getupdates: getUpdates,
  setwebhook: setWebhook,
  deletewebhook: ({ bot, params }) => {
    if (params.flag('drop_pending_updates')) bot.waiting.splice(0)
    bot.webhook = undefined
    return true
  },
  getwebhookinfo: ({ sim, bot }) => ({
    url: bot.webhook?.url ?? '',
    has_custom_certificate: false,
    pending_update_count: sim.mail.pending(bot).length,
    ...(bot.webhook !== undefined && { max_connections: bot.webhook.maxConnections }),
    ...(bot.webhook?.lastErrorAt !== undefined && {
      last_error_date: Math.floor(bot.webhook.lastErrorAt / 1000),
      last_error_message: bot.webhook.lastError,
    }),
    ...(bot.allowedUpdates !== undefined && { allowed_updates: bot.allowedUpdates }),
  }),
}
