/** @module `POST /jsonRPC` as toncenter answers it, faults included. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { LocalChain } from './chain.ts'
import { type Fault, type FaultBook, faultKinds } from './faults.ts'
import { accountOf, Refused, toncenterMethods } from './toncenter.ts'

const requestSchema = z.object({
  id: z.union([z.string(), z.number()]).default('1'),
  method: z.string(),
  params: z.unknown(),
})

/** Settle batches are at most 65 535 bytes; a query has some more around it. */
const maxRequestBytes = 1024 * 1024

export interface RpcParts {
  readonly chain: LocalChain
  readonly faults: FaultBook
  readonly clock: Clock
}

/** Answers one request. Throws only what is a defect of this server. */
export function createJsonRpc({ chain, faults, clock }: RpcParts) {
  const methods = toncenterMethods(chain, faults)
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = requestSchema.safeParse(parsed(await readBody(request, maxRequestBytes)))
    if (!asked.success) {
      sendJson(response, 422, { ok: false, error: 'not a JSON-RPC request', code: 422 })
      return
    }
    const { id, method, params } = asked.data
    const call = { method, account: accountOf(params) }
    const fault = faults.take(call, faultKinds.answer)
    if (fault?.kind === 'slow') await clock.sleep(fault.ms)
    else if (fault) {
      answerBadly(response, fault)
      return
    }
    const answer = methods.get(method)
    try {
      if (!answer) throw new Refused(404, 'Unknown method')
      const result = await answer(params)
      sendJson(response, 200, { ok: true, result, jsonrpc: '2.0', id })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const { status, message } = error
      sendJson(response, status, { ok: false, error: message, code: status, jsonrpc: '2.0', id })
    }
  }
}

function answerBadly(response: ServerResponse, { kind, status }: Fault): void {
  if (kind === 'malformed')
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok": true, "res')
  else if (kind === 'rate-limit')
    sendJson(response, 429, { ok: false, error: 'Ratelimit exceeded', code: 429 })
  else sendJson(response, status, { ok: false, error: 'Service Unavailable', code: status })
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(JSON.stringify(body))
}

/** The whole body as text; an empty one for more than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size <= maxBytes) chunks.push(bytes)
  }
  return size > maxBytes ? '' : Buffer.concat(chunks).toString('utf8')
}

export function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
