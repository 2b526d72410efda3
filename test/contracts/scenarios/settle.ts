/** @module What a settle message may do. */
import { beginCell } from '@ton/core'
import { expect } from 'vitest'
import { EXIT } from '../../../src/payments/contracts/opcodes.ts'
import { storageReserve } from '../../../src/payments/contracts/reserve.ts'
import { pauseBody, settleBody } from '../../../src/payments/contracts/vault-messages.ts'
import { payeeAt } from '../../support/big-vault.ts'
import { coins, DAY, party } from '../../support/contract-world.ts'
import { entriesOf, keyOf, type VaultOptions, type VaultWorld } from '../../support/vault-world.ts'
import {
  expectDone,
  expectRefused,
  expectSentBack,
  gasOf,
  type Scenario,
  sumOf,
} from './scenario.ts'

type VaultScenario = Scenario<VaultWorld, VaultOptions>

export const SETTLE: readonly VaultScenario[] = [
  {
    title: 'each payee gets its difference, the vault loses the sum and nothing more',
    run: async (make) => {
      const vault = await make()

      const outcome = await vault.settle(entriesOf(7, coins(0.5)), { batch: 42n })

      expectDone(outcome, coins(3.5))
      expect(outcome.payouts.map((payout) => payout.payee)).toEqual(
        entriesOf(7, 0n).map((entry) => entry.payee),
      )
      expect(outcome.payouts.every((payout) => payout.amount === coins(0.5))).toBe(true)
      expect(outcome.payouts.every((payout) => payout.total === coins(0.5))).toBe(true)
      expect(outcome.events).toEqual([
        { kind: 'settled', batch: 42n, paid: coins(3.5), payouts: 7, totalPaid: coins(3.5) },
      ])
      const state = await vault.read()
      expect(state.payees).toBe(7)
      expect(state.totalPaid).toBe(coins(3.5))
      expect(state.windowSpent).toBe(coins(3.5))
      expect(state.windowStart).toBe(vault.now())
      expect(await vault.paidTo(payeeAt(3))).toBe(coins(0.5))
      expect(await vault.paidTo(payeeAt(99))).toBe(0n)
    },
  },
  {
    title: 'the same batch again pays nothing, an overlapping one only the difference',
    run: async (make) => {
      const vault = await make()
      await vault.settle(entriesOf(4, coins(1)))

      const again = await vault.settle(entriesOf(4, coins(1)))
      const overlapping = await vault.settle([
        { payee: payeeAt(0), total: coins(1.25) },
        { payee: payeeAt(1), total: coins(0.5) },
        { payee: payeeAt(9), total: coins(2) },
      ])

      expectDone(again)
      expect(again.payouts).toEqual([])
      expectDone(overlapping, coins(2.25))
      expect(overlapping.payouts.map(({ payee, amount }) => ({ payee, amount }))).toEqual([
        { payee: payeeAt(0), amount: coins(0.25) },
        { payee: payeeAt(9), amount: coins(2) },
      ])
      const state = await vault.read()
      expect(state.payees).toBe(5)
      expect(state.paid.get(payeeAt(1))).toBe(coins(1))
      expect(state.totalPaid).toBe(coins(6.25))
    },
  },
  {
    title: 'a payee named twice in one batch is paid its highest total once',
    run: async (make) => {
      const vault = await make()

      const outcome = await vault.settle([
        { payee: payeeAt(0), total: coins(2) },
        { payee: payeeAt(0), total: coins(3) },
        { payee: payeeAt(0), total: coins(1) },
      ])

      expectDone(outcome, coins(3))
      const state = await vault.read()
      expect(state.paid).toEqual(new Map([[payeeAt(0), coins(3)]]))
      expect(state.payees).toBe(1)
    },
  },
  {
    title: 'an empty list and a total of zero pay nobody and add no payee',
    run: async (make) => {
      const vault = await make()

      expectDone(await vault.settle([]))
      expectDone(await vault.settle([{ payee: payeeAt(0), total: 0n }]))

      const state = await vault.read()
      expect(state.payees).toBe(0)
      expect(state.paid.size).toBe(0)
    },
  },
  {
    title: 'anyone may relay a batch, also after its sender was refused once',
    run: async (make) => {
      const vault = await make()

      const outcome = await vault.settle(entriesOf(1, coins(1)), { from: party('anyone') })

      expectDone(outcome, coins(1))
    },
  },
  {
    title:
      'a foreign key, chain, vault, magic, epoch and a batch too late are refused, each with its number',
    run: async (make) => {
      const vault = await make()
      const batch = entriesOf(2, coins(1))

      await expectRefused(vault, EXIT.Signature, () => vault.settle(batch, { signer: keyOf(2) }))
      await expectRefused(vault, EXIT.Domain, () => vault.settle(batch, { domain: { net: -3 } }))
      await expectRefused(vault, EXIT.Domain, () =>
        vault.settle(batch, { domain: { vault: party('other vault') } }),
      )
      await expectRefused(vault, EXIT.KeyEpoch, () =>
        vault.settle(batch, { epoch: 2, signer: keyOf(1) }),
      )
      await expectRefused(vault, EXIT.KeyEpoch, () =>
        vault.settle(batch, { epoch: 0, signer: keyOf(1) }),
      )
      await expectRefused(vault, EXIT.Expired, () =>
        vault.settle(batch, { validUntil: vault.now() - 1 }),
      )
      const foreign = beginCell().storeUint(0x43485631, 32).storeUint(0, 300).endCell()
      await expectRefused(vault, EXIT.Domain, () =>
        vault.send(vault.relayer, settleBody({ cell: foreign, signature: keyOf(1).sign(foreign) })),
      )
      expectDone(await vault.settle(batch, { validUntil: vault.now() }), coins(2))
    },
  },
  {
    title: 'a payload with bits or entries too many is refused whole',
    run: async (make) => {
      const vault = await make()
      const head = () =>
        beginCell()
          .storeUint(0x43485331, 32)
          .storeInt(-239, 32)
          .storeAddress(vault.address)
          .storeUint(1, 32)
          .storeUint(vault.now() + 600, 32)
          .storeUint(1, 64)
      const entry = beginCell().storeUint(0, 1).storeUint(1, 4).storeUint(5, 256).storeCoins(7n)
      const longEntry = beginCell().storeBuilder(entry).storeUint(1, 1).endCell()
      const missing = beginCell().storeUint(0, 1).storeUint(2, 4).storeUint(5, 256).storeCoins(7n)

      for (const cell of [
        head().storeMaybeRef(null).storeUint(1, 1).endCell(),
        head().storeMaybeRef(longEntry).endCell(),
        head().storeMaybeRef(missing.endCell()).endCell(),
        head().storeMaybeRef(entry.endCell()).storeRef(beginCell().endCell()).endCell(),
      ]) {
        const body = settleBody({ cell, signature: vault.keys[0].sign(cell) })
        await expectRefused(vault, 9, () => vault.send(vault.relayer, body))
      }
    },
  },
  {
    title: 'the cap of a batch holds to the nano',
    run: async (make) => {
      const vault = await make({ caps: { batchCap: coins(5), dayCap: coins(100) } })

      await expectRefused(vault, EXIT.Cap, () =>
        vault.settle([{ payee: payeeAt(0), total: coins(5) + 1n }]),
      )
      expectDone(await vault.settle([{ payee: payeeAt(0), total: coins(5) }]), coins(5))
    },
  },
  {
    title: 'the cap of a day holds to the nano and begins anew after 24 hours, to the second',
    run: async (make) => {
      const vault = await make({ caps: { batchCap: coins(6), dayCap: coins(10) } })
      await vault.settle([{ payee: payeeAt(0), total: coins(6) }])
      vault.pass(DAY - 1)

      await expectRefused(vault, EXIT.Cap, () =>
        vault.settle([{ payee: payeeAt(1), total: coins(4) + 1n }]),
      )
      expectDone(await vault.settle([{ payee: payeeAt(1), total: coins(4) }]), coins(4))
      await expectRefused(vault, EXIT.Cap, () => vault.settle([{ payee: payeeAt(2), total: 1n }]))
      vault.pass(1)
      expectDone(await vault.settle([{ payee: payeeAt(2), total: coins(6) }]), coins(6))

      const state = await vault.read()
      expect(state.windowStart).toBe(vault.now())
      expect(state.windowSpent).toBe(coins(6))
    },
  },
  {
    title: 'any 24 hours see at most twice the cap of a day',
    run: async (make) => {
      const vault = await make({ caps: { batchCap: coins(10), dayCap: coins(10) } })
      await vault.settle([{ payee: payeeAt(0), total: 1n }])
      vault.pass(DAY - 1)
      const late = await vault.settle([{ payee: payeeAt(1), total: coins(10) - 1n }])
      vault.pass(1)
      const early = await vault.settle([{ payee: payeeAt(2), total: coins(10) }])
      vault.pass(DAY - 2)

      await expectRefused(vault, EXIT.Cap, () => vault.settle([{ payee: payeeAt(3), total: 1n }]))
      expect(sumOf(late) + sumOf(early)).toBeLessThanOrEqual(coins(20))
    },
  },
  {
    title: 'the rent of two years is never paid out: refused at one nano above what is free',
    run: async (make) => {
      const vault = await make({ balance: coins(5) })
      const state = await vault.read()
      const reserve = storageReserve(vault.fees, state.payees + 1)
      const free = coins(5) - reserve

      await expectRefused(vault, EXIT.Funds, () =>
        vault.settle([{ payee: payeeAt(0), total: free + 1n }]),
      )
      expectDone(await vault.settle([{ payee: payeeAt(0), total: free }]), free)
      expect(vault.balance()).toBe(reserve)
    },
  },
  {
    title:
      'where the fees of payouts are more than the reserve and nobody brings them, all goes back',
    once: true,
    run: async (make) => {
      const vault = await make()
      // One payee with a rising total: as many payouts as a message can send, above the least reserve.
      const batch = Array.from({ length: 251 }, (_, n) => ({
        payee: payeeAt(0),
        total: BigInt(n + 1),
      }))
      vault.setBalance(storageReserve(vault.fees, 1) + 251n)
      const before = await vault.data()
      const restore = vault.snapshot()
      const done = await vault.settle(batch, { value: coins(3) })
      expectDone(done, 251n)
      restore()

      const outcome = await vault.settle(batch, { value: gasOf(done) })

      expect(outcome.exit).toBe(0)
      expect(outcome.action).not.toBe(0)
      expectSentBack(outcome)
      expect((await vault.data()).equals(before)).toBe(true)
    },
  },
  {
    title: 'a paused vault settles nothing until the pause is over, to the second',
    run: async (make) => {
      const vault = await make()
      await vault.send(vault.guardian, pauseBody(vault.now() + 100))

      await expectRefused(vault, EXIT.Paused, () => vault.settle(entriesOf(1, coins(1))))
      vault.pass(99)
      await expectRefused(vault, EXIT.Paused, () => vault.settle(entriesOf(1, coins(1))))
      vault.pass(1)
      expectDone(await vault.settle(entriesOf(1, coins(1))), coins(1))
    },
  },
  {
    title: 'the 30 000th payee is the last new one; the others are paid as before',
    run: async (make) => {
      const batch = [
        { payee: payeeAt(0), total: 1n },
        { payee: payeeAt(1), total: 1n },
      ]
      const nearly = await make({ payees: 29_998 })
      expectDone(await nearly.settle(batch), 2n)
      expect((await nearly.read()).payees).toBe(30_000)
      expectDone(await nearly.settle([{ payee: payeeAt(1), total: 2n }]), 1n)
      expectDone(await nearly.claim({ payee: payeeAt(0), total: 2n }), 1n)

      await expectRefused(nearly, EXIT.PayeeLimit, () =>
        nearly.settle([{ payee: payeeAt(2), total: 1n }]),
      )
      await expectRefused(nearly, EXIT.PayeeLimit, () =>
        nearly.claim({ payee: payeeAt(2), total: 1n }),
      )
    },
  },
  {
    title: 'a full vault keeps two years of rent to the nano',
    run: async (make) => {
      const vault = await make({ payees: 29_999 })
      const reserve = storageReserve(vault.fees, 30_000)
      vault.setBalance(reserve + coins(1))

      await expectRefused(vault, EXIT.Funds, () =>
        vault.settle([{ payee: payeeAt(0), total: coins(1) + 1n }]),
      )
      expectDone(await vault.settle([{ payee: payeeAt(0), total: coins(1) }]), coins(1))
      expect(await vault.contract.getReserve(vault.getters)).toBe(reserve)
    },
  },
]
