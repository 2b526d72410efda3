/** @module Fetches what a link leads to, past the guard, within limits of time, size and type. Nothing of the link is logged. */
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Agent, buildConnector, request } from 'undici'
import { AppError } from '../../core/app-error.ts'
import { type Clock, deadline } from '../../core/clock.ts'
import { allowedAnswers, checkLink, type GuardRules, hasScheme, type Resolve } from './guard.ts'

/** What came back: decoded bytes of an allowed type. */
export interface Fetched {
  readonly bytes: Uint8Array
  readonly type: PageType
  /** Of the Content-Type header, in lower case. */
  readonly charset?: string
}

type PageType = 'text/html' | 'application/xhtml+xml' | 'text/plain' | 'application/pdf'

export interface FetchDeps {
  readonly rules: GuardRules
  readonly clock: Clock
  readonly resolve: Resolve
}

const MAX_REDIRECTS = 5
const CONNECT_MS = 5000
const TOTAL_MS = 10_000
const MIB = 1024 * 1024
/** Decoded bytes. A page beyond 5 MiB is no article; a PDF has the limit of documents. */
const MAX_BYTES: Readonly<Record<PageType, number>> = {
  'text/html': 5 * MIB,
  'application/xhtml+xml': 5 * MIB,
  'text/plain': 5 * MIB,
  'application/pdf': 20 * MIB,
}
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const HEADERS = {
  'user-agent': 'Mozilla/5.0 (compatible; Chrysalis/1.0; reads one page for one person)',
  accept: 'text/html,application/xhtml+xml,application/pdf;q=0.9,text/plain;q=0.8',
  'accept-encoding': 'gzip, deflate, br',
}

/** The system's resolver, all addresses. */
export const systemResolve: Resolve = (host, done) => lookup(host, { all: true }, done)

/**
 * Follows `link` by hand through at most 5 redirects, each checked wholly; 5 s to connect, 10 s in all.
 * Throws `page.refused` (the guard), `page.failed` (network, time, status), `input.too-large`, `input.unsupported` (type).
 * Sends no cookies, no referrer and nothing about the user.
 */
export async function fetchPage(
  deps: FetchDeps,
  link: string,
  parent?: AbortSignal,
): Promise<Fetched> {
  const limit = deadline(deps.clock, TOTAL_MS, parent)
  const agent = new Agent({
    connect: guardedConnect(deps),
    maxHeaderSize: 32 * 1024,
    pipelining: 0,
  })
  const follow = (url: URL): Promise<Fetched> =>
    followLink({ rules: deps.rules, agent, signal: limit.signal }, url)
  try {
    const url = checkLink(link, deps.rules)
    if (hasScheme(link)) return await follow(url)
    // A link written without a scheme: encrypted if the site can, plain as Telegram's own clients do if it cannot.
    return await follow(url).catch((error: unknown) => {
      if (error instanceof AppError || limit.signal.aborted) throw error
      return follow(checkLink(`http://${link}`, deps.rules))
    })
  } catch (error) {
    if (error instanceof AppError) throw error
    parent?.throwIfAborted()
    // No cause: messages of the network's errors name the host.
    throw new AppError('page.failed', { timeout: limit.signal.aborted })
  } finally {
    limit.dispose()
    void agent.destroy().catch(ignore)
  }
}

interface Way {
  readonly rules: GuardRules
  readonly agent: Agent
  readonly signal: AbortSignal
}

async function followLink({ rules, agent, signal }: Way, start: URL): Promise<Fetched> {
  let url = start
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const answer = await request(url, { dispatcher: agent, signal, headers: HEADERS })
    if (!REDIRECTS.has(answer.statusCode)) return await take(answer, signal)
    answer.body.on('error', ignore).destroy()
    const target = first(answer.headers['location'])
    if (target === undefined) throw new AppError('page.failed', { status: answer.statusCode })
    url = checkLink(absolute(target, url), rules)
  }
  throw new AppError('page.failed', { redirects: MAX_REDIRECTS })
}

/** A connector whose lookup hands on checked addresses only, for the port that is really connected to. */
function guardedConnect({ rules, resolve }: FetchDeps): buildConnector.connector {
  return (options, callback) => {
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80)
    const checkedLookup: LookupFunction = (host, wanted, done) => {
      resolve(host, (error, answers) => {
        if (error) return done(error, [])
        const allowed = allowedAnswers(answers, port, rules)
        const [best] = allowed
        if (best === undefined) return done(new AppError('page.refused', { why: 'address' }), [])
        return wanted.all === true ? done(null, allowed) : done(null, best.address, best.family)
      })
    }
    buildConnector({ lookup: checkedLookup, timeout: CONNECT_MS })(options, callback)
  }
}

type Answer = Awaited<ReturnType<typeof request>>

async function take(answer: Answer, signal: AbortSignal): Promise<Fetched> {
  const { statusCode, headers, body } = answer
  // Also when we leave early: an unread body's late error must not become an uncaught one.
  body.on('error', ignore)
  try {
    if (statusCode < 200 || statusCode > 299)
      throw new AppError('page.failed', { status: statusCode })
    const [type = '', ...parameters] = (first(headers['content-type']) ?? '')
      .toLowerCase()
      .split(';')
    const known = typeOf(type.trim())
    if (known === undefined) throw new AppError('input.unsupported')
    const maxBytes = MAX_BYTES[known]
    if (Number(first(headers['content-length'])) > maxBytes)
      throw new AppError('input.too-large', { maxBytes })
    const decoded = decode(body, first(headers['content-encoding']))
    const bytes = await collect(decoded, { maxBytes, signal })
    const charset = parameters
      .map((parameter) => /^\s*charset\s*=\s*"?([\w:.-]{1,40})"?\s*$/.exec(parameter)?.[1])
      .find((name) => name !== undefined)
    return { bytes, type: known, ...(charset !== undefined && { charset }) }
  } finally {
    body.destroy()
  }
}

function typeOf(type: string): PageType | undefined {
  // Servers that say nothing mostly mean a page; what it is shows when it is parsed.
  if (type === '') return 'text/html'
  if (type === 'text/markdown' || type === 'text/x-markdown') return 'text/plain'
  if (type === 'application/x-pdf') return 'application/pdf'
  return isPageType(type) ? type : undefined
}

const isPageType = (type: string): type is PageType => Object.hasOwn(MAX_BYTES, type)

/** Undoes the content encoding; several in a row are refused, since no honest server sends them. */
function decode(body: Readable, encoding = 'identity'): Readable {
  const coder = coderOf(encoding.trim().toLowerCase())
  if (coder === undefined) return body
  body.on('error', (error) => coder.destroy(error))
  return body.pipe(coder)
}

function coderOf(encoding: string) {
  if (encoding === 'identity' || encoding === '') return undefined
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip()
  if (encoding === 'deflate') return createInflate()
  if (encoding === 'br') return createBrotliDecompress()
  throw new AppError('page.failed', { encoded: true })
}

/** Counts decoded bytes: a small gzip body may become gigabytes. */
async function collect(
  stream: Readable,
  { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new AppError('page.failed')
    size += chunk.length
    if (size > maxBytes) {
      stream.destroy()
      throw new AppError('input.too-large', { maxBytes })
    }
    chunks.push(chunk)
    signal.throwIfAborted()
  }
  return Buffer.concat(chunks)
}

function absolute(target: string, base: URL): string {
  const url = URL.parse(target, base.href)
  if (url === null) throw new AppError('page.refused', { why: 'syntax' })
  return url.href
}

const first = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header

const ignore = (): void => {}
