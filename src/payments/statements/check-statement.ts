/** @module Whether a statement hangs together, link by link, each with a word of its own (PAY §15). Hashes, signatures and the chain come from whoever calls. */
import { toHex, utf8 } from '../../core/bytes.ts'
import type { Units } from '../../core/units.ts'
import { differs, payOf } from '../prices/rates.ts'
import { balanceLeaf, bytesOf, epochRoot, NO_ROOT, receiptLeaf } from './leaves.ts'
import { rootAbove, type Sha256 } from './merkle.ts'
import { rowsOf, type StatedRow } from './price-text.ts'
import type { Statement, StatementEpoch, StatementReceipt } from './statement.ts'

/** The links of the chain from a worker's signature to the coins, in the order they are checked. */
const LINKS = [
  'receipts',
  'prices',
  'receipt-leaves',
  'totals',
  'balance-leaves',
  'roots',
  'voucher',
  'vault-root',
  'payouts',
] as const
export type Link = (typeof LINKS)[number]

/** `unchecked`: nothing contradicts it, and what would show it is not at hand. */
export interface LinkReport {
  readonly link: Link
  readonly state: 'holds' | 'broken' | 'unchecked'
  /** Path of the field that breaks it, as in `epochs.2.receipts.0.pay`. */
  readonly at?: string
  /** How many things of its kind were checked. */
  readonly count: number
}

export interface StatementReport {
  readonly links: readonly LinkReport[]
  /** The first broken one. */
  readonly broken: LinkReport | undefined
  readonly facts: {
    readonly receipts: number
    /** In the last epoch of the file. */
    readonly earnedNano: bigint
    readonly paidNano: bigint
    /** Signed and in no epoch yet. */
    readonly uncommittedNano: bigint
    /** Earned without a receipt, as the file says: a gift to its reader, whose reason nothing here shows. */
    readonly correctedNano: bigint
    /** Published epochs that the file says nothing of. */
    readonly lostEpochs: number
    /** Receipts that are no longer kept, and answers that were called free of charge. */
    readonly withoutDocument: number
    readonly uncharged: number
  }
}

/** What a worker's signed receipt says, once its form and signature are right. */
export interface ReadReceipt {
  /** `sha256:…` of the keyset that signed it. */
  readonly keyset: string
  readonly task: string
  readonly model: string
  readonly units: Units
}

/** What the vault says by itself. Each method throws `chain.*` when it does not answer. */
export interface StatementChain {
  /** The commitment that the transaction at this logical time took; undefined for any other transaction. */
  committedAt(lt: bigint): Promise<{ epoch: number; totalNano: bigint; root: string } | undefined>
  /** What the vault paid to the payee in all. */
  paidNano(): Promise<bigint>
  /** What the transaction at this logical time paid to the payee; 0 for any other transaction. */
  payoutAt(lt: bigint): Promise<bigint>
}

export interface StatementPorts {
  readonly sha256: Sha256
  /** Undefined unless `document` is a receipt in its canonical form, signed by the receipt key of `keyset` (canonical text). */
  readonly readReceipt: (document: string, keyset: string) => Promise<ReadReceipt | undefined>
  /** Which keyset a receipt names; undefined for what is no receipt. */
  readonly keysetNamed: (document: string) => string | undefined
  /** Whether the file's voucher is signed by its key, for its vault, payee and network. */
  readonly isVoucher: (statement: Statement) => boolean
  readonly chain?: StatementChain
}

/** Where a link breaks; the rest of it is not looked at. */
class Broken extends Error {
  readonly at: string

  constructor(at: string) {
    super('broken')
    this.at = at
  }
}

/** What one link found; `count` may be 0. Throws `Broken`. */
type Check = () => Promise<{ readonly count: number; readonly isUnchecked?: boolean }>

/** Checks everything that can be checked; a broken link does not hide a later one. */
export async function checkStatement(
  statement: Statement,
  ports: StatementPorts,
): Promise<StatementReport> {
  const checks: Readonly<Record<Link, Check>> = {
    receipts: () => checkReceipts(statement, ports),
    prices: async () => checkPrices(statement),
    'receipt-leaves': async () => checkReceiptLeaves(statement, ports),
    totals: async () => checkTotals(statement),
    'balance-leaves': async () => checkBalanceLeaves(statement, ports),
    roots: async () => checkRoots(statement, ports),
    voucher: async () => checkVoucher(statement, ports),
    'vault-root': () => checkVaultRoot(statement, ports),
    payouts: () => checkPayouts(statement, ports),
  }
  const links: LinkReport[] = []
  for (const link of LINKS) links.push(await reportOf(link, checks[link]))
  const receipts = statement.epochs.flatMap((epoch) => epoch.receipts)
  const earnedNano = BigInt(statement.epochs.at(-1)?.balance?.total ?? 0)
  const signedNano = BigInt(statement.voucher?.total ?? 0)
  return {
    links,
    broken: links.find(({ state }) => state === 'broken'),
    facts: {
      receipts: receipts.length,
      earnedNano,
      paidNano: BigInt(statement.paid),
      uncommittedNano: signedNano > earnedNano ? signedNano - earnedNano : 0n,
      lostEpochs: (statement.epochs.at(-1)?.epoch ?? 0) - statement.epochs.length,
      correctedNano: (statement.corrections ?? []).reduce((sum, it) => sum + BigInt(it.amount), 0n),
      withoutDocument: receipts.filter(({ document }) => document === undefined).length,
      uncharged: receipts.filter(({ charged }) => !charged).length,
    },
  }
}

async function reportOf(link: Link, check: Check): Promise<LinkReport> {
  try {
    const { count, isUnchecked = false } = await check()
    return { link, state: isUnchecked ? 'unchecked' : 'holds', count }
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return { link, state: 'broken', at: error.at, count: 0 }
  }
}

function ensure(holds: boolean, at: string): void {
  if (!holds) throw new Broken(at)
}

interface Located {
  readonly receipt: StatementReceipt
  readonly epoch: StatementEpoch
  /** `epochs.2.receipts.0` */
  readonly at: string
}

const located = ({ epochs }: Statement): Located[] =>
  epochs.flatMap((epoch, number) =>
    epoch.receipts.map((receipt, place) => ({
      receipt,
      epoch,
      at: `epochs.${String(number)}.receipts.${String(place)}`,
    })),
  )

/** Every kept receipt is signed, is the one its digest names, and says what was charged for. */
async function checkReceipts(statement: Statement, ports: StatementPorts) {
  const keysets = new Map(
    statement.keysets.map((text) => [`sha256:${toHex(ports.sha256(utf8(text)))}`, text]),
  )
  const seen = new Set<string>()
  let count = 0
  for (const { receipt, at } of located(statement)) {
    ensure(!seen.has(receipt.digest), `${at}.digest`)
    seen.add(receipt.digest)
    const { document } = receipt
    if (document === undefined) continue
    ensure(toHex(ports.sha256(utf8(document))) === receipt.digest, `${at}.digest`)
    const keyset = keysets.get(ports.keysetNamed(document) ?? '')
    if (keyset === undefined) throw new Broken(`${at}.document`)
    const said = await ports.readReceipt(document, keyset)
    if (!said) throw new Broken(`${at}.document`)
    ensure(said.task === receipt.task, `${at}.task`)
    ensure(said.model === receipt.model, `${at}.model`)
    ensure(!receipt.charged || !differs(said.units, receipt.units), `${at}.units`)
    count++
  }
  const isUnchecked = count === 0 && seen.size > 0
  return { count, isUnchecked }
}

/** Every pay follows from its price table and the units charged for. */
function checkPrices(statement: Statement) {
  const rows = new Map<string, StatedRow>()
  for (const [number, text] of statement.prices.entries()) {
    const table = rowsOf(text)
    if (!table) throw new Broken(`prices.${String(number)}`)
    for (const row of table) rows.set(rowName(row), row)
  }
  let count = 0
  for (const { receipt, at } of located(statement)) {
    const row = rows.get(rowName({ ...receipt, version: receipt.priceVersion }))
    if (!row) throw new Broken(`${at}.priceVersion`)
    const pay = receipt.charged ? payOf(receipt.units, row.worker) : 0n
    ensure(pay === BigInt(receipt.pay), `${at}.pay`)
    count++
  }
  return { count }
}

const rowName = (row: { version: number; task: string; model: string; tier: string }): string =>
  `${String(row.version)} ${row.task} ${row.model} ${row.tier}`

/** Every receipt is a leaf of its epoch's tree. */
function checkReceiptLeaves(statement: Statement, { sha256 }: StatementPorts) {
  let count = 0
  for (const { receipt, epoch, at } of located(statement)) {
    const leaf = receiptLeaf({
      digest: receipt.digest,
      payee: statement.payee,
      payNano: BigInt(receipt.pay),
      totalAfterNano: BigInt(receipt.totalAfter),
      priceVersion: receipt.priceVersion,
    })
    const place = {
      index: receipt.index,
      size: epoch.receiptCount,
      path: receipt.path.map(bytesOf),
    }
    const root = rootAbove(leaf, place, sha256)
    ensure(root !== undefined && toHex(root) === epoch.receiptsRoot, `${at}.path`)
    count++
  }
  return { count }
}

/** From nothing to the last balance, each total is the one before and the pay: no receipt is missing. Where a correction says so, a total is higher. */
function checkTotals({ epochs, corrections = [] }: Statement) {
  const jumps = new Map(corrections.map(({ before, amount }) => [BigInt(before), BigInt(amount)]))
  let total = 0n
  let count = 0
  for (const [number, epoch] of epochs.entries()) {
    const at = `epochs.${String(number)}`
    for (const [place, receipt] of epoch.receipts.entries()) {
      const before = BigInt(receipt.totalAfter) - BigInt(receipt.pay)
      for (let jump = jumps.get(total); jump && total < before; jump = jumps.get(total))
        total += jump
      total += BigInt(receipt.pay)
      const where = `${at}.receipts.${String(place)}.totalAfter`
      ensure(total === BigInt(receipt.totalAfter), where)
      count++
    }
    ensure(total === BigInt(epoch.balance?.total ?? 0), `${at}.balance`)
  }
  return { count }
}

/** Every balance is a leaf of its epoch's tree. */
function checkBalanceLeaves({ epochs, payee }: Statement, { sha256 }: StatementPorts) {
  let count = 0
  for (const [number, { balance, payeeCount, balancesRoot }] of epochs.entries()) {
    if (!balance) continue
    const leaf = balanceLeaf({ payee, totalNano: BigInt(balance.total) })
    const place = { index: balance.index, size: payeeCount, path: balance.path.map(bytesOf) }
    const root = rootAbove(leaf, place, sha256)
    const holds = root !== undefined && toHex(root) === balancesRoot
    ensure(holds, `epochs.${String(number)}.balance`)
    count++
  }
  return { count }
}

/** Every root follows from its trees and the root before, from the first epoch on; past lost epochs, from the last root of those. */
function checkRoots({ epochs, lost = [] }: Statement, { sha256 }: StatementPorts) {
  const lostRoots = new Map(lost.map(({ epoch, root }) => [epoch, root]))
  let previousRoot = NO_ROOT
  let previous = 0
  for (const [number, epoch] of epochs.entries()) {
    const at = `epochs.${String(number)}`
    const lostRoot = epoch.epoch > previous + 1 ? lostRoots.get(epoch.epoch - 1) : undefined
    ensure(epoch.epoch === previous + 1 || lostRoot !== undefined, `${at}.epoch`)
    previousRoot = lostRoot ?? previousRoot
    previous = epoch.epoch
    ensure(epoch.previousRoot === previousRoot, `${at}.previousRoot`)
    ensure(BigInt(epoch.balance?.total ?? 0) <= BigInt(epoch.total), `${at}.total`)
    ensure(epochRoot(epoch, sha256) === epoch.root, `${at}.root`)
    previousRoot = epoch.root
  }
  return { count: epochs.length }
}

/** The newest signed total is not below the last published one. */
function checkVoucher(statement: Statement, ports: StatementPorts) {
  const { voucher, epochs } = statement
  if (!voucher) return { count: 0, isUnchecked: true }
  ensure(ports.isVoucher(statement), 'voucher')
  const last = BigInt(epochs.at(-1)?.balance?.total ?? 0)
  ensure(BigInt(voucher.total) >= last, 'voucher.total')
  return { count: 1 }
}

/** The vault took the last root that it is said to have taken, and so all roots before it. */
async function checkVaultRoot({ epochs }: Statement, { chain }: StatementPorts) {
  const number = epochs.findLastIndex(({ lt }) => lt !== undefined)
  const epoch = epochs[number]
  if (!chain || epoch?.lt === undefined) return { count: 0, isUnchecked: epochs.length > 0 }
  const at = `epochs.${String(number)}`
  const taken = await chain.committedAt(BigInt(epoch.lt))
  if (!taken) throw new Broken(`${at}.lt`)
  ensure(taken.epoch === epoch.epoch, `${at}.epoch`)
  ensure(taken.root === epoch.root, `${at}.root`)
  ensure(taken.totalNano === BigInt(epoch.total), `${at}.total`)
  return { count: 1 }
}

/** Payouts sum up to what is said to be paid; on the chain each of them is there, and no coin more or less. */
async function checkPayouts({ payouts, paid }: Statement, { chain }: StatementPorts) {
  const paidNano = BigInt(paid)
  let sum = 0n
  let lastLt = -1n
  for (const [number, payout] of payouts.entries()) {
    const lt = BigInt(payout.lt)
    ensure(lt > lastLt, `payouts.${String(number)}.lt`)
    lastLt = lt
    sum += BigInt(payout.amount)
  }
  ensure(sum === paidNano, 'paid')
  if (!chain) return { count: payouts.length, isUnchecked: payouts.length > 0 }
  for (const [number, payout] of payouts.entries()) {
    const seen = await chain.payoutAt(BigInt(payout.lt))
    ensure(seen === BigInt(payout.amount), `payouts.${String(number)}`)
  }
  // The vault may have paid since the file was made; it cannot have paid less.
  ensure((await chain.paidNano()) >= paidNano, 'paid')
  return { count: payouts.length }
}
