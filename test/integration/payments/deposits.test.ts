import { Address, beginCell, type Cell } from '@ton/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { type Database, openDatabase } from '../../../src/db/database.ts'
import type { Tx as ChainTx } from '../../../src/payments/chain/port.ts'
import { createDeposits, leastNano } from '../../../src/payments/deposits/deposits.ts'
import { isMemo } from '../../../src/payments/deposits/memo.ts'
import { balanceOf } from '../../../src/payments/ledger/ledger-store.ts'
import { quietLog } from '../../support/quiet-log.ts'

let db: Database
beforeAll(async () => {
  db = await openDatabase({ url: 'memory:', clock: systemClock })
}, 180_000)
afterAll(() => db.close())

const addressOf = (byte: number): Address =>
  Address.parseRaw(`0:${byte.toString(16).padStart(2, '0').repeat(32)}`)
const sender = addressOf(0xee)

let wallets = 0
let lts = 0n
/** A deposit wallet of its own, whose history the test writes. */
function world() {
  wallets += 1
  const wallet = addressOf(wallets)
  const history: ChainTx[] = []
  const chain = {
    transactions: async (
      _address: Address,
      { afterLt, limit = 100 }: { afterLt: bigint; limit?: number },
    ) => history.filter((it) => it.lt > afterLt).slice(0, limit),
  }
  const open = () => createDeposits({ db, chain, wallet, clock: systemClock, log: quietLog })
  const came = (body: Cell, more: { nano?: bigint; tx?: Partial<ChainTx> } = {}): ChainTx => {
    lts += 10n
    const tx: ChainTx = {
      account: wallet,
      lt: lts,
      hash: lts.toString(16).padStart(64, '0'),
      prevLt: 0n,
      prevHash: '',
      utime: 1_790_000_000,
      exitCode: 0,
      actionCode: 0,
      gasUsed: 0n,
      ok: true,
      totalFeesNano: 0n,
      in: {
        kind: 'internal',
        source: sender,
        valueNano: more.nano ?? 1_500_000_000n,
        isBounced: false,
        body,
        createdLt: lts,
        hash: '',
      },
      out: [],
      raw: beginCell().endCell(),
      ...more.tx,
    }
    history.push(tx)
    return tx
  }
  return { wallet, came, open, deposits: open() }
}

const comment = (text: string): Cell => beginCell().storeUint(0, 32).storeStringTail(text).endCell()
const encrypted = beginCell().storeUint(0x2167da4b, 32).storeUint(1, 64).endCell()
const sum = (account: string): Promise<bigint> => balanceOf(db.rows, account, 'nano')
let people = 0
const customer = (): string => {
  people += 1
  return `customer:${people.toString(16).padStart(32, 'a')}`
}

test('a code is the same for ever, has a check character, and no two accounts share one', async () => {
  const { deposits } = world()

  const code = await deposits.codeFor('customer:one')

  expect(code).toMatch(/^CH[0-9A-HJKMNP-TV-Z]{9}$/)
  expect(isMemo(code)).toBe(true)
  expect(await deposits.codeFor('customer:one')).toBe(code)
  expect(await deposits.codeFor('customer:two')).not.toBe(code)
  const other = code.at(4) === '7' ? '8' : '7'
  expect(isMemo(`${code.slice(0, 4)}${other}${code.slice(5)}`)).toBe(false)
})

test('a transfer with a code is credited once, however often it is read and by however many', async () => {
  const { came, open, deposits } = world()
  const account = customer()
  const code = await deposits.codeFor(account)
  came(comment(` ${code.toLowerCase()} \n`))

  const counts = [await deposits.read(), await deposits.read(), await open().read()]
  await Promise.all([open().read(), open().read()])

  expect(counts).toEqual([1, 0, 0])
  expect(await sum(account)).toBe(1_500_000_000n)
})

test('a comment over several cells counts as one', async () => {
  const { came, deposits } = world()
  const account = customer()
  const code = await deposits.codeFor(account)
  const tail = beginCell().storeStringTail(code.slice(3)).endCell()
  came(beginCell().storeUint(0, 32).storeStringTail(code.slice(0, 3)).storeRef(tail).endCell())

  await deposits.read()

  expect(await sum(account)).toBe(1_500_000_000n)
})

test('what names nobody is kept in suspense with the reason, and nothing is lost', async () => {
  const { came, deposits } = world()
  const account = customer()
  const code = await deposits.codeFor(account)
  const before = await sum('suspense')
  came(beginCell().endCell())
  came(comment(''))
  came(comment('thank you'))
  came(comment('CH00000000A'))
  came(encrypted)
  came(beginCell().storeUint(0x595f07bc, 32).endCell())
  came(beginCell().storeUint(0, 32).storeBit(1).endCell())
  came(comment(code), { nano: leastNano - 1n })
  came(comment(code), { tx: { ok: false, exitCode: 9 } })

  expect(await deposits.read()).toBe(9)

  const rows = await deposits.suspense()
  expect(rows.map((it) => it.reason)).toEqual([
    'no-memo',
    'no-memo',
    'unknown-memo',
    'unknown-memo',
    'encrypted',
    'other',
    'other',
    'small',
    'failed',
  ])
  expect(rows.every((it) => it.source === sender.toRawString())).toBe(true)
  expect((await sum('suspense')) - before).toBe(8n * 1_500_000_000n + leastNano - 1n)
  expect(await sum(account)).toBe(0n)
})

test('what brings nothing leaves no row: messages from outside, our own that bounced, transfers sent back', async () => {
  const { came, deposits } = world()
  const { in: message } = came(comment('x'))
  const code = await deposits.codeFor(customer())
  came(comment(code), { tx: { in: message && { ...message, kind: 'external', source: null } } })
  came(comment(code), { tx: { in: message && { ...message, isBounced: true } } })
  came(comment(code), { tx: { in: null } })
  const back = {
    kind: 'internal',
    to: sender,
    topic: null,
    valueNano: 1n,
    bounce: false,
    body: beginCell().endCell(),
    createdLt: 1n,
    hash: '',
  } as const
  came(comment(code), { tx: { ok: false, out: [back] } })

  expect(await deposits.read()).toBe(1)
})

test('an operator who has found the owner assigns a transfer once', async () => {
  const { came, deposits } = world()
  const account = customer()
  const { lt } = came(comment('hello'))
  await deposits.read()
  const before = await sum('suspense')

  const results = await Promise.all([deposits.assign(lt, account), deposits.assign(lt, account)])

  expect(results.filter(Boolean)).toEqual([true])
  expect(await sum(account)).toBe(1_500_000_000n)
  expect(await sum('suspense')).toBe(before - 1_500_000_000n)
  await expect(deposits.assign(lt, 'revenue')).rejects.toMatchObject({ code: 'deposit.account' })
})

test('more transfers than one page are all read', async () => {
  const { came, deposits } = world()
  for (let at = 0; at < 60; at++) came(comment(`number ${at}`))

  expect(await deposits.read()).toBe(60)
  expect(await deposits.read()).toBe(0)
})
