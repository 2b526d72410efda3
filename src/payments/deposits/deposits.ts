/** @module Deposits of developers: transfers to the deposit wallet, credited once by their comment or kept in suspense (PAY §13). */
import type { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Database } from '../../db/database.ts'
import type { ChainPort, Tx as ChainTx } from '../chain/port.ts'
import { isCustomerAccount } from '../ledger/accounts.ts'
import { post } from '../ledger/ledger-store.ts'
import { createDepositStore, type DepositReason, type DepositRow } from './deposit-store.ts'
import { isMemo, newMemo, readComment } from './memo.ts'

export interface DepositBooksDeps {
  readonly db: Database
  /** The operator's wallet that takes deposits. */
  readonly wallet: Address
  readonly clock: Clock
}

export interface DepositsDeps extends DepositBooksDeps {
  readonly chain: Pick<ChainPort, 'transactions'>
  /** Raw addresses of the operator: money that only changes between them is no deposit. */
  readonly own?: ReadonlySet<string>
  readonly log: Log
}

/** What needs no chain. */
export interface DepositBooks {
  readonly wallet: Address
  /** The comment for a ledger account, `customer:<id>`; the same for ever. Throws `deposit.account`. */
  codeFor(account: string): Promise<string>
  /** Whose code it is; undefined for nobody's. */
  accountOf(code: string): Promise<string | undefined>
  /** Transfers that are nobody's yet, oldest first. */
  suspense(): Promise<readonly DepositRow[]>
  /** Those in suspense and the newest credited ones, at most `limit` of each; newest first. */
  list(limit: number): Promise<readonly DepositRow[]>
  /** An operator has found out whose it is: once. False when it was not in suspense. Throws `deposit.account`. */
  assign(lt: bigint, account: string): Promise<boolean>
}

export interface Deposits extends DepositBooks {
  /** Books what came in since the last time; gives back how many transfers were new. Throws `chain.unavailable`, `chain.gap`. */
  read(): Promise<number>
}

/** 0.05 coin: below it the work of a deposit costs more than it brings. */
export const leastNano = 50_000_000n
const pageSize = 50

export function createDeposits(deps: DepositsDeps): Deposits {
  const { db, chain, wallet, own, clock, log } = deps
  const store = createDepositStore(deps)
  const name = wallet.hash.toString('hex')
  let cursor: bigint | undefined

  async function book(row: DepositRow, account: string): Promise<boolean> {
    return db.transaction(async (tx) => {
      if (!(await store.add(tx, row))) return false
      await post(tx, {
        reason: row.state === 'credited' ? 'deposit' : 'deposit.suspense',
        ref: `${name}:${row.lt}`,
        atMs: clock.now(),
        postings: [
          { account: 'treasury', asset: 'nano', amount: -row.nano },
          { account, asset: 'nano', amount: row.nano },
        ],
      })
      return true
    })
  }

  async function take(chainTx: ChainTx): Promise<boolean> {
    const deposit = depositOf(chainTx, name)
    if (!deposit || own?.has(deposit.source) === true) return false
    const account = deposit.code === undefined ? undefined : await store.accountOf(deposit.code)
    const isTheirs = deposit.reason === undefined && account !== undefined
    const reason = deposit.reason ?? (isTheirs ? undefined : 'unknown-memo')
    const row: DepositRow = {
      ...deposit,
      state: isTheirs ? 'credited' : 'suspense',
      ...(reason !== undefined && { reason }),
    }
    const isNew = await book(row, isTheirs ? account : 'suspense')
    if (isNew && isTheirs) log.info('deposit.credited', { nano: row.nano })
    else if (isNew) log.warn('deposit.unattributed', { nano: row.nano, reason })
    return isNew
  }

  return {
    ...openDepositBooks(deps),
    read: async () => {
      cursor ??= await store.lastLt(name)
      let count = 0
      for (;;) {
        const page = await chain.transactions(wallet, { afterLt: cursor, limit: pageSize })
        for (const one of page) {
          if (await take(one)) count++
          cursor = one.lt
        }
        if (page.length < pageSize) return count
      }
    },
  }
}

const checkAccount = (account: string): void => {
  if (!isCustomerAccount(account)) throw new AppError('deposit.account')
}

/** Codes and what was booked. */
export function openDepositBooks(deps: DepositBooksDeps): DepositBooks {
  const { db, wallet, clock } = deps
  const store = createDepositStore(deps)
  const name = wallet.hash.toString('hex')
  return {
    wallet,
    codeFor: async (account) => {
      checkAccount(account)
      for (;;) {
        const known = await store.codeOf(account)
        if (known !== undefined) return known
        await store.addCode(newMemo(), account, clock.now())
      }
    },
    accountOf: (code) => store.accountOf(code),
    suspense: () => store.suspense(name),
    list: (limit) => store.list(name, limit),
    assign: async (lt, account) => {
      checkAccount(account)
      return db.transaction(async (tx) => {
        const key = { wallet: name, lt }
        if (!(await store.takeFromSuspense(tx, key))) return false
        const row = await store.find(tx, key)
        if (!row) return false
        await post(tx, {
          reason: 'deposit.claimed',
          ref: `${name}:${lt}`,
          atMs: clock.now(),
          postings: [
            { account: 'suspense', asset: 'nano', amount: -row.nano },
            { account, asset: 'nano', amount: row.nano },
          ],
        })
        return true
      })
    },
  }
}

/** Undefined for what brings nothing: messages from outside, our own that bounced, and transfers the wallet sent back. */
function depositOf(chainTx: ChainTx, wallet: string): Omit<DepositRow, 'state'> | undefined {
  const message = chainTx.in
  const source = message?.source
  if (message?.kind !== 'internal' || !source || message.isBounced || message.valueNano === 0n)
    return undefined
  if (!chainTx.ok && chainTx.out.some(({ to }) => to?.equals(source) === true)) return undefined
  const { reason, code } = readMemo(chainTx)
  return {
    wallet,
    lt: chainTx.lt,
    hash: chainTx.hash,
    source: source.toRawString(),
    nano: message.valueNano,
    atMs: chainTx.utime * 1000,
    ...(reason !== undefined && { reason }),
    ...(code !== undefined && { code }),
  }
}

/** The code of a transfer that may be credited, or why it may not. */
function readMemo(chainTx: ChainTx): { reason?: DepositReason; code?: string } {
  if (!chainTx.ok || !chainTx.in) return { reason: 'failed' }
  const comment = readComment(chainTx.in.body)
  switch (comment.kind) {
    case 'none':
      return { reason: 'no-memo' }
    case 'encrypted':
    case 'other':
      return { reason: comment.kind }
    case 'text': {
      if (!isMemo(comment.text)) return { reason: 'unknown-memo' }
      const code = comment.text
      return chainTx.in.valueNano < leastNano ? { reason: 'small', code } : { code }
    }
  }
}
