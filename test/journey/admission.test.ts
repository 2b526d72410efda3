import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { BYE, type FrameOf } from '../../src/core/frames.ts'
import { createHardwareStore } from '../../src/gateway/hardware-store.ts'
import { INSTALLATION_OWNER } from '../../src/tee/admission/join.ts'
import { toHex } from '../../src/tee/crypto/binary.ts'
import { nodeHashes } from '../../src/tee/crypto/node-crypto.ts'
import { DEV_GPU_DRIVER, DEV_GPU_VBIOS, devGpuAnswers } from '../../src/tee/dev/gpu.ts'
import type { SimulatedMachine } from '../../src/tee/dev/sim-source.ts'
import { devPpid } from '../../src/tee/dev/tdx.ts'
import type { EvidenceSource } from '../../src/tee/sources/source.ts'
import type { TeeCode } from '../../src/tee/verify/codes.ts'
import type { Policy } from '../../src/tee/verify/policy/document.ts'
import { hardwareHash } from '../../src/tee/verify/policy/hardware-id.ts'
import type { Enrolment } from '../../src/workers/enrol.ts'
import { devPki, devSource, type TestAttestation, testAttestation } from '../support/attested.ts'
import { ECHO_SPEECH, ECHO_TEXT, ECHO_WEIGHTS } from '../support/echo-lending.ts'
import { openWorld, request, type TestFront, type World } from '../support/queue-world.ts'
import { hello, newEnrolment, openSocket } from '../support/raw-worker.ts'
import { until } from '../support/until.ts'

/** A token for each worker: three refusals would pause a shared one. */
const tokens = Array.from({ length: 40 }, (_, at) => `join-token-of-owner-${String(at)}`)
let next = 0
const token = (): string => tokens[next++ % tokens.length] ?? ''

const models = [
  { id: ECHO_TEXT, weights: ECHO_WEIGHTS },
  { id: ECHO_SPEECH, weights: ECHO_WEIGHTS },
]
/** Two images: each register that starts as zeros is theirs to differ in. */
const oldImage = { rtmr2: new Uint8Array(48).fill(2) }
const strict = (policy: Policy): Policy => {
  const [entry] = policy.entries
  if (entry?.tee !== 'tdx') throw new Error('no entry')
  const current = { ...entry, models }
  return { ...policy, entries: [current, { ...current, rtmr2: toHex(oldImage.rtmr2) }] }
}

let attestation: TestAttestation
let world: World
let front: TestFront
let url: string
const open: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  attestation = testAttestation({ policy: strict })
  world = await openWorld({ attestation, joins: tokens })
  front = await world.openFront()
  ;({ url } = await world.openGateway())
})
afterEach(async () => {
  for (const close of open.splice(0)) await close()
  attestation.hardwareAnswer = undefined
  attestation.collateralEdits = {}
})
afterAll(() => world.close())

const worker = (options: Parameters<World['openWorker']>[1] = {}) => {
  const it = world.openWorker(url, { join: token(), ...options })
  open.push(() => it.stop())
  return it
}
const enrolmentOf = (machine: SimulatedMachine, change = {}): Enrolment =>
  newEnrolment(world.identity.publicKey, devSource(machine), change)

/** Shows evidence made by `show` and gives the verdict; the socket closes with a refusal. */
async function verdictOn(
  show: (challenge: FrameOf<'challenge'>) => Promise<FrameOf<'evidence'>>,
): Promise<FrameOf<'verdict'>> {
  const peer = await openSocket(url)
  peer.send(hello(token()))
  peer.send(await show(await peer.next('challenge')))
  const verdict = await peer.next('verdict')
  if (verdict.ok) peer.socket.terminate()
  const code = await peer.closed
  if (!verdict.ok && code !== BYE.refused) throw new Error(`closed with ${String(code)}`)
  return verdict
}
const shownBy = (enrolment: Enrolment) => (challenge: FrameOf<'challenge'>) =>
  enrolment.answer(challenge)
const oldFirmware = [2, 2, 2, 2, 3, ...Array<number>(11).fill(0)]

describe('a worker gets no job, and its owner a reason', () => {
  const stranger = [{ id: ECHO_TEXT, weights: `sha256:${'1'.repeat(64)}`, kind: 'llm', speed: 1 }]
  test.each<[string, () => Promise<FrameOf<'verdict'>>, TeeCode]>([
    [
      'with another image',
      () => verdictOn(shownBy(enrolmentOf({ registers: { rtmr2: new Uint8Array(48).fill(9) } }))),
      'POL_MEASUREMENT',
    ],
    [
      'with unknown weights',
      () => verdictOn(shownBy(enrolmentOf({}, { models: stranger }))),
      'CLM_MODEL',
    ],
    [
      'in debug mode',
      () => verdictOn(shownBy(enrolmentOf({ edits: { report: (it) => void (it[120] = 1) } }))),
      'TDX_DEBUG',
    ],
    [
      'with old firmware',
      () => verdictOn(shownBy(enrolmentOf({ edits: { platform: { components: oldFirmware } } }))),
      'TCB_STATUS',
    ],
    [
      'of another dev network',
      () =>
        verdictOn(
          shownBy(newEnrolment(world.identity.publicKey, devSource({}, { foreign: true }))),
        ),
      'X509_ROOT',
    ],
    [
      'that claims another network',
      () => verdictOn(shownBy(enrolmentOf({}, { net: 'testnet' }))),
      'NET_MISMATCH',
    ],
  ])('%s', async (_what, refused, reason) => {
    const verdict = await refused()

    expect(verdict).toMatchObject({ ok: false, reason, sentence: expect.stringMatching(/\w\.$/) })
  })

  test('that answers an old question', async () => {
    const enrolment = enrolmentOf({})
    const first = await openSocket(url)
    first.send(hello(token()))
    const stale = await enrolment.answer(await first.next('challenge'))
    first.socket.terminate()

    expect(await verdictOn(async () => stale)).toMatchObject({ ok: false, reason: 'CLM_NONCE' })
  })

  test('that replays evidence of an admitted one', async () => {
    let shown: FrameOf<'evidence'> | undefined
    const enrolment = enrolmentOf({})
    const good = await verdictOn(async (challenge) => (shown = await enrolment.answer(challenge)))
    expect(good.ok).toBe(true)
    const replayed = await verdictOn(async () => {
      if (!shown) throw new Error('nothing was shown')
      return shown
    })

    expect(replayed).toMatchObject({ ok: false, reason: 'CLM_NONCE' })
  })

  test('whose machine nobody enrolled', async () => {
    attestation.hardwareAnswer = 'HW_UNKNOWN'

    expect(await verdictOn(shownBy(enrolmentOf({})))).toMatchObject({
      ok: false,
      reason: 'HW_UNKNOWN',
      sentence: 'This machine is not enrolled: ask the operator to enrol it.',
    })
  })

  test('while all of them wait, the job goes to the good one', async () => {
    const machines: SimulatedMachine[] = [
      { registers: { rtmr1: new Uint8Array(48).fill(9) } },
      { edits: { report: (it) => void (it[120] = 1) } },
      { edits: { platform: { components: oldFirmware } } },
    ]
    const bad = machines.map((machine) => worker({ source: devSource(machine) }))
    const { job } = await front.desk.submit(request('for the good one'))
    for (const it of bad)
      await until('refusal', () => it.lines.some((line) => line.includes('session.refused')))
    const good = worker()

    await until('delivery', () => front.of(job))
    expect(good.started.map((it) => it.job)).toEqual([job])
    expect(bad.flatMap(({ started }) => started)).toEqual([])
    expect(bad[0]?.lines.join('')).toContain('This image is not on the policy')
  })
})

describe('evidence of GPUs', () => {
  const withGpus = (policy: Policy): Policy => ({
    ...policy,
    entries: policy.entries.map((entry) => ({
      ...entry,
      models,
      gpu: { drivers: [DEV_GPU_DRIVER], vbios: [DEV_GPU_VBIOS], golden: {}, nras: 'off' },
    })),
  })

  test('of another worker is refused, whatever it claims', async () => {
    const before = attestation.policy()
    attestation.setPolicy(withGpus)
    const asked = randomBytes(32)
    const borrowed = devGpuAnswers(devPki(), 'other', 1)(asked)
    const cpu = devSource({})
    const source: EvidenceSource = { ...cpu, gpu: async () => borrowed }

    const verdict = await verdictOn(shownBy(newEnrolment(world.identity.publicKey, source)))

    expect(verdict).toMatchObject({ ok: false, reason: 'GPU_NONCE' })
    attestation.setPolicy(() => before)
  })
})

describe('a session', () => {
  test('ends when its image is withdrawn while it works; its job is finished elsewhere', async () => {
    const gate = Promise.withResolvers<string>()
    const first = worker({ source: devSource({ registers: oldImage }), answer: () => gate.promise })
    const { job } = await front.desk.submit(request('withdrawn'))
    await until('start', () => first.started.find((it) => it.job === job))
    const second = worker()
    await until('second', () => second.lines.some((line) => line.includes('session.admitted')))

    attestation.setPolicy((policy) => ({
      ...policy,
      epoch: policy.epoch + 1,
      entries: policy.entries.slice(0, 1),
    }))
    await until('end', () => first.lines.some((line) => line.includes('session.refused')))
    await until('next', () => second.started.find((it) => it.job === job))

    await until('delivery', () => front.of(job))
    expect(first.lines.join('')).toContain('POL_MEASUREMENT')
    expect(second.started).toHaveLength(1)
    gate.resolve('too late')
  })

  test('is shown anew when the policy changes, and its job goes on', async () => {
    const gate = Promise.withResolvers<string>()
    const only = worker({ answer: () => gate.promise })
    const { job } = await front.desk.submit(request('goes on'))
    await until('start', () => only.started.find((it) => it.job === job))
    const before = attestation.records.size

    attestation.setPolicy((policy) => ({ ...policy, epoch: policy.epoch + 1 }))
    await until('record', () => attestation.records.size > before)
    gate.resolve('as before')

    const delivered = await until('delivery', () => front.of(job))
    expect(delivered.text).toBe('as before')
    expect(only.started).toHaveLength(1)
    const later = await front.desk.submit(request('under the new policy'))
    await until('delivery', () => front.of(later.job))
  })
})

describe('enrolled hardware', () => {
  test('works for its owner, as often as it has GPUs, and no other machine does', async () => {
    const store = createHardwareStore({ db: world.db, gateway: 'g', clock: systemClock })
    attestation.enrolled = store
    const ppid = toHex(devPpid(devPki(), 'mine'))
    const hw = hardwareHash('tdx', ppid, nodeHashes) ?? ''
    await store.enrol({ hw, tee: 'tdx', owner: INSTALLATION_OWNER, gpus: 1, site: 'unknown' })

    const mine = worker({ source: devSource({ machine: 'mine' }) })
    await until('mine', () => mine.lines.some((line) => line.includes('session.admitted')))
    const again = await verdictOn(shownBy(enrolmentOf({ machine: 'mine' })))
    const other = await verdictOn(shownBy(enrolmentOf({ machine: 'other' })))

    expect(again).toMatchObject({ ok: false, reason: 'HW_CAP' })
    expect(other).toMatchObject({ ok: false, reason: 'HW_UNKNOWN' })
    attestation.enrolled = undefined
  })
})

describe('networks', () => {
  test('a devnet worker at a mainnet gateway is refused, also when it lies about its network', async () => {
    const mainnet = await openWorld({ net: 'mainnet', joins: tokens })
    try {
      const gateway = await mainnet.openGateway()
      const honest = await openSocket(gateway.url)
      honest.send(hello(token()))
      expect(await honest.next('verdict')).toMatchObject({ ok: false, reason: 'NET_MISMATCH' })
      const liar = await openSocket(gateway.url)
      liar.send({ ...hello(token()), net: 'mainnet' })
      const enrolment = newEnrolment(mainnet.identity.publicKey, devSource(), { net: 'mainnet' })
      liar.send(await enrolment.answer(await liar.next('challenge')))
      expect(await liar.next('verdict')).toMatchObject({ ok: false, reason: 'X509_ROOT' })
    } finally {
      await mainnet.close()
    }
  })

  test('a mainnet worker at a devnet gateway is refused', async () => {
    const peer = await openSocket(url)
    peer.send({ ...hello(token()), net: 'mainnet' })

    expect(await peer.next('verdict')).toMatchObject({ ok: false, reason: 'NET_MISMATCH' })
  })
})
