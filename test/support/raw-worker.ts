/** A worker's socket in the test's hands: real admission, but it says only what the test says, and no pings. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import type { Net } from '../../src/core/config.ts'
import {
  type FrameOf,
  type FromGateway,
  type FromWorker,
  fromGatewaySchema,
} from '../../src/core/frames.ts'
import type { JobId } from '../../src/core/ids.ts'
import { pinBroker } from '../../src/tee/keys/identity.ts'
import type { EvidenceSource } from '../../src/tee/sources/source.ts'
import {
  createEnrolment,
  type Enrolment,
  isRefused,
  type WorkerSession,
} from '../../src/workers/enrol.ts'
import { devSource } from './attested.ts'
import { ECHO_TEXT, ECHO_WEIGHTS, echoLending } from './echo-lending.ts'
import { until } from './until.ts'

export interface RawWorker {
  readonly session: WorkerSession
  send(frame: FromWorker): void
  /** Anything at all. */
  sendRaw(data: string | Uint8Array): void
  next<T extends FromGateway['type']>(type: T): Promise<FrameOf<T>>
  ready(change?: Partial<FrameOf<'ready'>>): void
  /** Names every lease it ever got in a ping each second, as a living worker does. */
  keepAlive(): void
  cut(): void
  readonly closed: Promise<number>
}

export const newEnrolment = (
  brokerKey: string,
  source: EvidenceSource = devSource(),
  change: { net?: Net; models?: ReturnType<typeof echoLending>['models'] } = {},
): Enrolment =>
  createEnrolment({
    net: change.net ?? 'devnet',
    source,
    broker: pinBroker(brokerKey),
    models: change.models ?? echoLending().models,
    clock: systemClock,
  })

/** Opens a socket and says nothing. */
export async function openSocket(url: string) {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  const frames: FromGateway[] = []
  const leases: { job: JobId; attempt: number }[] = []
  socket.on('message', (data: Buffer) => {
    const frame = fromGatewaySchema.parse(JSON.parse(data.toString('utf8')))
    frames.push(frame)
    if (frame.type === 'lease') leases.push({ job: frame.job, attempt: frame.attempt })
  })
  socket.on('error', () => undefined)
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (code) => resolve(code))
  })
  await once(socket, 'open')
  return {
    socket,
    leases,
    closed,
    send: (frame: FromWorker) => socket.send(JSON.stringify(frame)),
    sendRaw: (data: string | Uint8Array) => socket.send(data),
    next: <T extends FromGateway['type']>(type: T): Promise<FrameOf<T>> =>
      until(`frame ${type}`, () => {
        const at = frames.findIndex((frame) => frame.type === type)
        return at < 0 ? undefined : (frames.splice(at, 1)[0] as FrameOf<T>)
      }),
  }
}

export const hello = (joinToken: string): FrameOf<'hello'> => ({
  type: 'hello',
  v: 1,
  net: 'devnet',
  tee: ['sim'],
  gpu: 0,
  build: 'test',
  join: joinToken,
})

/** Opens, enrols, and waits to be told what to say. */
export async function connectRaw(
  url: string,
  { enrolment, join }: { enrolment: Enrolment; join: string },
): Promise<RawWorker> {
  const { socket, leases, closed, send, sendRaw, next } = await openSocket(url)
  send(hello(join))
  send(await enrolment.answer(await next('challenge')))
  const session = await enrolment.accept(await next('verdict'))
  if (isRefused(session)) throw new Error(session.reason ?? session.code)
  return {
    session,
    closed,
    send,
    sendRaw,
    next,
    ready: (change = {}) =>
      send({
        type: 'ready',
        slots: { text: 1, speech: 1 },
        models: [{ id: ECHO_TEXT, weights: ECHO_WEIGHTS, kind: 'llm', speed: 1 }],
        running: [],
        ...change,
      }),
    keepAlive: () => {
      let n = 0
      const stop = systemClock.every(1000, () => send({ type: 'ping', n: n++, running: leases }))
      void closed.then(stop)
    },
    cut: () => socket.terminate(),
  }
}
