/** @module The gateway's plain HTTP: routes in order, the first that knows the path answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe } from '../core/describe.ts'
import type { Log } from '../core/log.ts'

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Decoded no further than Node does; without the query. */
  readonly path: string
  readonly query: URLSearchParams
}

/** True when it answered or will; false leaves the exchange to the next route. */
export type Route = (exchange: Exchange) => Promise<boolean>

/** Answers 404 for what no route knows, and breaks off where one throws. Paths and queries are never logged: they can hold secrets of people. */
export function createHttp(
  routes: readonly Route[],
  log: Log,
): (request: IncomingMessage, response: ServerResponse) => void {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '', ...query] = (request.url ?? '').split('?')
    const exchange = { request, response, path, query: new URLSearchParams(query.join('?')) }
    for (const route of routes) if (await route(exchange)) return
    response.writeHead(404, { 'cache-control': 'no-store' }).end()
  }
  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.failure('http.unserved', describe(error))
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end()
    })
  }
}

/** JSON that nobody may cache, unless `cache` says how long (seconds) it stays true. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: {
    readonly text: string
    readonly cacheS?: number
    readonly headers?: Record<string, string>
  },
): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control':
      body.cacheS === undefined ? 'no-store' : `public, max-age=${String(body.cacheS)}, immutable`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...body.headers,
  })
  response.end(body.text)
}

/** The error form of every endpoint; `code` is a row of the error table. Never repeats what was sent. */
export const errorBody = (code: string, message: string): string =>
  JSON.stringify({ error: { message, type: typeOf(code), code, param: null } })

const typeOf = (code: string): string =>
  code === 'key.missing'
    ? 'unauthorized'
    : code.endsWith('.unknown')
      ? 'not_found'
      : 'invalid_request_error'
