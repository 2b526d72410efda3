import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { createTonChain } from '../../src/payments/chain/ton-client.ts'
import { payeeAddress } from '../../src/payments/contracts/vault-config.ts'
import type { Localnet } from '../../src/payments/localnet/localnet.ts'
import { readChainFile } from '../../src/payments/settlement/chain-file.ts'
import { testLocalnet } from '../support/localnet.ts'
import {
  defaultModelsMissing,
  processesOf,
  runCli,
  type System,
  startSystem,
} from '../support/system.ts'

interface Earnings {
  readonly payee: string
  readonly earnedNano: string
  readonly unsignedNano: string
  readonly paidNano: string
  readonly paidIsChecked: boolean
  readonly jobs: number
  readonly stopped?: unknown
}

/** Known only when a system runs: what is left of it is found by its name. */
let data = ''
let system: System
/** The chain on its own, when whoever ran it is gone. */
let chainAlone: Localnet | undefined

beforeAll(async () => {
  if (defaultModelsMissing) return
  system = await startSystem()
  data = system.dataDir
})
afterAll(async () => {
  await chainAlone?.close()
  if (data === '') return
  killAll()
  rmSync(data, { recursive: true, force: true })
})

function killAll(): void {
  for (const pid of [-system.pid, ...processesOf(data)])
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It is gone already.
    }
}
const run = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await runCli([...args, '--data', data])
  // What was answered instead is worth seeing.
  expect({ args, code, err, ...(code !== 0 && { out }) }).toEqual({ args, code: 0, err: '' })
  return out
}
const ask = (text: string): Promise<string> => run('try', '--json', text)
const earnings = async (...more: readonly string[]): Promise<Earnings> =>
  JSON.parse(await run('worker', 'earnings', '--json', ...more)) as Earnings
/** The answer is in the chat before the worker has its voucher. */
const earningsAfter = async (jobs: number): Promise<Earnings> => {
  for (;;) {
    const now = await earnings()
    if (now.jobs >= jobs && now.unsignedNano === '0') return now
  }
}

test.skipIf(defaultModelsMissing)(
  'a job makes a voucher, a settle pays it on chain, and books and statement agree with it',
  async () => {
    const before = await earnings()
    await ask('Bonjour, comment allez-vous ?')
    const earned = await earningsAfter(1)

    const settled = JSON.parse(await run('settle', '--now', '--json')) as object
    const again = JSON.parse(await run('settle', '--now', '--json')) as object
    const paid = await earnings()
    const books = JSON.parse(await run('ledger', 'check', '--json')) as object
    const file = join(data, 'statement.json')
    await run('statement', 'get', paid.payee, '--out', file)
    const statement = await runCli(['statement', 'check', file, '--json'])

    expect([before.earnedNano, before.paidNano, before.jobs]).toEqual(['0', '0', 0])
    expect(BigInt(earned.earnedNano)).toBeGreaterThan(0n)
    expect(earned.stopped).toBeUndefined()
    expect(settled).toMatchObject({ payees: 1, paidNano: earned.earnedNano })
    expect(again).toMatchObject({ payees: 0, paidNano: '0' })
    expect(paid).toMatchObject({ paidNano: earned.earnedNano, paidIsChecked: true })
    const { balanceNano } = await openChain().account(payeeAddress(paid.payee))
    expect(balanceNano).toBe(BigInt(earned.earnedNano))
    expect(books).toMatchObject({ ok: true })
    expect(statement.code).toBe(0)
    expect(JSON.parse(statement.out)).toMatchObject({ ok: true })
  },
)

test.skipIf(defaultModelsMissing)(
  'with everything of the operator killed, the worker collects the rest by its voucher alone',
  async () => {
    await ask('Guten Morgen, wann kommst du?')
    const earned = await earningsAfter(2)
    const owed = BigInt(earned.earnedNano) - BigInt(earned.paidNano)

    killAll()
    await system.stop()
    chainAlone = await testLocalnet({
      folder: join(data, 'chain'),
      clock: systemClock,
      blocks: 'auto',
    })
    const claimed = JSON.parse(
      await run('worker', 'claim', '--yes', '--json', '--chain', chainAlone.url),
    ) as object
    const paid = await earnings('--chain', chainAlone.url)

    expect(owed).toBeGreaterThan(0n)
    expect(claimed).toEqual({ paidNano: String(owed) })
    expect(paid).toMatchObject({ paidNano: earned.earnedNano, paidIsChecked: true })
  },
)

const openChain = () =>
  createTonChain({
    provider: { endpoint: readChainFile(data)?.endpoint ?? '' },
    clock: systemClock,
  })
