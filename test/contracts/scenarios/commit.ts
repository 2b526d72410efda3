/** @module Published liabilities. */
import { beginCell } from '@ton/core'
import { expect } from 'vitest'
import { EXIT } from '../../../src/payments/contracts/opcodes.ts'
import { commitBody } from '../../../src/payments/contracts/vault-messages.ts'
import { coins, DAY, party, START } from '../../support/contract-world.ts'
import { keyOf, type VaultOptions, type VaultWorld } from '../../support/vault-world.ts'
import { expectDone, expectRefused, type Scenario } from './scenario.ts'

export const COMMIT: readonly Scenario<VaultWorld, VaultOptions>[] = [
  {
    title: 'a commitment stores its epoch, total, root and time, and says so in an event',
    run: async (make) => {
      const vault = await make()

      const outcome = await vault.commit(coins(12), { from: party('anyone') })

      expectDone(outcome)
      expect(outcome.events).toEqual([
        { kind: 'committed', epoch: 1, total: coins(12), root: 'ab'.repeat(32) },
      ])
      const state = await vault.read()
      expect(state.commit).toEqual({
        epoch: 1,
        total: coins(12),
        root: 'ab'.repeat(32),
        at: vault.now(),
      })
      expect(state.owner.equals(vault.owner)).toBe(true)
      expect(state.guardian.equals(vault.guardian)).toBe(true)
    },
  },
  {
    title: 'a repeated, skipped or shrinking commitment is stale',
    run: async (make) => {
      const vault = await make()
      await vault.commit(coins(12))

      await expectRefused(vault, EXIT.NothingToPay, () =>
        vault.commit(coins(12), { commitEpoch: 1 }),
      )
      await expectRefused(vault, EXIT.NothingToPay, () =>
        vault.commit(coins(12), { commitEpoch: 3 }),
      )
      await expectRefused(vault, EXIT.NothingToPay, () => vault.commit(coins(12) - 1n))
      expectDone(await vault.commit(coins(12)))
      expectDone(await vault.commit(coins(13)))
    },
  },
  {
    title: 'liabilities grow by one day’s cap a day, so that a thief cannot lock the owner’s money',
    run: async (make) => {
      const vault = await make({ caps: { dayCap: coins(100), batchCap: coins(100) } })

      await expectRefused(vault, EXIT.Cap, () => vault.commit(coins(100) + 1n))
      expectDone(await vault.commit(coins(100)))
      await expectRefused(vault, EXIT.Cap, () => vault.commit(coins(200) + 1n))
      vault.pass(DAY - 1)
      await expectRefused(vault, EXIT.Cap, () => vault.commit(coins(200) + 1n))
      vault.pass(1)
      await expectRefused(vault, EXIT.Cap, () => vault.commit(coins(300) + 1n))
      expectDone(await vault.commit(coins(300)))
      expect((await vault.read()).commit.at).toBe(START + DAY)
    },
  },
  {
    title: 'a foreign key, chain, vault, magic and epoch are refused, each with its number',
    run: async (make) => {
      const vault = await make()

      await expectRefused(vault, EXIT.Signature, () => vault.commit(1n, { signer: keyOf(2) }))
      await expectRefused(vault, EXIT.Domain, () => vault.commit(1n, { domain: { net: -3 } }))
      await expectRefused(vault, EXIT.Domain, () =>
        vault.commit(1n, { domain: { vault: party('other vault') } }),
      )
      await expectRefused(vault, EXIT.KeyEpoch, () =>
        vault.commit(1n, { epoch: 2, signer: keyOf(1) }),
      )
      const foreign = beginCell().storeUint(0x43485331, 32).storeUint(0, 300).endCell()
      await expectRefused(vault, EXIT.Domain, () =>
        vault.send(vault.relayer, commitBody({ cell: foreign, signature: keyOf(1).sign(foreign) })),
      )
    },
  },
]
