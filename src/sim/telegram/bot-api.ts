/** @module The Bot API over HTTP: finds bot and method, applies faults on order, answers in the API's envelope. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Update } from '@grammyjs/types'
import { describe } from '../../core/describe.ts'
import { type Body, readBody } from './body.ts'
import type { Fault } from './faults.ts'
import { methodOf } from './methods/index.ts'
import { Params } from './params.ts'
import { Refusal } from './refusal.ts'
import type { Sim } from './sim.ts'
import type { Bot } from './world.ts'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
}

type Outcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly refusal: Refusal }

const pathPattern = /^\/bot([^/]+)\/(?:test\/)?([A-Za-z]+)\/?$/

export const isBotPath = (path: string): boolean => path.startsWith('/bot')

/** Serves one call. Content stays in the world and the call log; nothing of it is written anywhere else. */
export async function serveBotApi(sim: Sim, exchange: Exchange): Promise<void> {
  const { request, response, url } = exchange
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const found = pathPattern.exec(decodePath(url.pathname))
  const written = found?.[2] ?? ''
  const name = written.toLowerCase()
  const outcome = await attempt(sim, async () => {
    const bot = botOf(sim, found?.[1])
    const body = await readBody(request, url.searchParams)
    return { bot, body }
  })
  if (!outcome.ok) return answer(response, outcome)
  const { bot, body } = outcome.result
  const params = new Params(body.values)
  const fault = sim.faults.take(name, params.optionalText('chat_id'))
  if (fault !== undefined && (await spoilBefore(sim, fault, exchange))) return
  const asked = new Params(body.values)
  const effect = await attempt(sim, async () => {
    const method = methodOf(name)
    if (method === undefined) throw new Refusal(404, 'Not Found: method not found')
    return method({ sim, bot, params: asked, files: body.files, gone: gone.signal })
  })
  log(sim, { name: written, bot, body, params: asked, effect })
  if (fault?.kind === 'close-after') {
    response.destroy()
    return
  }
  if (fault?.kind === 'error-after') return answer(response, refusedBy(fault))
  answer(response, effect.ok ? { ok: true, result: disturbed(effect.result, fault) } : effect)
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

type Tried<T> =
  | { readonly ok: true; readonly result: T }
  | { readonly ok: false; readonly refusal: Refusal }

async function attempt<T>(sim: Sim, run: () => Promise<T> | T): Promise<Tried<T>> {
  try {
    return { ok: true, result: await run() }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, refusal: error }
    sim.log.failure('call.failed', describe(error))
    return { ok: false, refusal: new Refusal(500, 'Internal Server Error') }
  }
}

function botOf(sim: Sim, token: string | undefined): Bot {
  if (token === undefined) throw new Refusal(404, 'Not Found')
  if (!/^\d{1,15}:[\w-]{8,}$/.test(token)) {
    throw new Refusal(401, 'Unauthorized: invalid token specified')
  }
  const bot = sim.world.bots.values().find((it) => it.token === token)
  if (bot === undefined) throw new Refusal(401, 'Unauthorized')
  return bot
}

/** Carries out a fault that comes before the effect; true when the call is over. */
async function spoilBefore(sim: Sim, fault: Fault, { response }: Exchange): Promise<boolean> {
  if (fault.delayMs > 0) await sim.clock.sleep(fault.delayMs)
  switch (fault.kind) {
    case 'error':
      answer(response, refusedBy(fault))
      return true
    case 'html':
      response.writeHead(fault.errorCode, { 'content-type': 'text/html' })
      response.end('<html><body><h1>Bad Gateway</h1></body></html>')
      return true
    case 'close-before':
      response.destroy()
      return true
    case 'slow':
    case 'error-after':
    case 'close-after':
    case 'truncate-file':
    case 'duplicate-update':
    case 'reorder-updates':
      return false
  }
}

function refusedBy(fault: Fault): Outcome {
  const text = fault.description ?? defaultText(fault)
  const parameters = fault.retryAfter === undefined ? {} : { retry_after: fault.retryAfter }
  return { ok: false, refusal: new Refusal(fault.errorCode, text, parameters) }
}

function defaultText({ errorCode, retryAfter }: Fault): string {
  if (errorCode === 429) return `Too Many Requests: retry after ${retryAfter ?? 1}`
  if (errorCode === 403) return 'Forbidden: bot was blocked by the user'
  if (errorCode === 400) return 'Bad Request: fault on order'
  return 'Internal Server Error'
}

/** Faults of `getUpdates`: one update twice, or all in the wrong order. */
function disturbed(result: unknown, fault: Fault | undefined): unknown {
  if (!isUpdates(result)) return result
  if (fault?.kind === 'duplicate-update') return [...result, ...result.slice(0, 1)]
  if (fault?.kind === 'reorder-updates') return result.toReversed()
  return result
}

const isUpdates = (result: unknown): result is Update[] =>
  Array.isArray(result) &&
  result.every((it: unknown) => typeof it === 'object' && it !== null && 'update_id' in it)

interface Logged {
  readonly name: string
  readonly bot: Bot
  readonly body: Body
  readonly params: Params
  readonly effect: Outcome
}

function log(sim: Sim, { name, bot, body, params, effect }: Logged): void {
  sim.calls.add({
    at: sim.now(),
    bot: bot.user.id,
    method: name,
    params: decoded(body.values),
    files: [...body.files.values()].map((it) => ({
      field: it.field,
      file_name: it.fileName,
      size: it.bytes.length,
    })),
    ok: effect.ok,
    ...(effect.ok
      ? name.toLowerCase() !== 'getupdates' && { result: structuredClone(effect.result) }
      : { error_code: effect.refusal.code, description: effect.refusal.description }),
    unknown: effect.ok ? params.unknown() : [],
  })
}

/** Parameters that came as JSON in a string, as objects: easier to read for people and tests. */
function decoded(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain = new Params(values)
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const looksNested = typeof value === 'string' && /^[[{]/.test(value)
      return [name, looksNested ? tryJson(plain, name) : value]
    }),
  )
}

function tryJson(params: Params, name: string): unknown {
  try {
    return params.json(name)
  } catch {
    return params.raw(name)
  }
}

function answer(response: ServerResponse, outcome: Outcome): void {
  if (response.destroyed || response.writableEnded) return
  if (outcome.ok) {
    sendJson(response, 200, { ok: true, result: outcome.result })
    return
  }
  const { code, description, parameters } = outcome.refusal
  if (parameters.retry_after !== undefined) {
    response.setHeader('retry-after', String(parameters.retry_after))
  }
  const some = Object.keys(parameters).length > 0
  sendJson(response, code, {
    ok: false,
    error_code: code,
    description,
    ...(some && { parameters }),
  })
}

/** Writes `value` as the JSON body of an answer. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(value))
}
