import { afterAll, beforeAll, expect, test } from 'vitest'
import { canonicalText } from '../../../src/core/canonical.ts'
import { createReceiptStore } from '../../../src/queue/receipt-store.ts'
import { checkSignaturesByNode, nodeHashes } from '../../../src/tee/crypto/node-crypto.ts'
import { signerOf } from '../../../src/tee/crypto/signature.ts'
import { signPolicy } from '../../../src/tee/policy/signing.ts'
import { viewHash } from '../../../src/tee/receipts/note.ts'
import { readBundle } from '../../../src/tee/verify/proof/bundle.ts'
import { verifyProof } from '../../../src/tee/verify/proof/verify-proof.ts'
import { testAttestation } from '../../support/attested.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront
let gatewayUrl: string
const salts = new Map<string, { input: Uint8Array; output: Uint8Array }>()

beforeAll(async () => {
  const signer = signerOf(new Uint8Array(32).fill(6))
  const attestation = testAttestation({
    policy: (policy) => signPolicy({ ...policy, signatures: [] }, signer),
  })
  world = await openWorld({ attestation })
  front = await world.openFront('bot-1', async (finished) => {
    if (finished.state !== 'done' || !finished.salts) return
    const { input, output } = finished.salts
    // What is handed over is wiped afterwards.
    salts.set(finished.job, { input: Uint8Array.from(input), output: Uint8Array.from(output) })
  })
  gatewayUrl = (await world.openGateway()).url
})
afterAll(() => world.close())

const hexOf = (text: string): string => Buffer.from(text).toString('hex')

/** Bytes and texts of the rows that a job leaves, as hex. */
async function everyRow(): Promise<string> {
  const { job, receipt, release } = world.db.rows
  const rows = [await job.findMany(), await receipt.findMany(), await release.findMany()].flat()
  return rows
    .flatMap((row) => Object.values(row))
    .map((it: unknown) => {
      if (it instanceof Uint8Array) return Buffer.from(it).toString('hex')
      return typeof it === 'string' ? hexOf(it) : ''
    })
    .join('|')
}

const rowOf = (job: string) => world.db.rows.job.findUniqueOrThrow({ where: { id: job } })

test('a job of the real path can be proven to its asker with what the stores and the salts give', async () => {
  world.openWorker(gatewayUrl, { answer: (job) => `${job.text}!` })

  const { job } = await front.desk.submit(request('hello'))
  await until('delivery', () => front.of(job))
  await until('delivered', async () => (await rowOf(job)).deliveredAt !== null)

  const own = salts.get(job)
  const found = await createReceiptStore(world.db).find(job)
  if (!own || found?.kind !== 'kept') throw new TypeError('nothing kept')
  expect(found.view).toBe(viewHash(own.output))
  const bundle = readBundle({
    v: 1,
    ctx: 'chrysalis/proof/1',
    receipt: JSON.parse(found.document),
    note: JSON.parse(found.note),
    evidence: JSON.parse(world.attestation.records.get(found.evidenceId) ?? 'null'),
  })
  if (!bundle) throw new TypeError('no bundle')
  const verify = (text: string) =>
    verifyProof(
      { ...bundle, salts: own },
      { hashes: nodeHashes, checkSignatures: checkSignaturesByNode, text },
    )
  const [right, wrong] = [await verify('hello!'), await verify('hello?')]
  expect(right.checks.filter(({ state }) => state === 'refuted')).toEqual([])
  expect(right).toMatchObject({ isAccepted: true, isSimulated: true })
  expect(right.checks.find(({ name }) => name === 'text')?.says).toBe('text.ok')
  expect(wrong.checks.find(({ name }) => name === 'text')?.says).toBe('text.differs')
  expect(canonicalText(JSON.parse(found.note))).toBe(found.note)
})

test('after delivery no store holds a salt, and neither does the log', async () => {
  const { job } = await front.desk.submit(request('again'))
  await until('delivery', () => front.of(job))
  await until('delivered', async () => (await rowOf(job)).deliveredAt !== null)

  const own = salts.get(job)
  if (!own) throw new TypeError('no salts')
  expect((await rowOf(job)).wrappedSalt).toBeNull()
  const everything = `${await everyRow()}${hexOf(JSON.stringify(world.lines))}`
  for (const salt of [own.input, own.output]) {
    const bytes = Buffer.from(salt)
    expect(everything).not.toContain(bytes.toString('hex'))
    for (const form of ['hex', 'base64url', 'base64'] as const)
      expect(everything).not.toContain(hexOf(bytes.toString(form).slice(0, 40)))
  }
})

test('a job that ends without an answer loses its salt with its input, and has no receipt', async () => {
  const { job } = await front.desk.submit(
    request('never', { model: 'nobody-serves-this' as never }),
  )
  const store = createReceiptStore(world.db)
  expect(await store.find(job)).toEqual({ kind: 'open' })
  expect((await rowOf(job)).wrappedSalt).not.toBeNull()

  await front.desk.cancel(job)

  expect((await rowOf(job)).wrappedSalt).toBeNull()
  expect(await store.find(job)).toBeUndefined()
})
