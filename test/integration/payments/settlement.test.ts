import { beforeEach, expect, test } from 'vitest'
import type { Database } from '../../../src/db/database.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import { openSettlement } from '../../../src/payments/settlement/open-settlement.ts'
import { lookAtVault } from '../../../src/payments/settlement/vault-sight.ts'
import { COIN, testLocalnet } from '../../support/localnet.ts'
import { quietLog } from '../../support/quiet-log.ts'
import {
  blockClock,
  earnFor,
  openVaultWorld,
  payeeOf,
  settlementKey,
  type VaultWorld,
} from '../../support/settlement.ts'
import { openTestDatabase } from '../../support/stores.ts'

const signal = new AbortController().signal
let localnet: Localnet
let db: Database
let world: VaultWorld

beforeEach(async () => {
  localnet = await testLocalnet()
  db = await openTestDatabase()
  world = await openVaultWorld(localnet)
  return async () => {
    await db.close()
    await localnet.close()
  }
})

const open = (part: Partial<Parameters<typeof openSettlement>[0]> = {}) =>
  openSettlement({
    db,
    ...world,
    net: localnet.globalId,
    key: settlementKey,
    clock: blockClock(localnet),
    log: quietLog,
    ...part,
  })
const paidTo = async (payee: string): Promise<bigint> =>
  (await lookAtVault(world.chain, world.vault)).paidTo(payee)

test('130 payees are paid in one batch of three messages, to the nano, and a second settle pays nobody', async () => {
  for (let n = 0; n < 130; n++)
    await earnFor(db, { payee: payeeOf(n), payNano: COIN + BigInt(n), ref: `r${n}` })
  const settlement = open()

  const report = await settlement.settleNow({ isAll: true, signal })
  const again = await settlement.settleNow({ isAll: true, signal })

  expect(report).toMatchObject({ batches: 1, payees: 130, paidNano: String(130n * COIN + 8385n) })
  expect(again).toMatchObject({ batches: 0, payees: 0 })
  expect(await paidTo(payeeOf(129))).toBe(COIN + 129n)
  const rows = await db.rows.payee.findMany()
  expect(rows.every((row) => row.paidTotal === row.earnedTotal)).toBe(true)
})
