/** @module Webhook: Telegram pushes updates to us. Answers 200 only when they are kept, so that what it may forget is safe. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Api } from 'grammy'
import type { Update } from 'grammy/types'
import { AppError } from '../../core/app-error.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import type { Intake } from './polling.ts'
import { allowedUpdates, type Updates } from './updates.ts'

export interface WebhookOptions {
  /** Where Telegram reaches this process or the balancer before it: `https://host[/prefix]`, without a slash at its end. */
  readonly url: string
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** 32 bytes, the same in every process of one bot: path and secret come from it, so all of them tell Telegram the same. */
  readonly key: Uint8Array
}

export interface WebhookDeps {
  readonly api: Api
  readonly botId: number
  readonly updates: Pick<Updates, 'keep'>
  readonly log: Log
}

const maxBodyBytes = 1024 * 1024
/** Telegram's default; it holds back the later updates of a chat, so these are 40 chats at once. */
const maxConnections = 40
/** Ours to give up on a body that does not end. */
const requestMs = 30_000

/**
 * Listens, then tells Telegram. Throws `config.port-in-use`, and what Telegram throws when it does not take the URL.
 * Does not end TLS: that is the balancer's work.
 */
export async function startWebhook(options: WebhookOptions, deps: WebhookDeps): Promise<Intake> {
  const path = `/telegram/${nameOf(options.key, deps.botId, 'path')}`
  const secret = nameOf(options.key, deps.botId, 'secret')
  const server = createServer({ requestTimeout: requestMs }, (request, response) => {
    void answer(request, response)
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let status = 500
    try {
      status = await statusOf(request)
    } catch (error) {
      deps.log.failure('webhook.failed', describe(error))
    }
    // An unread body ends with its connection.
    response.writeHead(status, request.complete ? {} : { connection: 'close' }).end()
  }

  async function statusOf(request: IncomingMessage): Promise<number> {
    if (request.url !== path) return 404
    if (request.method !== 'POST') return 405
    const given = request.headers['x-telegram-bot-api-secret-token']
    if (typeof given !== 'string' || !isSame(given, secret)) return 401
    const body = await readBody(request)
    if (body === undefined) return 413
    const update = parseUpdate(body)
    if (!update) return 400
    return (await deps.updates.keep([update])) ? 200 : 503
  }

  await listen(server, options)
  await deps.api.setWebhook(`${options.url}${path}`, {
    secret_token: secret,
    allowed_updates: allowedUpdates,
    max_connections: maxConnections,
  })
  return {
    stop: async () => {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      server.closeIdleConnections()
      await closed
    },
  }
}

/** 43 characters of base64url: unguessable, and allowed in a path and in a header. */
const nameOf = (key: Uint8Array, botId: number, what: 'path' | 'secret'): string =>
  createHmac('sha256', key).update(`chrysalis/webhook/1\0${what}\0${botId}`).digest('base64url')

/** In a time that tells nothing of either. */
const isSame = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())

/** Undefined for more than 1 MiB; then the rest is not read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return undefined
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue
    size += chunk.length
    if (size > maxBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseUpdate(body: string): Update | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isUpdate(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Only Telegram knows the secret; what it sends is as good as what it answers to a poll. */
const isUpdate = (value: unknown): value is Update =>
  typeof value === 'object' &&
  value !== null &&
  'update_id' in value &&
  Number.isSafeInteger(value.update_id)

function listen(server: Server, { host, port }: WebhookOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        'code' in cause && cause.code === 'EADDRINUSE'
          ? new AppError('config.port-in-use', { port }, { cause })
          : cause,
      ),
    )
    server.listen(port, host, resolve)
  })
}
