/** @module `GET /blobs/<id>`: a job's sealed sound for the worker that holds its lease, and for nobody else (ENG B8). */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { isBlobId } from '../core/ids.ts'
import type { Blobs } from '../queue/blobs.ts'
import { equalBytes } from '../tee/crypto/aead.ts'
import { utf8 } from '../tee/crypto/binary.ts'
import type { Lease } from './worker.ts'

/**
 * Answers 404 for everything but a running lease's token, as if the blob did not exist. `Range: bytes=n-` and `n-m` give
 * 206; a range outside gives 416.
 */
export async function serveBlob(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  deps: { blobs: Blobs; leases: Iterable<Lease> },
): Promise<void> {
  const id = /^\/blobs\/([0-9a-f]{32})$/.exec(request.url ?? '')?.[1] ?? ''
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const isKnown = isBlobId(id) && isLent(deps.leases, id, token)
  const size = isKnown ? await deps.blobs.size(id) : undefined
  if (!isKnown || size === undefined || request.method !== 'GET') {
    response.writeHead(404).end()
    return
  }
  const range = parseRange(request.headers.range, size)
  if (!range) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
    return
  }
  const { start, end } = range
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    ...(request.headers.range !== undefined && {
      'content-range': `bytes ${start}-${end}/${size}`,
    }),
  })
  await pipeline(deps.blobs.read(id, start, end), response)
}

/** Every token is compared in constant time. */
function isLent(leases: Iterable<Lease>, id: string, token: string): boolean {
  let found = false
  for (const { blob, state } of leases)
    if (blob?.id === id && state === 'running' && equalBytes(utf8(blob.token), utf8(token)))
      found = true
  return found
}

function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  if (header === undefined) return { start: 0, end: size - 1 }
  const [, first = '', last = ''] = /^bytes=(\d{1,12})-(\d{0,12})$/.exec(header) ?? []
  if (first === '') return undefined
  const start = Number(first)
  const end = Math.min(last === '' ? size - 1 : Number(last), size - 1)
  return start <= end ? { start, end } : undefined
}
