import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { BYE, type FrameOf, type FromGateway } from '../../../src/core/frames.ts'
import { type RefusedWorker, startHandshake } from '../../../src/gateway/admit.ts'
import type { AdmittedSession } from '../../../src/tee/admission/admission.ts'
import { admitBytes, reportData } from '../../../src/tee/admission/claims.ts'
import { createJoinTokens, ownToken } from '../../../src/tee/admission/join.ts'
import { toBase64url } from '../../../src/tee/crypto/binary.ts'
import { identityOf } from '../../../src/tee/keys/identity.ts'
import { createWorkerKeys } from '../../../src/tee/keys/keyset.ts'
import { devSource, testAdmission, testAttestation } from '../../support/attested.ts'
import { handClock, NOW_S } from '../../support/tee.ts'

const hello: FrameOf<'hello'> = {
  type: 'hello',
  v: 1,
  net: 'devnet',
  tee: ['sim'],
  gpu: 0,
  build: 'test',
  join: 'token',
}

async function open() {
  const clock = handClock()
  const identity = identityOf(randomBytes(32))
  const joins = createJoinTokens([ownToken('token')], clock)
  const attestation = testAttestation({ clock })
  const admission = testAdmission({ identity, joins, clock, attestation })
  const source = devSource({}, { clock })
  const keys = await createWorkerKeys('devnet', NOW_S + 80_000)
  const sent: FromGateway[] = []
  const closed: number[] = []
  const sessions: AdmittedSession[] = []
  const refused: RefusedWorker[] = []
  const handshake = startHandshake({
    admission,
    clock,
    send: (frame) => sent.push(frame),
    close: (code) => closed.push(code),
    onAdmitted: (session) => sessions.push(session),
    onRefused: (it) => refused.push(it),
  })
  const evidence = async (): Promise<FrameOf<'evidence'>> => {
    const challenge = sent.findLast((frame) => frame.type === 'challenge')
    if (!challenge) throw new Error('no challenge')
    const claims = {
      v: 1,
      ctx: 'chrysalis/claims/1',
      net: 'devnet',
      aud: challenge.aud,
      nonce: challenge.nonce,
      epoch: challenge.epoch,
      keyset: keys.digest,
      models: [],
      payout: '',
      gpus: [],
      image: '',
      notAfter: keys.keyset.not_after,
    } as const
    const full = { ...claims, models: [], gpus: [] }
    const { quote } = await source.quote(reportData(full))
    return {
      type: 'evidence',
      claims: full,
      keyset: keys.keyset,
      quote: toBase64url(quote),
      gpu: [],
      sig: toBase64url(keys.signer.sign(admitBytes(full))),
    }
  }
  const answer = async (): Promise<void> => handshake.hear(await evidence())
  const told = { sent, closed, sessions, refused }
  return { clock, handshake, attestation, admission, evidence, answer, ...told }
}

test('a step that takes longer than ten seconds ends the connection', async () => {
  const { clock, handshake, sent, closed } = await open()
  await handshake.hear(hello)

  clock.turn(10_000)

  expect(sent.at(-1)).toMatchObject({ type: 'verdict', ok: false, code: 'admission.timeout' })
  expect(closed).toEqual([BYE.refused])
})

test('a second hello, evidence without a challenge, and work before the verdict are refused', async () => {
  for (const frames of [[hello, hello], [{ type: 'drain' } as const]]) {
    const { handshake, sent, closed } = await open()

    for (const frame of frames) await handshake.hear(frame)

    expect(sent.at(-1)).toMatchObject({ ok: false, code: 'admission.step' })
    expect(closed).toEqual([BYE.refused])
  }
})

test('a renewed session replaces the old one on the same connection', async () => {
  const { handshake, sent, closed, sessions, answer } = await open()
  await handshake.hear(hello)
  await answer()

  handshake.renew()
  handshake.renew()
  await answer()

  expect(sent.map(({ type }) => type)).toEqual(['challenge', 'verdict', 'challenge', 'verdict'])
  expect(sessions).toHaveLength(2)
  expect(sessions[0]?.kid).toBe(sessions[1]?.kid)
  expect(sessions[0]?.session).not.toBe(sessions[1]?.session)
  expect(closed).toEqual([])
})

test('nothing is asked while an answer is judged', async () => {
  const { handshake, sent, sessions, evidence, answer } = await open()
  await handshake.hear(hello)
  await answer()
  handshake.renew()

  const judged = handshake.hear(await evidence())
  handshake.renew()
  await judged

  expect(sent.map(({ type }) => type)).toEqual(['challenge', 'verdict', 'challenge', 'verdict'])
  expect(sessions).toHaveLength(2)
})

test.each([
  ['admitted at work is asked again', true, 0],
  ['who just came is sent away', false, 1],
])('when the policy changes while the answer is judged, one %s', async (_what, isAtWork, left) => {
  const { handshake, attestation, sent, closed, sessions, refused, evidence, answer } = await open()
  await handshake.hear(hello)
  if (isAtWork) {
    await answer()
    handshake.renew()
  }
  const before = sessions.length

  const judged = handshake.hear(await evidence())
  attestation.setPolicy((policy) => ({ ...policy, epoch: policy.epoch + 1 }))
  await judged

  expect(sent.at(-1)).toMatchObject({ type: 'verdict', ok: false, reason: 'CLM_EPOCH' })
  expect(sessions).toHaveLength(before)
  expect(refused).toMatchObject([{ reason: 'CLM_EPOCH', isFinal: !isAtWork }])
  expect(closed).toHaveLength(left)
})

test('what the policy no longer allows when the answer is judged is refused', async () => {
  const { handshake, attestation, sent, closed, sessions, evidence } = await open()
  await handshake.hear(hello)

  const judged = handshake.hear(await evidence())
  attestation.setPolicy((policy) => ({ ...policy, entries: [] }))
  await judged

  expect(sent.at(-1)).toMatchObject({ ok: false, reason: 'POL_MEASUREMENT' })
  expect(sessions).toEqual([])
  expect(closed).toEqual([BYE.refused])
})

test('a renewal that is not answered ends nothing, and is asked for again', async () => {
  const { clock, handshake, sent, closed, answer } = await open()
  await handshake.hear(hello)
  await answer()
  handshake.renew()

  clock.turn(90_000)
  handshake.renew()

  expect(closed).toEqual([])
  expect(sent.filter(({ type }) => type === 'challenge')).toHaveLength(3)
})

test('a renewal that fails for no fault of the worker ends nothing, and is asked for again later', async () => {
  const { handshake, attestation, sent, closed, refused, answer } = await open()
  await handshake.hear(hello)
  await answer()
  handshake.renew()
  attestation.setPolicy((policy) => ({ ...policy, epoch: 2 }))
  await answer()

  expect(sent.at(-1)).toMatchObject({ ok: false, code: 'claims.epoch', reason: 'CLM_EPOCH' })
  expect(refused).toMatchObject([{ code: 'claims.epoch', reason: 'CLM_EPOCH', isFinal: false }])
  expect(closed).toEqual([])
  handshake.renew()
  expect(sent.at(-1)).toMatchObject({ type: 'challenge', epoch: 2 })
})

test('a renewal that the policy refuses ends the connection with reason and sentence', async () => {
  const { handshake, attestation, sent, closed, refused, answer } = await open()
  await handshake.hear(hello)
  await answer()
  attestation.setPolicy((policy) => ({ ...policy, entries: [] }))
  handshake.renew()
  await answer()

  expect(sent.at(-1)).toMatchObject({
    ok: false,
    code: 'admission.evidence',
    reason: 'POL_MEASUREMENT',
    sentence: 'This image is not on the policy of this network: use a released one.',
  })
  expect(refused.at(-1)).toMatchObject({ isFinal: true })
  expect(closed).toEqual([BYE.refused])
})
