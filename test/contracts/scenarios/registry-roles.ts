/** @module Who holds the registry, and what it does with everything else. */
import type { Address } from '@ton/core'
import { beginCell } from '@ton/core'
import { expect } from 'vitest'
import { EXIT, REGISTRY_EVENTS } from '../../../src/payments/contracts/opcodes.ts'
import {
  acceptRegistryBody,
  actionCell,
  cancelProposalBody,
  proposeBody,
  registryTopUpBody,
} from '../../../src/payments/contracts/registry-messages.ts'
import { coins, DAY, externalMessage, HOUR, party, START } from '../../support/contract-world.ts'
import {
  imageEntry,
  REGISTRY_ROLES,
  type RegistryOptions,
  type RegistryWorld,
} from '../../support/registry-world.ts'
import { add, expectSaid, image } from './registry-content.ts'
import { expectRefused, expectSentBack, gasOf, type Scenario } from './scenario.ts'

export const ROLE: readonly Scenario<RegistryWorld, RegistryOptions>[] = [
  {
    title: 'guardian and pricing change after 72 hours',
    run: async (make) => {
      const registry = await make()
      await registry.propose({ kind: 'guardian', address: party('next guardian') })
      await registry.propose({ kind: 'pricing', address: party('next pricing') })
      const before = await registry.read()
      registry.pass(72 * HOUR - 1)
      await expectRefused(registry, EXIT.Locked, () => registry.execute(0))
      await expectRefused(registry, EXIT.Locked, () => registry.execute(1))
      registry.pass(1)

      expectSaid(await registry.execute(0), REGISTRY_EVENTS.Executed)
      expectSaid(await registry.execute(1), REGISTRY_EVENTS.Executed)

      const after = await registry.read()
      expect(after.roles.guardian.equals(party('next guardian'))).toBe(true)
      expect(after.roles.pricing.equals(party('next pricing'))).toBe(true)
      expect(after.roles.owner.equals(registry.owner)).toBe(true)
      expect(after.registryVersion).toBe(before.registryVersion + 2n)
      expect(after.prevHash).toBe(before.prevHash)
      expect(after.contentHash).toBe(before.contentHash)
    },
  },
  {
    title:
      'a new owner takes over by its own message after 72 hours, and nothing of the old one waits',
    run: async (make) => {
      const registry = await make()
      const next = party('next owner')
      await registry.propose({ kind: 'owner', address: next })
      await registry.propose(add)
      const accept = (from: Address, id = 0) => registry.send(from, acceptRegistryBody(id))
      registry.pass(72 * HOUR - 1)
      await expectRefused(registry, EXIT.Locked, () => accept(next))
      registry.pass(1)
      await expectRefused(registry, EXIT.Sender, () => accept(registry.owner))
      await expectRefused(registry, EXIT.Sender, () => registry.execute(0))
      await expectRefused(registry, EXIT.BadParameter, () => accept(next, 1))
      await expectRefused(registry, EXIT.NothingPending, () => accept(next, 9))
      const before = await registry.read()

      expectSaid(await accept(next), REGISTRY_EVENTS.Executed)

      const after = await registry.read()
      expect(after.roles.owner.equals(next)).toBe(true)
      expect(after.registryVersion).toBe(before.registryVersion + 1n)
      expect(after.proposals.size).toBe(0)
      expect(after.pendingCount).toBe(0)
      await expectRefused(registry, EXIT.Sender, () =>
        registry.send(registry.owner, proposeBody(add)),
      )
    },
  },
  {
    title: 'what nobody executes within seven days of its time lapses',
    run: async (make) => {
      const registry = await make()
      await registry.propose(add)
      await registry.propose({ kind: 'owner', address: party('next owner') })
      registry.pass(48 * HOUR + 7 * DAY)
      expectSaid(await registry.execute(0), REGISTRY_EVENTS.Executed)
      await registry.propose(add)
      registry.pass(24 * HOUR + 1)
      await expectRefused(registry, EXIT.Expired, () =>
        registry.send(party('next owner'), acceptRegistryBody(1)),
      )
      registry.pass(8 * DAY)
      await expectRefused(registry, EXIT.Expired, () => registry.execute(2))
    },
  },
  {
    title: 'an invitation to own the registry holds to the last second',
    run: async (make) => {
      const registry = await make()
      await registry.propose({ kind: 'owner', address: party('next owner') })
      registry.pass(72 * HOUR + 7 * DAY)

      expectSaid(
        await registry.send(party('next owner'), acceptRegistryBody(0)),
        REGISTRY_EVENTS.Executed,
      )
    },
  },
  {
    title: 'new code waits seven days and must be the code that was announced',
    run: async (make) => {
      const registry = await make()
      const code = beginCell().storeUint(0xc0de, 16).endCell()
      await registry.propose({ kind: 'code', codeHash: code.hash() })
      const before = await registry.read()
      registry.pass(7 * DAY - 1)
      await expectRefused(registry, EXIT.Locked, () => registry.execute(0, code))
      registry.pass(1)
      await expectRefused(registry, EXIT.BadParameter, () => registry.execute(0))
      await expectRefused(registry, EXIT.BadParameter, () =>
        registry.execute(0, beginCell().endCell()),
      )

      expectSaid(await registry.execute(0, code), REGISTRY_EVENTS.Executed)

      expect((await registry.code()).hash().equals(code.hash())).toBe(true)
      expect((await registry.read()).registryVersion).toBe(before.registryVersion + 1n)
    },
  },
  {
    title: 'owner and guardian cancel a proposal, which then is gone',
    run: async (make) => {
      const registry = await make()
      await registry.propose(add)
      await registry.propose(add)
      await expectRefused(registry, EXIT.NothingPending, () =>
        registry.send(registry.owner, cancelProposalBody(2)),
      )

      for (const [id, from] of [
        [0, registry.guardian],
        [1, registry.owner],
      ] as const) {
        expectSaid(await registry.send(from, cancelProposalBody(id)), REGISTRY_EVENTS.Cancelled)
      }

      const after = await registry.read()
      expect(after.pendingCount).toBe(0)
      expect(after.nextProposal).toBe(2)
      expect(after.registryVersion).toBe(0n)
      registry.pass(48 * HOUR)
      await expectRefused(registry, EXIT.NothingPending, () => registry.execute(0))
    },
  },
  {
    title:
      'a top-up, an empty body and a text comment add to the balance; anything unknown bounces',
    run: async (make) => {
      const registry = await make({ balance: coins(1) })
      const comment = beginCell().storeUint(0, 32).storeStringTail('rent').endCell()
      const noText = beginCell().storeUint(0, 32).endCell()

      for (const body of [registryTopUpBody(), beginCell().endCell(), comment, noText]) {
        const had = registry.balance()
        const outcome = await registry.send(party('anyone'), body, coins(1))
        expect(outcome.exit).toBe(0)
        expect(registry.balance()).toBeGreaterThan(had + coins(0.98))
      }
      for (const body of [
        beginCell().storeUint(0x43480208, 32).endCell(),
        beginCell().storeUint(0, 31).endCell(),
      ]) {
        await expectRefused(registry, EXIT.UnknownMessage, () =>
          registry.send(registry.owner, body),
        )
      }
      await expect(
        registry.deliver(externalMessage(registry.address, registryTopUpBody())),
      ).rejects.toThrow('not accepted')
    },
  },
  {
    title: 'coins that bounce back are kept and their body is not read',
    run: async (make) => {
      const registry = await make()
      const before = await registry.data()
      const { internalMessage } = await import('../../support/raw-chain.ts')
      const message = internalMessage({
        from: registry.owner,
        to: registry.address,
        value: coins(1),
        body: proposeBody(add),
        bounce: false,
      })
      if (message.info.type !== 'internal') throw new Error('internal')

      const outcome = await registry.deliver({
        ...message,
        info: { ...message.info, bounced: true },
      })

      expect(outcome.exit).toBe(0)
      expect((await registry.data()).equals(before)).toBe(true)
    },
  },
  {
    title: 'a registry without money of its own still answers',
    run: async (make) => {
      const registry = await make({ balance: 0n })
      registry.pass(400 * DAY)

      const outcome = await registry.send(registry.owner, proposeBody(add))

      expect(outcome.exit).toBe(0)
      expect(outcome.action).toBe(0)
      expect(registry.balance()).toBe(0n)
    },
  },
  {
    title: 'a registry without money of its own sends back what does not reach for its event',
    run: async (make) => {
      const registry = await make({ balance: 0n })
      const before = await registry.data()
      const restore = registry.snapshot()
      const done = await registry.send(registry.owner, proposeBody(add))
      restore()

      const outcome = await registry.send(registry.owner, proposeBody(add), gasOf(done))

      expect(outcome.exit).toBe(0)
      expect(outcome.action).not.toBe(0)
      expectSentBack(outcome)
      expect((await registry.data()).equals(before)).toBe(true)
    },
  },
  {
    title: 'the getters say what is stored',
    run: async (make) => {
      const registry = await make({
        content: { entries: new Map([[image, imageEntry()]]), policyHash: '55'.repeat(32) },
      })
      const { contract, getters } = registry
      await registry.propose(add)
      const data = await registry.read()

      expect(await contract.getState(getters)).toEqual({
        version: 1,
        registryVersion: 0n,
        prevHash: '0'.repeat(64),
        nextProposal: 1,
        pendingCount: 1,
      })
      const roles = await contract.getRoles(getters)
      for (const role of ['owner', 'guardian', 'pricing'] as const) {
        expect(roles[role].equals(REGISTRY_ROLES[role])).toBe(true)
      }
      expect(roles.addDelay).toBe(48 * HOUR)
      expect(await contract.getContent(getters)).toEqual(data.content)
      expect(await contract.getPolicyHash(getters)).toBe('55'.repeat(32))
      const proposal = await contract.getProposal(getters, 0)
      expect(proposal).toMatchObject({ proposedAt: START, unlockAt: START + 48 * HOUR })
      expect(proposal?.action.equals(actionCell(add))).toBe(true)
      expect(await contract.getProposal(getters, 1)).toBeUndefined()
      expect(await contract.getVersion(getters)).toBe(1)
    },
  },
]
