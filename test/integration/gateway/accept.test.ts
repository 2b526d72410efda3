import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { FrameOf, FromGateway, FromWorker } from '../../../src/core/frames.ts'
import { createAcceptor } from '../../../src/gateway/accept.ts'
import type { Watched } from '../../../src/gateway/upkeep.ts'
import type { WorkerDesk } from '../../../src/gateway/worker-desk.ts'
import { createJoinTokens, ownToken } from '../../../src/tee/admission/join.ts'
import { identityOf, pinBroker } from '../../../src/tee/keys/identity.ts'
import { createEnrolment } from '../../../src/workers/enrol.ts'
import { devSource, testAdmission, testAttestation } from '../../support/attested.ts'
import { quietLog } from '../../support/quiet-log.ts'
import { handClock } from '../../support/tee.ts'
import { until } from '../../support/until.ts'

const MINUTE = 60_000

/** A socket whose other end is the test. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  readonly sent: FromGateway[] = []
  send(text: string): void {
    this.sent.push(JSON.parse(text) as FromGateway)
  }
  close(): void {
    this.readyState = 3
    this.emit('close')
  }
  terminate(): void {
    this.close()
  }
  hear(frame: FromWorker): void {
    this.emit('message', Buffer.from(JSON.stringify(frame)), false)
  }
  last<T extends FromGateway['type']>(type: T): FrameOf<T> | undefined {
    return this.sent.findLast((frame): frame is FrameOf<T> => frame.type === type)
  }
}

async function admitted() {
  const clock = handClock()
  const identity = identityOf(randomBytes(32))
  const attestation = testAttestation({ clock })
  const joins = createJoinTokens([ownToken('token')], clock)
  const admission = testAdmission({ identity, joins, clock, attestation })
  const connections = new Set<Watched>()
  const told: string[] = []
  const desk = {
    enter: (session: unknown) => ({
      session,
      leases: new Map(),
      isStale: false,
      isPaused: false,
      isExpired: false,
    }),
    renewed: () => told.push('renewed'),
    dismiss: () => told.push('dismissed'),
    leave: () => told.push('left'),
    hear: () => told.push('heard'),
  } as unknown as WorkerDesk
  const acceptor = createAcceptor({
    admission,
    desk,
    connections,
    isClosing: () => false,
    clock,
    log: quietLog,
  })
  const socket = new FakeSocket()
  acceptor.accept(socket as never, 'here')
  const broker = pinBroker(identity.publicKey)
  const source = devSource({}, { clock })
  const enrolment = createEnrolment({ net: 'devnet', broker, models: [], source, clock })
  const answer = async (): Promise<void> => {
    const verdicts = socket.sent.filter(({ type }) => type === 'verdict').length
    const challenge = socket.last('challenge')
    if (!challenge) throw new Error('no challenge')
    socket.hear(await enrolment.answer(challenge))
    await until(
      'verdict',
      () => socket.sent.filter(({ type }) => type === 'verdict').length > verdicts,
    )
  }
  const hello = { type: 'hello', v: 1, net: 'devnet', tee: [], gpu: 0, build: '', join: 'token' }
  socket.hear(hello as FromWorker)
  await answer()
  /** Time passes, looked at as the upkeep does. */
  const pass = (ms: number): void => {
    clock.turn(ms)
    for (const connection of connections) connection.renewIfDue()
  }
  const challenges = (): number => socket.sent.filter(({ type }) => type === 'challenge').length
  return { acceptor, attestation, joins, socket, told, answer, pass, challenges }
}

test('a worker is asked for new evidence after 45 minutes, on the same socket', async () => {
  const { socket, told, answer, pass, challenges } = await admitted()
  pass(44 * MINUTE)
  expect(challenges()).toBe(1)
  pass(1 * MINUTE)
  expect(challenges()).toBe(2)
  await answer()

  expect(told).toEqual(['renewed'])
  expect(socket.last('verdict')?.ok).toBe(true)
  pass(40 * MINUTE)
  expect(socket.readyState).toBe(1)
})

test('a session that was not renewed ends with its verdict, at its next frame at the latest', async () => {
  const { socket, told, pass } = await admitted()
  pass(59 * MINUTE)
  expect(socket.readyState).toBe(1)
  pass(1 * MINUTE)

  expect(told).toEqual(['dismissed', 'left'])
  expect(socket.last('verdict')).toMatchObject({ ok: false, code: 'admission.timeout' })
})

test('what an owner wants of a worker reaches it, and ends nothing', async () => {
  const { acceptor, joins, socket, told } = await admitted()
  joins.replace([{ ...ownToken('token'), wish: 'paused' }])
  acceptor.heedTokens()
  expect(told).toEqual([])
  joins.replace([{ ...ownToken('token'), wish: 'working' }])
  acceptor.heedTokens()

  // Only a worker that had stopped taking leases is offered them again.
  expect(told).toEqual(['renewed'])
  expect(socket.readyState).toBe(1)
})

test('a removed token, and another payout address than the claimed one, end the session at once', async () => {
  const moved = await admitted()
  moved.joins.replace([{ ...ownToken('token'), payout: `0:${'ab'.repeat(32)}` }])
  moved.acceptor.heedTokens()
  const removed = await admitted()
  removed.joins.replace([])
  removed.acceptor.heedTokens()

  expect(moved.socket.last('verdict')).toMatchObject({ ok: false, code: 'claims.payout' })
  expect(removed.socket.last('verdict')).toMatchObject({ ok: false, code: 'admission.join' })
  for (const { told } of [moved, removed]) expect(told).toEqual(['dismissed', 'left'])
})

test('what the policy withdraws ends at once; what it keeps is asked again at once', async () => {
  const kept = await admitted()
  kept.attestation.setPolicy((policy) => ({ ...policy, epoch: 2 }))
  kept.acceptor.judgeAgain()
  expect(kept.challenges()).toBe(2)
  await kept.answer()
  expect(kept.told).toEqual(['renewed'])

  const withdrawn = await admitted()
  withdrawn.attestation.setPolicy((policy) => ({ ...policy, entries: [] }))
  withdrawn.acceptor.judgeAgain()
  expect(withdrawn.told).toEqual(['dismissed', 'left'])
  expect(withdrawn.socket.last('verdict')?.reason).toBe('POL_MEASUREMENT')
})
