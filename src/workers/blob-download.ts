/** @module A job's sealed sound, fetched from the gateway while it is opened; a broken transfer goes on where it stopped. */
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { BlobId } from '../core/ids.ts'

/** Fetches `size` sealed bytes. */
export type BlobDownload = (want: {
  readonly id: BlobId
  readonly size: number
  /** Opens this blob for this attempt only; base64url. */
  readonly token: string
  readonly signal: AbortSignal
}) => AsyncGenerator<Uint8Array, void, void>

const TRIES = 5
const FIRST_PAUSE_MS = 200

/**
 * `gatewayUrl` names the WebSocket address in use; the blobs are on the same host and port.
 * Throws `stores.lost` when the gateway does not know the blob (any more), gives a wrong length, or fails five times
 * without a byte in between; `job.cancelled` when the signal aborts.
 */
export const createBlobDownload = (deps: {
  clock: Clock
  gatewayUrl: () => string
}): BlobDownload =>
  async function* download({ id, size, token, signal }) {
    let at = 0
    for (let tries = 0; at < size; tries++) {
      if (tries >= TRIES) throw new AppError('stores.lost', { at })
      if (tries > 0) await deps.clock.sleep(FIRST_PAUSE_MS * 2 ** tries, signal)
      const body = await request({ url: blobUrl(deps.gatewayUrl(), id), token, at, signal })
      if (!body) continue
      try {
        for await (const bytes of body) {
          at += bytes.length
          if (at > size) throw new AppError('stores.lost', { at })
          tries = 0
          yield bytes
        }
      } catch (error) {
        if (error instanceof AppError) throw error
        if (signal.aborted) throw new AppError('job.cancelled')
        // The transfer broke: ask for the rest.
      }
    }
  }

/** The body from byte `at`, or undefined when the gateway could not be reached or is busy. */
async function request(want: {
  url: string
  token: string
  at: number
  signal: AbortSignal
}): Promise<AsyncIterable<Uint8Array> | undefined> {
  const headers: Record<string, string> = { authorization: `Bearer ${want.token}` }
  if (want.at > 0) headers['range'] = `bytes=${want.at}-`
  let response: Response
  try {
    response = await fetch(want.url, { headers, signal: want.signal, redirect: 'error' })
  } catch {
    if (want.signal.aborted) throw new AppError('job.cancelled')
    return undefined
  }
  const expected = want.at > 0 ? 206 : 200
  if (response.status === expected && response.body) return response.body
  await response.body?.cancel()
  if (response.status >= 500 || response.status === 429) return undefined
  throw new AppError('stores.lost', { status: response.status })
}

/** `ws://host/v1/connect` → `http://host/blobs/<id>`. */
function blobUrl(gatewayUrl: string, id: BlobId): string {
  const url = new URL(`/blobs/${id}`, gatewayUrl)
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:'
  return url.href
}
