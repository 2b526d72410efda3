/** @module What a payee can take by itself. */
import { beginCell } from '@ton/core'
import { expect } from 'vitest'
import { EXIT } from '../../../src/payments/contracts/opcodes.ts'
import { storageReserve } from '../../../src/payments/contracts/reserve.ts'
import {
  claimBody,
  pauseBody,
  requestKeyBody,
} from '../../../src/payments/contracts/vault-messages.ts'
import { payeeAt } from '../../support/big-vault.ts'
import { coins, DAY, party } from '../../support/contract-world.ts'
import { keyOf, type VaultOptions, type VaultWorld } from '../../support/vault-world.ts'
import { expectDone, expectRefused, type Scenario } from './scenario.ts'

const me = payeeAt(0)

/** Asks for the key of the next epoch and executes it after its delay. */
export async function rotate(vault: VaultWorld, overlap = 7 * DAY): Promise<void> {
  const { epoch } = (await vault.read()).keys
  const next = vault.keys[epoch] ?? vault.keys[0]
  await vault.send(vault.owner, requestKeyBody({ key: next.publicKey, overlap }))
  vault.pass(DAY)
  expectDone(await vault.execute('key'))
}

export const CLAIM: readonly Scenario<VaultWorld, VaultOptions>[] = [
  {
    title: 'a voucher pays what is unpaid, whoever sends it',
    run: async (make) => {
      const vault = await make()
      await vault.settle([{ payee: me, total: coins(1) }])

      const outcome = await vault.claim({ payee: me, total: coins(3) }, { from: party('anyone') })

      expectDone(outcome, coins(2))
      expect(outcome.payouts).toEqual([
        { kind: 'payout', queryId: 0n, payee: me, amount: coins(2), total: coins(3) },
      ])
      expect(outcome.events).toEqual([
        { kind: 'claimed', payee: me, paid: coins(2), total: coins(3) },
      ])
      const state = await vault.read()
      expect(state.paid.get(me)).toBe(coins(3))
      expect(state.totalPaid).toBe(coins(3))
      expect(state.claimSpent).toBe(coins(2))
      expect(state.prevClaimSpent).toBe(0n)
      expect(state.claimStart).toBe(vault.now())
      expect(state.windowSpent).toBe(coins(1))
      expect(state.payees).toBe(1)
    },
  },
  {
    title: 'a first claim adds the payee; a replay finds nothing to pay',
    run: async (make) => {
      const vault = await make()

      expectDone(await vault.claim({ payee: me, total: coins(1) }), coins(1))

      expect((await vault.read()).payees).toBe(1)
      await expectRefused(vault, EXIT.NothingToPay, () =>
        vault.claim({ payee: me, total: coins(1) }),
      )
      await expectRefused(vault, EXIT.NothingToPay, () =>
        vault.claim({ payee: me, total: coins(0.5) }),
      )
    },
  },
  {
    title: 'a paused vault pays a claim',
    run: async (make) => {
      const vault = await make()
      await vault.send(vault.guardian, pauseBody(vault.now() + 3 * DAY))

      expectDone(await vault.claim({ payee: me, total: coins(1) }), coins(1))
    },
  },
  {
    title: 'a claim between plan and execution leaves the batch whole and is not paid twice',
    run: async (make) => {
      const vault = await make()
      expectDone(await vault.claim({ payee: me, total: coins(1) }), coins(1))

      const batch = await vault.settle([
        { payee: me, total: coins(1) },
        { payee: payeeAt(1), total: coins(2) },
      ])

      expectDone(batch, coins(2))
      expect((await vault.read()).totalPaid).toBe(coins(3))
    },
  },
  {
    title: 'a foreign key, chain, vault, magic and epoch are refused, each with its number',
    run: async (make) => {
      const vault = await make()
      const voucher = { payee: me, total: coins(1) }

      await expectRefused(vault, EXIT.Signature, () => vault.claim(voucher, { signer: keyOf(2) }))
      await expectRefused(vault, EXIT.Domain, () => vault.claim(voucher, { domain: { net: -3 } }))
      await expectRefused(vault, EXIT.Domain, () =>
        vault.claim(voucher, { domain: { vault: party('other vault') } }),
      )
      await expectRefused(vault, EXIT.KeyEpoch, () =>
        vault.claim(voucher, { epoch: 2, signer: keyOf(1) }),
      )
      await expectRefused(vault, EXIT.KeyEpoch, () =>
        vault.claim(voucher, { epoch: 0, signer: keyOf(1) }),
      )
      const foreign = beginCell().storeUint(0x43485331, 32).storeUint(0, 300).endCell()
      await expectRefused(vault, EXIT.Domain, () =>
        vault.send(vault.relayer, claimBody({ cell: foreign, signature: keyOf(1).sign(foreign) })),
      )
      const long = beginCell()
        .storeUint(0x43485631, 32)
        .storeInt(-239, 32)
        .storeAddress(vault.address)
        .storeUint(BigInt(`0x${me}`), 256)
        .storeCoins(coins(1))
        .storeUint(1, 32)
        .storeUint(0, 1)
        .endCell()
      await expectRefused(vault, 9, () =>
        vault.send(vault.relayer, claimBody({ cell: long, signature: keyOf(1).sign(long) })),
      )
    },
  },
  {
    title: 'a voucher above the cap is paid over days, to the last nano',
    run: async (make) => {
      const vault = await make({ caps: { claimDayCap: coins(1000), claimFloor: coins(20) } })
      const voucher = { payee: me, total: coins(2500) }

      expectDone(await vault.claim(voucher), coins(1000))
      await expectRefused(vault, EXIT.Cap, () => vault.claim(voucher))
      vault.pass(DAY - 1)
      await expectRefused(vault, EXIT.Cap, () => vault.claim(voucher))
      vault.pass(1)
      expectDone(await vault.claim(voucher), coins(1000))
      vault.pass(DAY)
      expectDone(await vault.claim(voucher), coins(500))

      expect((await vault.read()).claimSpent).toBe(coins(500))
      await expectRefused(vault, EXIT.NothingToPay, () => vault.claim(voucher))
    },
  },
  {
    title: 'a vault short of money pays down to two years of rent, the rest after a top-up',
    run: async (make) => {
      const vault = await make({ balance: coins(3) })
      const reserve = storageReserve(vault.fees, 1)
      const voucher = { payee: me, total: coins(10) }

      expectDone(await vault.claim(voucher), coins(3) - reserve)
      expect(vault.balance()).toBe(reserve)
      await expectRefused(vault, EXIT.Funds, () => vault.claim(voucher))
      vault.setBalance(reserve + 1n)
      expectDone(await vault.claim(voucher), 1n)
      vault.setBalance(coins(100))
      expectDone(await vault.claim(voucher), coins(7) + reserve - 1n)
    },
  },
  {
    title: 'a rotated key honours old vouchers for seven days within the floor, to the second',
    run: async (make) => {
      const vault = await make({ caps: { claimDayCap: coins(200), claimFloor: coins(20) } })
      await rotate(vault)
      const until = vault.now() + 7 * DAY
      const voucher = { payee: me, total: coins(45) }

      expectDone(await vault.claim(voucher), coins(20))
      await expectRefused(vault, EXIT.Cap, () => vault.claim(voucher))
      // The previous key's window is its own.
      expectDone(
        await vault.claim({ payee: payeeAt(1), total: coins(200) }, { epoch: 2 }),
        coins(200),
      )
      const state = await vault.read()
      expect(state.prevClaimSpent).toBe(coins(20))
      expect(state.claimSpent).toBe(coins(200))
      vault.pass(DAY)
      expectDone(await vault.claim(voucher), coins(20))
      vault.pass(until - vault.now())
      expectDone(await vault.claim(voucher), coins(5))
      vault.pass(1)
      await expectRefused(vault, EXIT.KeyEpoch, () => vault.claim({ payee: me, total: coins(46) }))
      expectDone(await vault.claim({ payee: me, total: coins(46) }, { epoch: 2 }), coins(1))
    },
  },
  {
    title:
      'the previous key signs no batch and no commitment, and the new one none of the old epoch',
    run: async (make) => {
      const vault = await make()
      await rotate(vault)

      await expectRefused(vault, EXIT.KeyEpoch, () =>
        vault.settle([{ payee: me, total: coins(1) }]),
      )
      await expectRefused(vault, EXIT.KeyEpoch, () => vault.commit(coins(1)))
      await expectRefused(vault, EXIT.Signature, () =>
        vault.claim({ payee: me, total: coins(1) }, { epoch: 1, signer: keyOf(2) }),
      )
      await expectRefused(vault, EXIT.Signature, () =>
        vault.claim({ payee: me, total: coins(1) }, { epoch: 2, signer: keyOf(1) }),
      )
      expectDone(await vault.settle([{ payee: me, total: coins(1) }], { epoch: 2 }), coins(1))
      expectDone(await vault.commit(coins(1), { epoch: 2 }))
    },
  },
]
