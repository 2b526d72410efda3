import { expect, onTestFinished, test } from 'vitest'
import type { ChainPort } from '../../../src/payments/chain/port.ts'
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
} from '../../support/settlement.ts'
import { openTestDatabase } from '../../support/stores.ts'

const signal = new AbortController().signal
const payee = payeeOf(1)

test('more than 100 coins are signed for only when a second provider sees the same vault and wallet; less needs none', async () => {
  const localnet = await testLocalnet()
  onTestFinished(() => localnet.close())
  const db = await openTestDatabase()
  onTestFinished(() => db.close())
  const world = await openVaultWorld(localnet)
  let asked = 0
  let isLying = true
  const witness: ChainPort = {
    ...world.chain,
    account: async (address) => {
      asked++
      const account = await world.chain.account(address)
      return isLying ? { ...account, balanceNano: account.balanceNano + 1n } : account
    },
  }
  const settlement = openSettlement({
    db,
    ...world,
    witness,
    net: localnet.globalId,
    key: settlementKey,
    clock: blockClock(localnet),
    log: quietLog,
  })
  const paid = async (): Promise<bigint> =>
    (await lookAtVault(world.chain, world.vault)).paidTo(payee)

  await earnFor(db, { payee, payNano: 100n * COIN, ref: 'small' })
  await settlement.settleNow({ isAll: true, signal })
  expect(await paid()).toBe(100n * COIN)
  expect(asked).toBe(0)

  await earnFor(db, { payee, payNano: 100n * COIN + 1n, ref: 'large' })
  await expect(settlement.settleNow({ isAll: true, signal })).rejects.toMatchObject({
    code: 'chain.disagree',
  })
  expect((await settlement.status()).open?.state).toBe('planned')

  isLying = false
  await settlement.round()
  expect((await settlement.status()).open?.state).toBe('signed')
}, 180_000)
