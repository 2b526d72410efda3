/** @module The way to NVIDIA's remote attestation service: one POST, and its published keys, both small and with a deadline. */
import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'
import { type Clock, deadline } from '../../core/clock.ts'
import type { VendorGet } from '../collateral/http.ts'
import type { NrasFetcher, NrasKeys } from './nras.ts'

const JWKS_URL = 'https://nras.attestation.nvidia.com/.well-known/jwks.json'
/** A withdrawn key is forgotten after an hour. */
const KEYS_FRESH_MS = 3_600_000
/** The service checks certificates at other services before it answers. */
const TIMEOUT_MS = 30_000
const MAX_ANSWER_BYTES = 1_048_576

/** `fetch`, injected. */
export type PostPort = (
  url: string,
  init: {
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly redirect: 'error'
    readonly signal: AbortSignal
  },
) => Promise<Response>

export const nrasFetcher =
  ({ fetch, clock }: { fetch: PostPort; clock: Clock }): NrasFetcher =>
  async ({ url, body }, parent) => {
    const { signal, dispose } = deadline(clock, TIMEOUT_MS, parent)
    try {
      const headers = { 'content-type': 'application/json', accept: 'application/json' }
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal })
      return { status: answer.status, text: await readText(answer) }
    } finally {
      dispose()
    }
  }

async function readText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = answer.body ?? []
  for await (const part of body) {
    bytes += part.length
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError('answer too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const keysShape = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(64) })

/** The service's keys as it publishes them, asked for at most once an hour. Throws when they cannot be had. */
export function nrasKeys({ get, clock }: { get: VendorGet; clock: Clock }): NrasKeys {
  let held: { readonly keys: JSONWebKeySet; readonly until: number } | undefined
  return async () => {
    if (held && clock.now() < held.until) return held.keys
    const { body } = await get(JWKS_URL)
    const keys = keysShape.parse(JSON.parse(Buffer.from(body).toString('utf8')))
    held = { keys, until: clock.now() + KEYS_FRESH_MS }
    return keys
  }
}
