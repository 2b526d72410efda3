import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import type { Voucher } from '../../../src/core/voucher.ts'
import { cellSigner } from '../../../src/payments/contracts/sign.ts'
import { signVoucher } from '../../../src/payments/vouchers/voucher.ts'
import { earningsPath, openEarningsFile, readEarnings } from '../../../src/workers/earnings-file.ts'
import { tempFolder } from '../../support/stores.ts'

const folder = tempFolder('earnings')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const payee = 'cd'.repeat(32)
const voucher = (totalNano: bigint): Voucher =>
  signVoucher(cellSigner(new Uint8Array(32).fill(7)), {
    net: -217,
    vault: `0:${'ab'.repeat(32)}`,
    payee,
    totalNano,
    epoch: 1,
  })

test('what was earned is read again as it was written, by its owner only, with nothing left beside it', () => {
  const path = earningsPath(folder, payee)
  const file = openEarningsFile(path)
  const record = {
    ...file.read(),
    voucher: voucher(7n),
    jobs: 3,
    earnedNano: 2n ** 80n,
    freeNano: 5n,
    rates: { '1.translate.m.simulated': '{"job":"1"}' },
    stopped: { code: 'pay', detail: 'units', at: 5 },
  } as const

  file.write(record)

  expect(readEarnings(path)).toEqual(record)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual([`${payee}.json`])
})

test('of two processes of one machine the higher total stays', () => {
  const path = earningsPath(folder, 'aa'.repeat(32))
  const [one, two] = [openEarningsFile(path), openEarningsFile(path)]

  one.write({ ...one.read(), voucher: voucher(9n) })
  two.write({ ...two.read(), voucher: voucher(8n), jobs: 1 })

  expect(readEarnings(path)).toMatchObject({ jobs: 1, voucher: { total: '9' } })
})

test('a damaged file is refused instead of written over: there may be money in it', () => {
  const path = earningsPath(folder, 'bb'.repeat(32))
  writeFileSync(path, '{"v":1')

  expect(() => openEarningsFile(path).read()).toThrow('config.data-folder')
})
