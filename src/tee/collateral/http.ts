/** @module Asking a vendor's collateral service: small answers, short waits, no redirects, three tries (CONF §14). */
import { type Clock, deadline } from '../../core/clock.ts'
import { concat } from '../crypto/binary.ts'
import { TeeError } from '../verify/codes.ts'

/** `fetch`, injected: nothing here reaches a network by itself. */
export type FetchPort = (
  url: string,
  init: { readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<Response>

export interface VendorAnswer {
  readonly body: Uint8Array
  /** Undefined for a header that is not there. */
  header(name: string): string | undefined
}

/** Throws `COL_FETCH` after three failed tries, or at once for an answer that another try would not change. */
export type VendorGet = (url: string, signal?: AbortSignal) => Promise<VendorAnswer>

const MAX_BODY_BYTES = 2 ** 20
const TIMEOUT_MS = 10_000
const PAUSES_MS = [500, 2000] as const

export function createVendorGet({ fetch, clock }: { fetch: FetchPort; clock: Clock }): VendorGet {
  const once = async (url: string, parent: AbortSignal | undefined): Promise<VendorAnswer> => {
    const { signal, dispose } = deadline(clock, TIMEOUT_MS, parent)
    try {
      const response = await aborted(fetch(url, { redirect: 'manual', signal }), signal)
      if (response.status !== 200) {
        await response.body?.cancel()
        throw new Refusal(response.status)
      }
      const body = await aborted(readLimited(response), signal)
      return { body, header: (name) => response.headers.get(name) ?? undefined }
    } finally {
      dispose()
    }
  }
  return async (url, signal) => {
    for (const pause of [...PAUSES_MS, undefined]) {
      try {
        return await once(url, signal)
      } catch (error) {
        const isFinal = error instanceof TeeError || (error instanceof Refusal && error.isFinal)
        if (isFinal || pause === undefined || signal?.aborted) break
        await clock.sleep(pause, signal).catch(() => undefined)
      }
    }
    throw new TeeError('COL_FETCH')
  }
}

/** An answer other than 200; redirects are among them. */
class Refusal extends Error {
  readonly isFinal: boolean

  constructor(status: number) {
    super('refused')
    this.isFinal = status < 500 && status !== 408 && status !== 429
  }
}

/** A fetch that does not listen to its signal is left behind. */
function aborted<T>(step: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
    step.then(resolve, reject)
  })
}

async function readLimited(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? []
  for await (const part of body) {
    size += part.length
    if (size > MAX_BODY_BYTES) throw new TeeError('COL_FETCH', 'size')
    parts.push(part)
  }
  return concat(...parts)
}
