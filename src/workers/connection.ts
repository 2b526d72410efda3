/** @module One WebSocket to a gateway: strict frames in, frames and chunks out, handled one after the other. */
import { WebSocket } from 'ws'
import { BYE, type FromGateway, type FromWorker, fromGatewaySchema } from '../core/frames.ts'

export interface Connection {
  send(frame: FromWorker): void
  /** A chunk frame as `frameChunk` lays it out. */
  sendChunk(message: Uint8Array): void
  /** Bytes handed over and not yet sent. */
  readonly unsentBytes: number
  readonly isOpen: boolean
  /** Says `bye` with a close code and closes. */
  close(code: number): void
  /** Ends the socket at once: there is nobody to say goodbye to. */
  cut(): void
  /** Resolves with the close code once the socket is gone, however that happened. */
  readonly closed: Promise<number>
}

/** Largest frame of a gateway: an envelope with a record of 1 MiB in base64url, and room. */
const MAX_FRAME_BYTES = 4 * 2 ** 20
const HANDSHAKE_MS = 10_000

/**
 * Opens a socket; rejects when the gateway cannot be reached. `onFrame` gets each frame after the one before has been
 * handled; a frame that is malformed, or whose handling throws, closes the connection (`onError` is told why).
 */
export async function openConnection(input: {
  url: string
  onFrame: (frame: FromGateway, connection: Connection) => Promise<void> | void
  onError: (error: unknown) => void
}): Promise<Connection> {
  const socket = new WebSocket(input.url, {
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: HANDSHAKE_MS,
  })
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (code) => resolve(code))
  })
  let hasGivenUp = false
  const connection: Connection = {
    send: (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
    },
    sendChunk: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message)
    },
    get unsentBytes() {
      return socket.bufferedAmount
    },
    get isOpen() {
      return socket.readyState === WebSocket.OPEN
    },
    close: (code) => {
      hasGivenUp = true
      connection.send({ type: 'bye', code })
      socket.close(code)
    },
    cut: () => {
      hasGivenUp = true
      socket.terminate()
    },
    closed,
  }
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  let handled: Promise<void> = Promise.resolve()
  socket.on('message', (data, isBinary) => {
    handled = handled
      .then(() => handle(isBinary ? undefined : textOf(data)))
      .catch((error: unknown) => {
        input.onError(error)
        socket.close(BYE.frame)
      })
  })
  const handle = async (text: string | undefined): Promise<void> => {
    const isOpen = socket.readyState === WebSocket.OPEN
    if (!isOpen && hasGivenUp) return
    const frame = fromGatewaySchema.parse(JSON.parse(text ?? ''))
    // What came before the other side closed is not acted upon either, except for its reason.
    if (isOpen || (frame.type === 'verdict' && !frame.ok)) await input.onFrame(frame, connection)
  }
  // An 'error' after the handshake is followed by 'close'; without a listener it would end the process.
  socket.on('error', () => undefined)
  await opened
  return connection
}

const textOf = (data: Buffer | ArrayBuffer | Buffer[]): string =>
  Array.isArray(data)
    ? Buffer.concat(data).toString('utf8')
    : Buffer.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data).toString('utf8')
