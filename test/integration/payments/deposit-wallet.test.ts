import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Address, beginCell, type Cell, comment, internal } from '@ton/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openControl } from '../../../src/cli/control.ts'
import { sweepCall } from '../../../src/cli/deposit-sweep.ts'
import { depositCalls, runDeposits } from '../../../src/cli/deposits.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'
import { systemClock as clock } from '../../../src/core/clock.ts'
import { Lifetime } from '../../../src/core/lifetime.ts'
import type { Database } from '../../../src/db/database.ts'
import { createTonChain } from '../../../src/payments/chain/ton-client.ts'
import { cellSigner } from '../../../src/payments/contracts/sign.ts'
import { checkLedger } from '../../../src/payments/ledger/check.ts'
import { balanceOf } from '../../../src/payments/ledger/ledger-store.ts'
import { main, type Payments } from '../../../src/payments/main.ts'
import { readChainFile } from '../../../src/payments/settlement/chain-file.ts'
import { sendFrom } from '../../../src/payments/settlement/send.ts'
import { openWallet } from '../../../src/payments/settlement/wallet.ts'
import { COIN } from '../../support/localnet.ts'
import { quietLog } from '../../support/quiet-log.ts'
import { openTestDatabase } from '../../support/stores.ts'

/** The money side as `start` opens it, with the chain of this machine and the door that commands come by. */
const dataDir = mkdtempSync(join(tmpdir(), 'chrysalis-deposits-'))
const life = new Lifetime({ log: quietLog, clock })
let db: Database
let payments: Payments
beforeAll(async () => {
  db = await openTestDatabase()
  life.keep('database', db, (it) => it.close())
  const env = { CHRYSALIS_DATA: dataDir }
  payments = await main({ env, db, log: quietLog, clock, life }, { settles: true })
  const calls = {
    ...depositCalls(payments.deposits),
    'deposits.sweep': sweepCall(payments, life.signal),
  }
  life.keep('control', await openControl({ dataDir, facts: () => undefined, calls }), (it) =>
    it.close(),
  )
}, 180_000)
afterAll(async () => {
  await life.close()
  rmSync(dataDir, { recursive: true, force: true })
}, 60_000)

async function said(...args: string[]): Promise<string> {
  const lines: string[] = []
  const terminal: Terminal = {
    out: (line) => void lines.push(line),
    err: () => undefined,
    isInteractive: false,
  }
  await runDeposits([...args, '--data', dataDir], {}, terminal)
  return lines.join('\n')
}
const run = async (...args: string[]): Promise<unknown> => JSON.parse(await said(...args, '--json'))
interface Listed {
  deposits: {
    id: string
    nano: string
    state: string
    reason?: string
    source: string
    hash: string
  }[]
}
const list = async () => ((await run('list')) as Listed).deposits
async function listOf(count: number): Promise<Listed['deposits']> {
  for (;;) {
    const found = await list()
    if (found.length >= count) return found
    await clock.sleep(100)
  }
}
const nanoOf = (account: string): Promise<bigint> => balanceOf(db.rows, account, 'nano')

test('a comment with a code is credited once; a wrong, a missing and an encrypted one wait, and are given to somebody once', async () => {
  const file = readChainFile(dataDir)
  const to = Address.parseRaw(file?.deposits ?? '')
  const chain = createTonChain({ provider: { endpoint: file?.endpoint ?? '' }, clock })
  const { code, wallet } = (await run('code', 'customer:dev-1')) as { code: string; wallet: string }
  const { code: other } = (await run('code', 'customer:dev-2')) as { code: string }
  expect(wallet).toBe(to.toRawString())
  const sender = openWallet(cellSigner(Buffer.alloc(32, 77)), file?.globalId ?? 0)
  await fetch(new URL('/sim/faucet', file?.endpoint), {
    method: 'POST',
    body: JSON.stringify({ address: sender.address.toRawString(), nano: String(50n * COIN) }),
  })
  // The wallet is there before anybody pays into it.
  while ((await chain.account(to)).state !== 'active') await clock.sleep(100)

  const encrypted = beginCell().storeUint(0x2167da4b, 32).storeUint(1, 64).endCell()
  const bodies: readonly Cell[] = [
    comment(` ${code.toLowerCase()}`),
    comment('CH00000000A'),
    beginCell().endCell(),
    encrypted,
  ]
  const messages = bodies.map((body, at) =>
    internal({ to, value: BigInt(at + 1) * COIN, bounce: false, body }),
  )
  await sendFrom(sender, messages, { chain, clock, signal: life.signal })

  const rows = await listOf(4)
  const facts = rows.map(({ nano, state, reason = '' }) => `${nano} ${state} ${reason}`)
  expect(new Set(facts)).toEqual(
    new Set([
      '1000000000 credited ',
      '2000000000 suspense unknown-memo',
      '3000000000 suspense no-memo',
      '4000000000 suspense encrypted',
    ]),
  )
  expect(rows.every(({ source }) => source === sender.address.toRawString())).toBe(true)
  await Promise.all([payments.deposits?.read(), payments.deposits?.read()])
  expect(await nanoOf('customer:dev-1')).toBe(COIN)
  expect(await nanoOf('suspense')).toBe(9n * COIN)

  const words = await said('list')
  for (const why of ['credited', 'no comment', 'nobody’s code', 'an encrypted comment'])
    expect(words).toContain(why)
  expect(words).toContain('./chrysalis deposits assign NAME CODE')
  for (const { id, hash } of rows)
    expect([words.includes(id), words.includes(hash)]).toEqual([true, true])
  for (const { id } of rows.filter(({ state }) => state === 'suspense')) {
    expect(await run('assign', id, other.toLowerCase())).toEqual({ id, account: 'customer:dev-2' })
    await expect(run('assign', id, code)).rejects.toMatchObject({ code: 'deposit.not-waiting' })
  }
  expect(await nanoOf('customer:dev-2')).toBe(9n * COIN)
  expect(await nanoOf('suspense')).toBe(0n)
  expect((await list()).filter(({ state }) => state === 'suspense')).toEqual([])
  expect(await checkLedger(db, clock)).toMatchObject({ ok: true })
}, 180_000)

test('what the faucet sends with a comment is a deposit too', async () => {
  const { code, wallet } = (await run('code', 'customer:dev-3')) as { code: string; wallet: string }
  const before = (await list()).length

  await fetch(new URL('/sim/faucet', readChainFile(dataDir)?.endpoint), {
    method: 'POST',
    body: JSON.stringify({ address: wallet, nano: String(COIN), comment: code }),
  })
  await listOf(before + 1)

  expect(await nanoOf('customer:dev-3')).toBe(COIN)
}, 180_000)

test('what was paid in goes on to the vault by one command, and the books stay those of the chain', async () => {
  const file = readChainFile(dataDir)
  const chain = createTonChain({ provider: { endpoint: file?.endpoint ?? '' }, clock })
  const held = async (address = '') => (await chain.account(Address.parseRaw(address))).balanceNano
  const { hash } = Address.parseRaw(file?.vault ?? '')
  const books = async () =>
    (await nanoOf('treasury')) + (await nanoOf(`vault:${hash.toString('hex')}`))
  const owned = async () => (await held(file?.deposits)) + (await held(file?.vault))
  // What the chain has is on the debit side; what was there before anything was paid in is not in the books.
  const outside = (await owned()) + (await books())
  const dry = (await run('sweep', '--dry-run')) as { outcome: string; amountNano: string }
  expect(dry).toMatchObject({ outcome: 'dry-run', vault: file?.vault, wallet: file?.deposits })
  expect(BigInt(dry.amountNano)).toBeGreaterThan(9n * COIN)

  expect(await run('sweep')).toMatchObject({ outcome: 'swept', amountNano: dry.amountNano })

  expect(await run('sweep')).toMatchObject({ outcome: 'nothing', amountNano: '0' })
  const isBooked = async () => (await owned()) + (await books()) === outside
  while (!(await isBooked())) await clock.sleep(100)
  expect(await checkLedger(db, clock)).toMatchObject({ ok: true })
}, 180_000)

test.each([
  ['code', ['code', 'revenue'], 'deposit.account'],
  ['code', ['code', 'customer:UPPER'], 'deposit.account'],
  ['assign', ['assign', '12', 'CH00000000A'], 'deposit.id'],
  ['assign', ['assign', `0:${'a'.repeat(64)}:12`, 'CH00000000A'], 'deposit.id'],
])('%s refuses %j with %s', async (_step, args, code) => {
  await expect(run(...args)).rejects.toMatchObject({ code })
})

test('a code of nobody, a transfer of nobody and half a command line are refused by what is wrong with them', async () => {
  const { code, wallet } = (await run('code', 'customer:dev-4')) as { code: string; wallet: string }

  await expect(run('assign', `${wallet}:1`, 'CH00000000A')).rejects.toMatchObject({
    code: 'deposit.code',
  })
  await expect(run('assign', `${wallet}:1`, code)).rejects.toMatchObject({
    code: 'deposit.not-waiting',
  })
  for (const args of [[], ['list', 'more'], ['code'], ['assign', 'x'], ['take']])
    await expect(run(...args)).rejects.toMatchObject({ message: 'usage' })
  expect(await run('code', 'customer:dev-4')).toEqual({ account: 'customer:dev-4', wallet, code })
  const words = await said('code', 'customer:dev-4')
  expect(words).toContain(code)
  expect(words).toContain(Address.parseRaw(wallet).toString({ bounceable: false, testOnly: true }))
  expect(words).toContain('It is not lost: give your operator this code')
})

test('where no wallet takes deposits, the commands say so', async () => {
  await expect(depositCalls(undefined)['deposits.list']({})).rejects.toMatchObject({
    code: 'deposit.wallet',
  })
})
