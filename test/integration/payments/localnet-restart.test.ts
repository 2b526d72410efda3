import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Address } from '@ton/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { COIN, plainClient, sendCoins, testLocalnet, testWallet } from '../../support/localnet.ts'
import { RoleProcess } from '../../support/role-process.ts'
import { TestClock } from '../../support/test-clock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'localnet-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const alice = testWallet(1)
const from = alice.wallet.address
const to = testWallet(2).wallet.address
/** Whole coins: what rent took in between does not count. */
const coins = (nano: bigint): number => Number((nano + COIN / 2n) / COIN)
const file = () => join(folder, 'chain.jsonl')

test('a chain that was closed goes on where it was: accounts, history, numbers, prices and time', async () => {
  const clock = new TestClock()
  const first = await testLocalnet({ folder, clock, blocks: 'auto' })
  await first.chain.faucet(from, 10n * COIN)
  await first.chain.mineUntilIdle()
  await sendCoins(first, alice, { to, value: COIN })
  await first.chain.advance(3_600_000)
  await first.setFees('pre-april-2026')
  const before = first.chain.head()
  const { config } = first.chain
  const history = await plainClient(first).getTransactions(from, { limit: 10 })
  await first.close()

  clock.advance(8000)
  const second = await testLocalnet({ folder, clock, blocks: 'auto' })
  const client = plainClient(second)
  const again = await client.getTransactions(from, { limit: 10 })
  const after = second.chain.head()
  await sendCoins(second, alice, { to, value: COIN })

  expect(again.map(({ lt }) => lt)).toEqual(history.map(({ lt }) => lt))
  expect(after).toEqual({ seqno: before.seqno + 20, ms: before.ms + 8000 })
  expect(second.chain.config).toBe(config)
  // Less an hour's rent.
  expect(coins(await client.getBalance(to))).toBe(2)
  expect((await client.getTransactions(from, { limit: 1 }))[0]?.prevTransactionLt).toBe(
    history[0]?.lt,
  )
  await second.close()
})

test('a message that was answered for is in a block after a restart, one being written is cut off', async () => {
  const first = await testLocalnet({ folder })
  await first.chain.faucet(from, COIN)
  await first.close()
  appendFileSync(file(), '{"n":7,"ms":12')

  const second = await testLocalnet({ folder })
  expect(second.chain.waiting).toBe(1)
  await second.chain.mineUntilIdle()
  expect(await plainClient(second).getBalance(from)).toBe(COIN)
  await second.close()
  expect(readFileSync(file(), 'utf8')).not.toContain('{"n":7,"ms":12{')
})

test('a file that is damaged elsewhere is refused with the line, and left as it is', async () => {
  const first = await testLocalnet({ folder })
  await first.chain.faucet(from, COIN)
  await first.close()
  const lines = readFileSync(file(), 'utf8').split('\n')
  writeFileSync(file(), [lines[0], 'nonsense', ...lines.slice(1)].join('\n'))
  const damaged = readFileSync(file(), 'utf8')

  await expect(testLocalnet({ folder })).rejects.toMatchObject({
    code: 'localnet.damaged',
    details: { line: 2 },
  })
  expect(readFileSync(file(), 'utf8')).toBe(damaged)
})

test('going back to a snapshot outlives the process, too', async () => {
  const first = await testLocalnet({ folder })
  await first.chain.faucet(from, COIN)
  await first.chain.mineUntilIdle()
  const saved = await first.chain.save()
  await first.chain.faucet(from, 5n * COIN)
  await first.chain.mineUntilIdle()
  await first.chain.restore(saved)
  await first.close()

  const second = await testLocalnet({ folder })
  expect(await plainClient(second).getBalance(from)).toBe(COIN)
  expect((await plainClient(second).getTransactions(from, { limit: 9 })).length).toBe(1)
  await second.close()
})

test('killed in the middle of its work, it has everything that it answered for', async () => {
  const role = new RoleProcess({
    name: 'localnet',
    args: ['test/support/localnet-process.ts'],
    env: { PATH: process.env['PATH'] ?? '', LOCALNET_FOLDER: folder },
  })
  let answered = 0
  for (let life = 1; life <= 2; life++) {
    role.start()
    const { port } = await role.line('localnet.started')
    const faucet = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${String(port)}/sim/faucet`, {
        method: 'POST',
        body: JSON.stringify({ address: to.toString(), nano: '1000000000' }),
      }).then(
        ({ ok }) => ok,
        () => false,
      )
    for (let given = 0; given < 10; given++) if (await faucet()) answered++
    // More are on their way while it dies; how far they come is the machine's affair.
    const late = [faucet(), faucet(), faucet()]
    await role.kill('SIGKILL')
    answered += (await Promise.all(late)).filter(Boolean).length
  }

  const net = await testLocalnet({ folder })
  await net.chain.mineUntilIdle()
  const balance = await plainClient(net).getBalance(to)
  const transactions = net.chain.history(Address.parse(to.toString()))
  expect(answered).toBeGreaterThanOrEqual(20)
  expect(coins(balance)).toBeGreaterThanOrEqual(answered)
  expect(coins(balance)).toBe(transactions.length)
  await net.close()
})
