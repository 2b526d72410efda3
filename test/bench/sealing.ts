/** @module P5: what sealing a 4 KiB job costs, post-quantum, against HPKE of another library without it. */
import { randomBytes } from 'node:crypto'
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519'
import { isLeaseId, isModelId, newJobId, parseId } from '../../src/core/ids.ts'
import { Plaintext } from '../../src/core/plaintext.ts'
import { openWrap, wrapTo } from '../../src/tee/client/wrap.ts'
import { newKemKeyPair } from '../../src/tee/crypto/kem.ts'
import { joinSession, startSession, unwrapCek, wrapCek } from '../../src/tee/keys/session-keys.ts'
import { newCek, openEnvelope, sealEnvelope } from '../../src/tee/sealing/envelope.ts'
import { NOW_S, someFields, someKid } from '../support/tee.ts'
import type { BenchCase, BenchTable } from './bench-case.ts'
import { isSteady, median, percentile, ratios, show } from './stats.ts'

const contentBytes = 4096
const target = 0.6

type Cycle = () => Promise<void>

const time = async (cycle: Cycle, times: number): Promise<number> => {
  const began = performance.now()
  for (let n = 0; n < times; n++) await cycle()
  return (performance.now() - began) / times
}

/** Seal and open of the content alone, by `@hpke/core` with X25519: no post-quantum part, no commitment, no padding. */
async function theirs(content: Uint8Array): Promise<Cycle> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  })
  const pair = await suite.kem.generateKeyPair()
  const plain = Uint8Array.from(content).buffer
  return async () => {
    const sender = await suite.createSenderContext({ recipientPublicKey: pair.publicKey })
    const sealed = await sender.seal(plain)
    const recipient = await suite.createRecipientContext({
      recipientKey: pair.privateKey,
      enc: sender.enc,
    })
    await recipient.open(sealed)
  }
}

const fieldsOf = (): ReturnType<typeof someFields> =>
  someFields({ model: parseId('echo', isModelId), job: newJobId() })

/** The whole of a job whose asker wraps the key to one worker: body, X-Wing wrap, unwrap, body. */
async function wrapped(content: Uint8Array): Promise<Cycle> {
  const keys = await newKemKeyPair()
  const kid = someKid()
  return async () => {
    const cek = newCek()
    const fields = fieldsOf()
    const { envelope, envHash } = sealEnvelope(fields, { cek, content: Plaintext.of(content) })
    const place = { net: 'devnet', job: fields.job, kid, epoch: 1 } as const
    const receiver = { to: 'worker', publicKey: keys.publicBytes, place } as const
    const { wrap } = await wrapTo(receiver, { cek, envHash })
    const got = await openWrap({ to: 'worker', kem: keys, place }, { wrap, envHash })
    openEnvelope(envelope, { cek: got.cek, net: 'devnet', nowSeconds: NOW_S })
  }
}

/** What a bot's job costs: the encapsulation is the session's, each lease exports its keys from it. */
async function leased(content: Uint8Array): Promise<Cycle> {
  const kem = await newKemKeyPair()
  const context = {
    net: 'devnet',
    aud: someKid(),
    kid: someKid(),
    epoch: 1,
    evidenceId: 'ab'.repeat(32),
    nonce: 'n',
  } as const
  const { enc, keys } = await startSession(kem.publicBytes, context)
  const worker = await joinSession(kem, enc, context)
  return async () => {
    const cek = newCek()
    const fields = fieldsOf()
    const { envelope, envHash } = sealEnvelope(fields, { cek, content: Plaintext.of(content) })
    const lease = parseId(randomBytes(32).toString('hex'), isLeaseId)
    const place = { job: fields.job, attempt: 1, lease }
    const { wrap } = await wrapCek(keys, place, { cek, envHash })
    const got = await unwrapCek(worker, place, { wrap, envHash })
    openEnvelope(envelope, { cek: got.cek, net: 'devnet', nowSeconds: NOW_S })
  }
}

export const p5: BenchCase = {
  id: 'P5',
  about: 'seal and open of a 4 KiB job with X-Wing against @hpke/core with X25519',
  run: async ({ scale }) => {
    const [rounds, times] = scale === 'full' ? [21, 40] : [2, 2]
    const content = randomBytes(contentBytes)
    const cycles = {
      theirs: await theirs(content),
      wrapped: await wrapped(content),
      leased: await leased(content),
    }
    for (const cycle of Object.values(cycles)) await time(cycle, scale === 'full' ? 200 : 2)
    const raw = { theirs: [], again: [], wrapped: [], leased: [] } as Record<
      'theirs' | 'again' | 'wrapped' | 'leased',
      number[]
    >
    for (let round = 0; round < rounds; round++) {
      raw.theirs.push(await time(cycles.theirs, times))
      raw.wrapped.push(await time(cycles.wrapped, times))
      raw.leased.push(await time(cycles.leased, times))
      raw.again.push(await time(cycles.theirs, times))
    }
    const control = median(ratios(raw.again, raw.theirs))
    const ratio = median(ratios(raw.wrapped, raw.theirs))
    const row = (name: string, values: readonly number[], more: readonly string[]): string[] => [
      name,
      `${show(median(values))} ms`,
      `${show(percentile(values, 90))} ms`,
      ...more,
    ]
    const table: BenchTable = {
      id: 'P5',
      title: 'Seal and open of a 4 KiB job',
      target: `with X-Wing at most ${target} × @hpke/core with X25519`,
      verdict: !isSteady(control) ? 'void' : ratio <= target ? 'met' : 'missed',
      columns: ['', 'p50', 'p90', 'ratio', 'control'],
      rows: [
        row('@hpke/core, X25519: seal, open', raw.theirs, ['', show(control)]),
        row('ours, X-Wing: body, wrap, unwrap, body', raw.wrapped, [`${show(ratio)} ×`, '']),
        row('ours, one lease of a session', raw.leased, [
          `${show(median(ratios(raw.leased, raw.theirs)))} ×`,
          '',
        ]),
      ],
      notes: [
        `${rounds} rounds of ${times} in turns. Ours also pads, commits to the key and hashes what receipts cite; the other has no post-quantum part.`,
      ],
      gate: { value: ratio, target, better: 'lower' },
      raw,
    }
    return [table]
  },
}
