/** @module Messages without a rule: money that only arrives, and everything that is not understood. */
import { beginCell } from '@ton/core'
import { expect } from 'vitest'
import { EXIT, PENDING, type PendingKind } from '../../../src/payments/contracts/opcodes.ts'
import { storageReserve } from '../../../src/payments/contracts/reserve.ts'
import { DEFAULT_CAPS } from '../../../src/payments/contracts/vault-config.ts'
import {
  requestCapsBody,
  requestWithdrawBody,
  topUpBody,
} from '../../../src/payments/contracts/vault-messages.ts'
import { payeeAt } from '../../support/big-vault.ts'
import { coins, externalMessage, party, START } from '../../support/contract-world.ts'
import { internalMessage } from '../../support/raw-chain.ts'
import { keyOf, type VaultOptions, type VaultWorld } from '../../support/vault-world.ts'
import { expectRefused, expectSentBack, gasOf, type Scenario } from './scenario.ts'

export const PLAIN: readonly Scenario<VaultWorld, VaultOptions>[] = [
  {
    title: 'a top-up, an empty body and a text comment add to the balance and to nothing else',
    run: async (make) => {
      const vault = await make({ balance: coins(1) })
      const comment = beginCell().storeUint(0, 32).storeStringTail('for the workers').endCell()
      const noText = beginCell().storeUint(0, 32).endCell()
      const before = await vault.data()

      for (const body of [topUpBody(), beginCell().endCell(), comment, noText]) {
        const had = vault.balance()
        const outcome = await vault.send(party('anyone'), body, coins(2))
        expect(outcome.exit).toBe(0)
        expect(outcome.bounced).toBe(false)
        expect(vault.balance()).toBeGreaterThan(had + coins(1.98))
      }

      expect((await vault.data()).equals(before)).toBe(true)
    },
  },
  {
    title: 'an unknown operation and bodies too short for one bounce',
    run: async (make) => {
      const vault = await make()

      for (const body of [
        beginCell().storeUint(0x43480108, 32).storeUint(0, 64).endCell(),
        beginCell().storeUint(1, 32).endCell(),
        beginCell().storeUint(0, 31).endCell(),
        beginCell().storeRef(beginCell().endCell()).endCell(),
      ]) {
        await expectRefused(vault, EXIT.UnknownMessage, () => vault.send(vault.owner, body))
      }
    },
  },
  {
    title: 'a message that comes back is kept as money and never read',
    run: async (make) => {
      const vault = await make()
      const before = await vault.data()
      const message = internalMessage({
        from: vault.owner,
        to: vault.address,
        value: coins(3),
        body: beginCell()
          .storeUint(0xffffffff, 32)
          .storeSlice(requestWithdrawBody(coins(1)).beginParse())
          .endCell(),
        bounce: false,
      })
      const { info } = message
      if (info.type !== 'internal') throw new Error('internal')

      const outcome = await vault.deliver({ ...message, info: { ...info, bounced: true } })

      expect(outcome.exit).toBe(0)
      expect(outcome.delta).toBeGreaterThan(coins(2.98))
      expect((await vault.data()).equals(before)).toBe(true)
    },
  },
  {
    title: 'no external message is accepted, so nobody can spend the vault’s gas',
    run: async (make) => {
      const vault = await make()

      await expect(vault.deliver(externalMessage(vault.address, topUpBody()))).rejects.toThrow(
        'not accepted',
      )
    },
  },
  {
    title: 'a vault without money of its own still answers its owner',
    run: async (make) => {
      const vault = await make({ balance: 0n })

      const outcome = await vault.send(vault.owner, requestWithdrawBody(coins(1)))

      expect(outcome.exit).toBe(0)
      expect(outcome.returned).toBeGreaterThan(coins(0.98))
      expect(vault.balance()).toBe(0n)
    },
  },
  {
    title: 'a vault without money of its own sends back what does not reach for its event',
    run: async (make) => {
      const vault = await make({ balance: 0n })
      const before = await vault.data()
      const restore = vault.snapshot()
      const done = await vault.send(vault.owner, requestWithdrawBody(coins(1)))
      restore()

      const outcome = await vault.send(vault.owner, requestWithdrawBody(coins(1)), gasOf(done))

      expect(outcome.exit).toBe(0)
      expect(outcome.action).not.toBe(0)
      expectSentBack(outcome)
      expect((await vault.data()).equals(before)).toBe(true)
    },
  },
  {
    title: 'rent that is due comes out of what arrives, and the vault does not break',
    run: async (make) => {
      const vault = await make({ balance: 0n })
      vault.pass(400 * 24 * 3600)

      const outcome = await vault.send(vault.owner, requestWithdrawBody(coins(1)))

      expect(outcome.exit).toBe(0)
      expect(outcome.action).toBe(0)
      expect(vault.balance()).toBe(0n)
    },
  },
  {
    title: 'the getters say what is stored',
    run: async (make) => {
      const vault = await make()
      const { contract, getters } = vault
      await vault.settle([{ payee: payeeAt(0), total: coins(1) }])
      await vault.commit(coins(3))
      await vault.send(vault.owner, requestCapsBody(DEFAULT_CAPS))
      const data = await vault.read()

      expect(await contract.getVault(getters)).toEqual({
        version: 1,
        pausedUntil: 0,
        pauseAllowedAt: 0,
        windowStart: START,
        windowSpent: coins(1),
        claimStart: 0,
        claimSpent: 0n,
        prevClaimSpent: 0n,
        totalPaid: coins(1),
        payees: 1,
      })
      const keys = await contract.getKeys(getters)
      expect(keys.key.equals(keyOf(1).publicKey)).toBe(true)
      expect(keys).toMatchObject({ epoch: 1, prevValidUntil: 0 })
      expect(await contract.getCaps(getters)).toEqual(data.caps)
      const roles = await contract.getRoles(getters)
      expect(roles.owner.equals(vault.owner)).toBe(true)
      expect(roles.guardian.equals(vault.guardian)).toBe(true)
      expect(await contract.getCommit(getters)).toEqual(data.commit)
      for (const kind of Object.keys(PENDING) as PendingKind[]) {
        const pending = await contract.getPending(getters, kind)
        expect(pending?.unlockAt).toBe(data.pending.get(kind)?.unlockAt)
        expect(pending?.requestedAt).toBe(kind === 'caps' ? START : undefined)
      }
      expect(await contract.getReserve(getters)).toBe(storageReserve(vault.fees, 1))
      expect(await contract.getVersion(getters)).toBe(1)
    },
  },
]
