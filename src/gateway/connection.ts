/** @module One worker's WebSocket: parses, limits, hands frames on in order, and says when it is gone (ENG B4). */
import type { RawData, WebSocket } from 'ws'
import type { Clock } from '../core/clock.ts'
import { BYE, type FromGateway, type FromWorker, fromWorkerSchema } from '../core/frames.ts'
import type { JobId } from '../core/ids.ts'
import { parseChunkFrame } from '../tee/sealing/result-chunk.ts'
import { createSocketLimits, maxUnadmittedBytes } from './socket-limits.ts'

export interface ChunkMessage {
  readonly job: JobId
  readonly attempt: number
  readonly chunk: Uint8Array
}

export interface SocketHandlers {
  readonly isAdmitted: () => boolean
  /** Leases the worker holds now. */
  readonly leases: () => number
  readonly onFrame: (frame: FromWorker) => void
  readonly onChunk: (message: ChunkMessage) => void
  readonly onClosed: () => void
}

export interface WorkerSocket {
  send(frame: FromGateway): void
  unsentBytes(): number
  /** `bye` with the code, then close; cut after 2 s. Idempotent. */
  close(code: number): void
  /** Closes at once, for a peer that does not answer. */
  cut(): void
  /** When the last message came, by the gateway's clock. */
  heardAt(): number
}

const closeMs = 2000

/** Listens until the socket closes; `onClosed` is called once. */
export function listenTo(socket: WebSocket, clock: Clock, handlers: SocketHandlers): WorkerSocket {
  const limits = createSocketLimits(clock)
  let heardAt = clock.now()
  let closing = false

  const send = (frame: FromGateway): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame))
  }
  const close = (code: number): void => {
    if (closing) return
    send({ type: 'bye', code })
    closing = true
    socket.close(code)
    clock.after(closeMs, () => socket.terminate())
  }
  const hear = (data: RawData, isBinary: boolean): void => {
    if (closing) return
    heardAt = clock.now()
    const bytes = bytesOf(data)
    const isAdmitted = handlers.isAdmitted()
    if (!limits.allows(bytes.length, handlers.leases())) close(BYE.flood)
    else if (!isAdmitted && (isBinary || bytes.length > maxUnadmittedBytes)) close(BYE.frame)
    else if (isBinary) hearChunk(bytes)
    else hearText(bytes)
  }
  const hearChunk = (bytes: Buffer): void => {
    const message = parseChunkFrame(bytes)
    if (message) handlers.onChunk(message)
    else close(BYE.frame)
  }
  const hearText = (bytes: Buffer): void => {
    const parsed = fromWorkerSchema.safeParse(parseJson(bytes))
    if (parsed.success) handlers.onFrame(parsed.data)
    else close(BYE.frame)
  }

  socket.on('message', hear)
  socket.on('close', handlers.onClosed)
  // Malformed WebSocket frames and oversized messages: `ws` closes by itself afterwards.
  socket.on('error', () => undefined)
  return {
    send,
    close,
    unsentBytes: () => socket.bufferedAmount,
    cut: () => {
      closing = true
      socket.terminate()
    },
    heardAt: () => heardAt,
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
