/** A gateway in the test's hands: real admission and real sealing, but every frame is sent and awaited by the test. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import type { Net } from '../../src/core/config.ts'
import type { FrameOf, FromGateway, FromWorker } from '../../src/core/frames.ts'
import { fromWorkerSchema } from '../../src/core/frames.ts'
import type { JobId, LeaseId } from '../../src/core/ids.ts'
import { Plaintext } from '../../src/core/plaintext.ts'
import type { Admission, AdmittedSession } from '../../src/tee/admission/admission.ts'
import { createJoinTokens, ownToken } from '../../src/tee/admission/join.ts'
import { toBase64url } from '../../src/tee/crypto/binary.ts'
import { identityOf } from '../../src/tee/keys/identity.ts'
import { wrapCek } from '../../src/tee/keys/session-keys.ts'
import {
  type AttachedBlob,
  type EnvelopeFields,
  newCek,
  type SealedEnvelope,
  sealEnvelope,
} from '../../src/tee/sealing/envelope.ts'
import { parseChunkFrame } from '../../src/tee/sealing/result-chunk.ts'
import { createResultReader, type OpenedResult } from '../../src/tee/sealing/result-stream.ts'
import { testAdmission } from './attested.ts'
import { ECHO_TEXT } from './echo-lending.ts'
import { someFields, someLease } from './tee.ts'

export const JOIN = 'a-join-token-for-tests'
type Received = FromWorker | { readonly type: 'chunk'; readonly message: Uint8Array }

/** One worker's socket, as the gateway sees it. */
export interface Peer {
  send(frame: FromGateway): void
  /** The next frame of a type that was not taken before; pings are only seen when asked for. */
  next<T extends Received['type']>(type: T): Promise<Extract<Received, { type: T }>>
  /** All chunks received so far, in order, and forgets them. */
  takeChunks(): Uint8Array[]
  admit(): Promise<AdmittedSession>
  /** Breaks the connection without a goodbye. */
  cut(): void
  readonly closed: Promise<number>
}

export interface LeasedJob extends SealedEnvelope {
  readonly job: JobId
  readonly attempt: number
  readonly lease: LeaseId
  readonly resultSecret: Uint8Array
  readonly frame: FrameOf<'lease'>
}

export async function scriptedGateway(input: { net?: Net } = {}) {
  const net = input.net ?? 'devnet'
  const identity = identityOf(randomBytes(32))
  const joins = createJoinTokens([ownToken(JOIN)], systemClock)
  const admission = testAdmission({ identity, net, joins })
  const http = createServer()
  const server = new WebSocketServer({ server: http, path: '/v1/connect' })
  const waitingPeers: ((peer: Peer) => void)[] = []
  const freshPeers: Peer[] = []
  server.on('connection', (socket) => {
    const peer = createPeer(socket, admission)
    const waiter = waitingPeers.shift()
    if (waiter) waiter(peer)
    else freshPeers.push(peer)
  })
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    identity,
    http,
    url: `ws://127.0.0.1:${port}/v1/connect`,
    /** The next worker that connects. */
    peer: (): Promise<Peer> => {
      const fresh = freshPeers.shift()
      return fresh
        ? Promise.resolve(fresh)
        : new Promise((resolve) => void waitingPeers.push(resolve))
    },
    /** Seals a job for the worker of `session` and signs its lease. */
    lease: async (
      session: AdmittedSession,
      job: {
        content?: string
        cek?: Uint8Array
        attached?: AttachedBlob
        fields?: Partial<EnvelopeFields>
        frame?: Partial<FrameOf<'lease'>>
        attempt?: number
      } = {},
    ): Promise<LeasedJob> => {
      const nowSeconds = Math.floor(systemClock.now() / 1000)
      const fields = someFields({
        net,
        model: ECHO_TEXT,
        kb: identity.kid,
        iat: nowSeconds,
        exp: nowSeconds + 600,
        ...job.fields,
      })
      const cek = job.cek ?? newCek()
      const content = job.content ?? '{"v":1,"text":"bonjour","from":"fr","to":"en"}'
      const sealed = sealEnvelope(fields, {
        cek,
        content: Plaintext.of(content),
        ...(job.attached && { attached: job.attached }),
      })
      const attempt = job.attempt ?? 1
      const place = { job: fields.job, attempt, lease: someLease() }
      const { wrap, resultSecret } = await wrapCek(session.keys, place, {
        cek,
        envHash: sealed.envHash,
      })
      const frame = identity.signLease({
        type: 'lease',
        ...place,
        envelope: sealed.envelope,
        wrap: toBase64url(wrap),
        exp: fields.exp,
        ttlMs: 60_000,
        outBytes: 1_048_576,
        ...job.frame,
      })
      return { ...sealed, ...place, resultSecret, frame }
    },
    /** Challenges an admitted worker again on its socket. */
    readmit: async (peer: Peer): Promise<AdmittedSession> => {
      const challenge = admission.challenge()
      peer.send(challenge)
      const evidence = await peer.next('evidence')
      const hello = {
        type: 'hello',
        v: 1,
        net,
        tee: ['sim' as const],
        gpu: 0,
        build: '',
        join: JOIN,
      } as const
      const result = await admission.check({
        hello: { ...hello, tee: [...hello.tee] },
        challenge,
        evidence,
      })
      peer.send(result.verdict)
      if (!result.ok) throw new Error(result.code)
      return result
    },
    close: async (): Promise<void> => {
      for (const socket of server.clients) socket.terminate()
      server.close()
      http.closeAllConnections()
      await new Promise((resolve) => void http.close(resolve))
    },
  }
}

export type ScriptedGateway = Awaited<ReturnType<typeof scriptedGateway>>

function createPeer(socket: WebSocket, admission: Admission): Peer {
  const received: Received[] = []
  const waiting: { type: string; take: (frame: never) => void }[] = []
  const chunks: Uint8Array[] = []
  socket.on('message', (data, isBinary) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(data as Buffer[])
    const frame: Received = isBinary
      ? { type: 'chunk', message: bytes }
      : fromWorkerSchema.parse(JSON.parse(bytes.toString('utf8')))
    if (frame.type === 'chunk') chunks.push(frame.message)
    if (frame.type === 'ping') socket.send(JSON.stringify({ type: 'pong', n: frame.n }))
    const at = waiting.findIndex(({ type }) => type === frame.type)
    if (at >= 0) waiting.splice(at, 1)[0]?.take(frame as never)
    else received.push(frame)
  })
  const closed = new Promise<number>((resolve) => void socket.once('close', resolve))
  const peer: Peer = {
    closed,
    send: (frame) => socket.send(JSON.stringify(frame)),
    next: (type) =>
      new Promise((resolve, reject) => {
        const at = received.findIndex((frame) => frame.type === type)
        if (at >= 0) {
          resolve(received.splice(at, 1)[0] as never)
          return
        }
        waiting.push({ type, take: resolve })
        void closed.then((code) => reject(new Error(`closed (${code}) before ${type}`)))
      }),
    takeChunks: () => chunks.splice(0),
    cut: () => socket.terminate(),
    admit: async () => {
      const hello = await peer.next('hello')
      const challenge = admission.challenge()
      peer.send(challenge)
      const evidence = await peer.next('evidence')
      const result = await admission.check({ hello, challenge, evidence })
      peer.send(result.verdict)
      if (!result.ok) throw new Error(result.code)
      return result
    },
  }
  return peer
}

/** Reads a job's chunks as the gateway does and gives its answer. */
export function readResult(
  leased: LeasedJob,
  session: AdmittedSession,
  { header, messages }: { header: string; messages: readonly Uint8Array[] },
): { result: OpenedResult; draft: string } {
  const { job, attempt, resultSecret } = leased
  const context = { net: session.claims.net, job, attempt, kid: session.kid }
  const reader = createResultReader({ resultSecret, context, header, maxBytes: 1_048_576 })
  let draft = ''
  let result: OpenedResult | undefined
  for (const message of messages) {
    const chunk = parseChunkFrame(message)
    if (chunk?.job !== job || chunk.attempt !== attempt) throw new Error('chunk of another job')
    const part = reader.push(chunk.chunk)
    if (part.kind === 'delta')
      draft = draft.slice(0, part.delta.keep) + Buffer.from(part.delta.add.reveal()).toString()
    if (part.kind === 'final') result = part.result
  }
  reader.end()
  if (!result) throw new Error('no result')
  return { result, draft }
}
