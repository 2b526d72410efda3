/** @module Updates pushed to a bot's webhook: in order within a chat, repeated with growing pauses until confirmed by a 2xx. */
import type { Update } from '@grammyjs/types'
import { deadline } from '../../core/clock.ts'
import { isRecord, parseJson } from './body.ts'
import { methodOf } from './methods/index.ts'
import { Params } from './params.ts'
import { Refusal } from './refusal.ts'
import type { Sim } from './sim.ts'
import type { Bot } from './world.ts'

const firstPauseMs = 1000
const longestPauseMs = 60_000
const answerMs = 60_000

/** Starts delivering for every bot that sets a webhook; ends when `signal` aborts. */
export function startWebhooks(sim: Sim, signal: AbortSignal): void {
  const busy = new Map<number, Set<string>>()
  sim.mail.onPush((bot) => pump(sim, bot, { busy, signal }))
}

interface Pump {
  readonly busy: Map<number, Set<string>>
  readonly signal: AbortSignal
}

function pump(sim: Sim, bot: Bot, it: Pump): void {
  if (bot.webhook === undefined || it.signal.aborted) return
  const lanes = it.busy.get(bot.user.id) ?? new Set<string>()
  it.busy.set(bot.user.id, lanes)
  for (const update of sim.mail.pending(bot)) {
    const lane = laneOf(update)
    if (lanes.has(lane) || lanes.size >= bot.webhook.maxConnections) continue
    lanes.add(lane)
    void deliver(sim, bot, { update, signal: it.signal }).finally(() => {
      lanes.delete(lane)
      pump(sim, bot, it)
    })
  }
}

/** Updates of one chat share a lane and wait for each other. */
function laneOf(update: Update): string {
  const inner: unknown = Object.entries(update).find(([key]) => key !== 'update_id')?.[1]
  if (!isRecord(inner)) return `${update.update_id}`
  const message = isRecord(inner['message']) ? inner['message'] : inner
  const { chat } = message
  return isRecord(chat) ? `chat ${String(chat['id'])}` : `${update.update_id}`
}

async function deliver(
  sim: Sim,
  bot: Bot,
  it: { update: Update; signal: AbortSignal },
): Promise<void> {
  let pauseMs = firstPauseMs
  // An update that expired, or was dropped with a new webhook, is not sent again.
  const place = (): number =>
    sim.mail.pending(bot).findIndex((waiting) => waiting.update_id === it.update.update_id)
  while (!it.signal.aborted && bot.webhook !== undefined && place() >= 0) {
    if (await post(sim, bot, it.update)) {
      const at = place()
      if (at >= 0) bot.waiting.splice(at, 1)
      return
    }
    try {
      await sim.clock.sleep(pauseMs, it.signal)
    } catch {
      return
    }
    pauseMs = Math.min(longestPauseMs, pauseMs * 2)
  }
}

async function post(sim: Sim, bot: Bot, update: Update): Promise<boolean> {
  const hook = bot.webhook
  if (hook === undefined) return false
  const late = deadline(sim.clock, answerMs)
  try {
    const response = await fetch(hook.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(hook.secret !== undefined && { 'x-telegram-bot-api-secret-token': hook.secret }),
      },
      body: JSON.stringify(update),
      signal: late.signal,
    })
    const text = await response.text()
    if (!response.ok) {
      fail(sim, bot, `Wrong response from the webhook: ${response.status}`)
      return false
    }
    await runAnswer(sim, bot, text)
    return true
  } catch {
    fail(sim, bot, 'Connection failed')
    return false
  } finally {
    late.dispose()
  }
}

function fail(sim: Sim, bot: Bot, text: string): void {
  if (bot.webhook === undefined) return
  bot.webhook.lastErrorAt = sim.now()
  bot.webhook.lastError = text
}

/** A webhook may answer with a method call; its result is not told to the bot. */
async function runAnswer(sim: Sim, bot: Bot, text: string): Promise<void> {
  const body = parseJson(text)
  if (!isRecord(body) || typeof body['method'] !== 'string') return
  const { method: _method, ...values } = body
  const run = methodOf(body['method'].toLowerCase())
  if (run === undefined) return
  try {
    await run({
      sim,
      bot,
      params: new Params(values),
      files: new Map(),
      gone: new AbortController().signal,
    })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}
