/** A ledger's receipts, signed by real worker keys, committed in epochs, handed out as a statement, and checked by its reader. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statementPorts } from '../../../src/cli/statement-ports.ts'
import { statementFor } from '../../../src/cli/statement-source.ts'
import { statementWords } from '../../../src/cli/statement-words.ts'
import { AppError } from '../../../src/core/app-error.ts'
import { canonicalText } from '../../../src/core/canonical.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { isKid, isModelId, newJobId, parseId } from '../../../src/core/ids.ts'
import type { Database } from '../../../src/db/database.ts'
import { cellSigner } from '../../../src/payments/contracts/sign.ts'
import { bookCorrection } from '../../../src/payments/ledger/correction-store.ts'
import { writeChainFile } from '../../../src/payments/settlement/chain-file.ts'
import { createVaultStore } from '../../../src/payments/settlement/vault-store.ts'
import {
  checkStatement,
  type Link,
  type StatementChain,
} from '../../../src/payments/statements/check-statement.ts'
import { closeEpoch } from '../../../src/payments/statements/close-epoch.ts'
import { makeStatement } from '../../../src/payments/statements/make-statement.ts'
import { readStatement, type Statement } from '../../../src/payments/statements/statement.ts'
import { signVoucher } from '../../../src/payments/vouchers/voucher.ts'
import { sha256Hex, utf8 } from '../../../src/tee/crypto/binary.ts'
import { createWorkerKeys, type WorkerKeys } from '../../../src/tee/keys/keyset.ts'
import { buildReceipt } from '../../../src/tee/receipts/receipt.ts'
import {
  captureOf,
  holdOf,
  openTestMoney,
  type TestMoney,
  testModel,
  tokens,
} from '../../support/ledger.ts'
import { openTestDatabase } from '../../support/stores.ts'

const key = cellSigner(new Uint8Array(32).fill(7))
const vault = 'ab'.repeat(32)
const mine = 'cd'.repeat(32)
const other = 'ce'.repeat(32)
/** Whose earnings a restored backup did not know all of. */
const restored = 'cf'.repeat(32)

let db: Database
let bank: TestMoney
let worker: WorkerKeys
const documents = new Map<string, string>()

/** One answered and paid job of a payee. */
async function earn(payee: string, inTokens: number, outTokens: number): Promise<void> {
  const job = newJobId()
  await bank.hold(holdOf({ job }))
  const units = tokens(inTokens, outTokens)
  const hash = sha256Hex(utf8(job))
  const nowMs = systemClock.now()
  const document = buildReceipt(
    worker,
    {
      net: 'devnet',
      aud: parseId('a'.repeat(32), isKid),
      job,
      attempt: 1,
      epoch: 1,
      evidenceId: 'e'.repeat(64),
      task: 'translate',
      model: parseId(testModel, isModelId),
      weights: `sha256:${'f'.repeat(64)}`,
      envHash: hash,
      inputHash: hash,
      outputHash: hash,
      streamHash: hash,
      shownHash: hash,
    },
    { promptHash: hash, units, engine: 'test 1', startedAtMs: nowMs, endedAtMs: nowMs },
  )
  documents.set(job, document)
  const receiptDigest = sha256Hex(utf8(document))
  await bank.capture(
    captureOf(job, { payee, receiptDigest, kid: worker.kid, reported: units, recounted: units }),
  )
}

const close = () => db.transaction((tx) => closeEpoch(tx, { vault, atMs: systemClock.now() }))

const statement = (payee = mine): Promise<Statement> =>
  makeStatement(
    {
      db,
      net: 'devnet',
      globalId: -217,
      vault: `0:${vault}`,
      key: key.publicKey.toString('hex'),
      keyEpoch: 1,
      documentOf: async (job) => documents.get(job),
      keysetOf: async () => canonicalText(worker.keyset),
      voucherOf: async () => {
        const row = await db.rows.payee.findUnique({ where: { payee } })
        const facts = { net: -217, vault: `0:${vault}`, payee, epoch: 1 }
        return signVoucher(key, { ...facts, totalNano: row?.earnedTotal ?? 0n })
      },
    },
    payee,
  )

/** What the vault would say of a statement that is true. */
const chainOf = (of: Statement): StatementChain => ({
  committedAt: async (lt) => {
    const epoch = of.epochs.find((it) => it.lt === lt.toString())
    return epoch && { epoch: epoch.epoch, totalNano: BigInt(epoch.total), root: epoch.root }
  },
  paidNano: async () => BigInt(of.paid),
  payoutAt: async (lt) =>
    BigInt(of.payouts.find((payout) => payout.lt === lt.toString())?.amount ?? 0),
})

const check = (of: Statement, chain?: StatementChain) =>
  checkStatement(of, { ...statementPorts(of), ...(chain && { chain }) })

let good: Statement
beforeAll(async () => {
  db = await openTestDatabase()
  bank = await openTestMoney({ db, clock: systemClock })
  worker = await createWorkerKeys('devnet', Math.floor(systemClock.now() / 1000) + 3600)
  await bank.fund('customer:anna', 10_000_000n)
  for (let n = 1; n <= 5; n++) {
    await earn(mine, n, n)
    await earn(other, n, 2 * n)
  }
  await earn(restored, 1, 1)
  for (const missingNano of [30n, 40n])
    await db.transaction((tx) =>
      bookCorrection(tx, { vault, payee: restored, missingNano, signedNano: missingNano, atMs: 1 }),
    )
  await earn(restored, 2, 2)
  await close()
  await close()
  for (let n = 1; n <= 3; n++) {
    await earn(other, n, n)
    await earn(mine, 10 * n, n)
  }
  const last = await close()
  await db.rows.commitEpoch.update({
    where: { vault_epoch: { vault, epoch: last.epoch } },
    data: { seenLt: 77n },
  })
  await db.rows.payout.createMany({
    data: [100n, 200n].map((amountNano, n) => ({
      vault,
      lt: 50n + BigInt(n),
      payee: mine,
      txHash: randomBytes(32).toString('hex'),
      amountNano,
      totalNano: amountNano,
      at: new Date(1_800_000_000_000),
    })),
  })
  // Earned and signed, and in no epoch yet.
  await earn(mine, 1, 1)
  good = readStatement(JSON.parse(JSON.stringify(await statement())))
}, 120_000)
afterAll(() => db?.close())

describe('a statement', () => {
  test('of a payee holds in every link, with the chain and without', async () => {
    const offline = await check(good)
    const online = await check(good, chainOf(good))

    expect(online.links.map(({ state }) => state)).toEqual(Array(9).fill('holds'))
    expect(offline.broken).toBeUndefined()
    expect(
      offline.links.filter(({ state }) => state === 'unchecked').map(({ link }) => link),
    ).toEqual(['vault-root', 'payouts'])
    expect(online.facts).toMatchObject({ receipts: 8, paidNano: 300n, withoutDocument: 0 })
    expect(online.facts.uncommittedNano).toBe(90n + 18n)
    expect(good.epochs).toHaveLength(3)
  })

  test('holds for the other payee too, who shares the trees', async () => {
    expect((await check(readStatement(await statement(other)))).broken).toBeUndefined()
  })

  test('holds where a restored backup was corrected, and says so; not without the correction, nor with another one', async () => {
    const corrected = await statement(restored)
    const { corrections = [], ...without } = corrected
    const [first, second] = corrections

    const report = await check(readStatement(corrected))
    const lies = [without, { ...corrected, corrections: [first, { ...second, amount: '41' }] }]
    const reports = await Promise.all(lies.map((lie) => check(readStatement(lie))))

    expect(report.broken).toBeUndefined()
    expect(report.facts.correctedNano).toBe(70n)
    expect(statementWords(report).join('\n')).toMatch(/0\.00000007 .* without receipts/)
    expect(reports.map(({ broken }) => broken?.link)).toEqual(['totals', 'totals'])
  })

  test('is signed under the epoch of the key that the vault has now; under the first one before it was read', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'chrysalis-statement-'))
    mkdirSync(join(dataDir, 'keys'))
    writeFileSync(join(dataDir, 'keys', 'settlement.key'), Buffer.alloc(32, 7), { mode: 0o600 })
    const address = `0:${vault}`
    writeChainFile(dataDir, {
      v: 1,
      net: 'devnet',
      globalId: -217,
      endpoint: 'http://127.0.0.1:1',
      vault: address,
      registry: address,
      owner: address,
      guardian: address,
      createdAt: 0,
    })

    const before = await statementFor(db, { dataDir, payee: mine })
    await createVaultStore(db).learn(vault, { keyEpoch: 3 })
    const after = await statementFor(db, { dataDir, payee: mine })
    rmSync(dataDir, { recursive: true })

    expect([before, after].map(({ keyEpoch, voucher }) => [keyEpoch, voucher?.epoch])).toEqual([
      [1, 1],
      [3, 3],
    ])
    const links = (await check(readStatement(after))).links
    expect(links.find(({ link }) => link === 'voucher')).toMatchObject({ state: 'holds' })
  })

  test('of somebody who earned nothing is empty and holds', async () => {
    const empty = await statement('99'.repeat(32))

    expect((await check({ ...empty, voucher: undefined })).broken).toBeUndefined()
  })

  test('says in words what holds and what is not proven', async () => {
    const words = statementWords(await check(good, chainOf(good))).join('\n')

    expect(words).toContain('✓ every receipt is in the tree of its epoch (8)')
    expect(words).toContain('Nothing is broken: 8 receipts')
    expect(words).toContain('another payee may be left out')
  })

  /** Ten ways to lie, each with the link that must be named first. */
  const lies: readonly [string, Link, (it: Tamper) => void][] = [
    [
      'a receipt that says another count',
      'receipts',
      (it) => replace(it, '"out_tokens":1}', '"out_tokens":2}'),
    ],
    [
      'a digest of another receipt',
      'receipts',
      (it) => void (it.epochs[0].receipts[1].digest = 'd'.repeat(64)),
    ],
    [
      'units that the receipt does not say',
      'receipts',
      (it) => void (it.epochs[0].receipts[4].units.outTokens = 40),
    ],
    [
      'a pay that does not follow from the prices',
      'prices',
      (it) => void (it.epochs[0].receipts[2].pay = '1'),
    ],
    [
      'a price table with lower rates',
      'prices',
      (it) => void (it.prices[0] = it.prices[0].replaceAll('9000000', '8000000')),
    ],
    [
      'a receipt at another place of the tree',
      'receipt-leaves',
      (it) => void (it.epochs[0].receipts[0].index += 1),
    ],
    ['a receipt left out', 'totals', (it) => void it.epochs[2].receipts.splice(1, 1)],
    ['a balance of another size', 'totals', (it) => void (it.epochs[1].balance.total = '1')],
    [
      'a balance whose path is broken',
      'balance-leaves',
      (it) => void (it.epochs[2].balance.path[0] = 'e'.repeat(64)),
    ],
    [
      'an epoch with another root before it',
      'roots',
      (it) => void (it.epochs[1].previousRoot = 'f'.repeat(64)),
    ],
    ['a voucher of another total', 'voucher', (it) => void (it.voucher.total = '999999')],
    ['a root that the vault did not take', 'vault-root', (it) => void (it.epochs[2].lt = '78')],
    [
      'a payout that the vault did not make',
      'payouts',
      (it) => void ((it.payouts[1].amount = '201'), (it.paid = '301')),
    ],
  ]
  test.each(lies)('with %s breaks at %s', async (_name, link, lie) => {
    const tampered = structuredClone(good) as Tamper
    lie(tampered)

    const report = await check(readStatement(tampered), chainOf(good))

    expect(report.broken?.link).toBe(link)
    expect(report.broken?.at).toMatch(/^(epochs|prices|payouts|voucher|paid)/)
  })

  test('that is malformed is refused by the path of its first wrong field', () => {
    const refusal = (change: (it: Tamper) => void): string => {
      const tampered = structuredClone(good) as Tamper
      change(tampered)
      try {
        readStatement(tampered)
        return 'accepted'
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        return `${error.code} ${String(error.details['field'])}`
      }
    }

    expect(refusal((it) => void (it.epochs[2].receipts[0].pay = '-1'))).toBe(
      'statement.invalid epochs.2.receipts.0.pay',
    )
    expect(refusal((it) => void (it.vault = 'EQ'))).toBe('statement.invalid vault')
    expect(refusal((it) => void (it.more = 1))).toBe('statement.invalid members')
  })
})

describe('commit epochs', () => {
  test('follow each other, and publish each receipt once', async () => {
    const epochs = await db.rows.statementEpoch.findMany({ orderBy: { epoch: 'asc' } })

    expect(epochs.map(({ epoch, receipts }) => [epoch, receipts])).toEqual([
      [1, 12],
      [2, 0],
      [3, 6],
    ])
    const [first, second] = epochs
    expect(second?.balancesRoot).toBe(first?.balancesRoot)
    expect(second?.root).not.toBe(first?.root)
    expect(await db.rows.commitEpoch.count()).toBe(3)
  })
})

/** Whatever a liar writes. */
type Tamper = ReturnType<typeof JSON.parse>

const replace = (it: Tamper, from: string, to: string): void => {
  const [receipt] = it.epochs[0].receipts
  receipt.document = receipt.document.replace(from, to)
  receipt.digest = sha256Hex(utf8(receipt.document))
}
