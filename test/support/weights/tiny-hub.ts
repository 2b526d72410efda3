/** @module A model hub on loopback that can break, lie, stall and be counted. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface HubFile {
  readonly bytes: Uint8Array
  readonly etag?: string
  /** Sends so many bytes and waits for `cut` to break the connection; 0 breaks at once. Once for each number. */
  readonly breaks?: number[]
  /** Sends so many bytes and then nothing, without closing. */
  readonly stallsAfter?: number
  /** Answers every request with the whole file. */
  readonly ignoresRanges?: boolean
  readonly status?: number
  /** Sends another range than the one it was asked for, and says so. */
  readonly shiftsRangesBy?: number
}

export interface TinyHub {
  readonly base: string
  /** `GET` requests in order: path, and the headers that matter. */
  readonly requests: { path: string; range: string | undefined; ifRange: string | undefined }[]
  readonly knocks: () => number
  /** Resolves when a stalled answer has sent its bytes. */
  readonly stalled: Promise<void>
  /** Breaks the connection that waits, when its bytes have been seen to arrive. */
  cut(): void
  close(): Promise<void>
}

/** Serves `files` under `/<repo>/resolve/main/<file>`; names are `<repo>/<file>`. */
export async function startTinyHub(
  files: Readonly<Record<string, HubFile>>,
  port = 0,
  manner: 'answers' | 'silent' = 'answers',
): Promise<TinyHub> {
  const requests: TinyHub['requests'] = []
  const stall = Promise.withResolvers<void>()
  let knocks = 0
  let waiting: ServerResponse | undefined
  const server = createServer((request, response) => {
    if (request.method === 'HEAD') {
      knocks++
      if (manner === 'silent') return
      response.end()
      return
    }
    const path = (request.url ?? '').replace('/resolve/main', '').slice(1)
    const { range, 'if-range': ifRange } = request.headers
    requests.push({ path, range, ifRange: typeof ifRange === 'string' ? ifRange : undefined })
    const file = files[path]
    if (!file || file.status !== undefined) {
      response.writeHead(file?.status ?? 404).end()
      return
    }
    answer(request, response, {
      ...file,
      onStall: () => stall.resolve(),
      onWait: () => (waiting = response),
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : 0
  return {
    base: `http://127.0.0.1:${String(bound)}`,
    requests,
    knocks: () => knocks,
    stalled: stall.promise,
    cut: () => waiting?.destroy(),
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  file: HubFile & { onStall: () => void; onWait: () => void },
): void {
  const { bytes, etag } = file
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const isSame = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
  const start = asked && isSame && !file.ignoresRanges ? Number(asked[1]) : 0
  if (start >= bytes.length) {
    response.writeHead(416).end()
    return
  }
  const body = bytes.subarray(start)
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': body.length,
    ...(etag !== undefined && { etag }),
    ...(start > 0 && {
      'content-range': `bytes ${String(start + (file.shiftsRangesBy ?? 0))}-${String(bytes.length - 1)}/${String(bytes.length)}`,
    }),
  })
  const breakAt = file.breaks?.shift()
  if (breakAt !== undefined) {
    if (breakAt === 0) {
      response.destroy()
      return
    }
    file.onWait()
    response.write(body.subarray(0, breakAt))
    return
  }
  if (file.stallsAfter !== undefined && start === 0) {
    response.write(body.subarray(0, file.stallsAfter), file.onStall)
    return
  }
  response.end(body)
}
