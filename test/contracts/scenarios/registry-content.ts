/** @module What comes into the registry, what leaves it, and when. */
import { Address, beginCell, type Cell } from '@ton/core'
import { expect } from 'vitest'
import {
  EXIT,
  REGISTRY_ACTIONS,
  REGISTRY_EVENTS,
  REGISTRY_OPS,
} from '../../../src/payments/contracts/opcodes.ts'
import {
  entryCell,
  gatewayCell,
  type RegistryGateway,
  readContent,
} from '../../../src/payments/contracts/registry-content.ts'
import {
  actionCell,
  proposeBody,
  type RegistryAction,
  revokeBody,
  setPricesBody,
} from '../../../src/payments/contracts/registry-messages.ts'
import { DAY, HOUR, type Outcome, party, START } from '../../support/contract-world.ts'
import {
  imageEntry,
  type RegistryOptions,
  type RegistryWorld,
} from '../../support/registry-world.ts'
import { expectRefused, type Scenario } from './scenario.ts'

export const image = 'aa'.repeat(32)
const gateway: RegistryGateway = {
  status: 'active',
  validFrom: START,
  validUntil: START + DAY,
  identity: '33'.repeat(32),
  url: 'wss://gateway.example/v1/connect',
}
export const add: RegistryAction = { kind: 'entry', key: image, entry: imageEntry() }

export function expectSaid(outcome: Outcome, topic: number): void {
  expect(outcome.exit).toBe(0)
  expect(outcome.action).toBe(0)
  expect(outcome.delta).toBe(0n)
  expect(outcome.returned).toBeGreaterThan(0n)
  const topics = [...outcome.transaction.outMessages.values()].flatMap(({ info }) =>
    info.type === 'external-out' && info.dest ? [Number(info.dest.value)] : [],
  )
  expect(topics).toEqual([topic])
}

const rawPropose = (action: Cell): Cell =>
  beginCell().storeUint(REGISTRY_OPS.Propose, 32).storeUint(0, 64).storeRef(action).endCell()

const prices = (over: Partial<Parameters<typeof setPricesBody>[0]> = {}): Cell =>
  setPricesBody({
    version: 1,
    hash: '44'.repeat(32),
    validFrom: START,
    customerUp: false,
    workerDown: false,
    ...over,
  })

export const CONTENT: readonly Scenario<RegistryWorld, RegistryOptions>[] = [
  {
    title: 'an image is believed 48 hours after the owner proposed it, executed by anyone',
    run: async (make) => {
      const registry = await make()
      const before = await registry.read()

      const proposed = await registry.send(registry.owner, proposeBody(add))
      expectSaid(proposed, REGISTRY_EVENTS.Proposed)
      expect((await registry.read()).pendingCount).toBe(1)
      registry.pass(48 * HOUR - 1)
      await expectRefused(registry, EXIT.Locked, () => registry.execute(0))
      registry.pass(1)
      expectSaid(await registry.execute(0), REGISTRY_EVENTS.Executed)

      const after = await registry.read()
      expect(after.content.entries).toEqual(new Map([[image, imageEntry()]]))
      expect(after.registryVersion).toBe(before.registryVersion + 1n)
      expect(after.prevHash).toBe(before.contentHash)
      expect(after.pendingCount).toBe(0)
      expect(after.proposals.size).toBe(0)
      await expectRefused(registry, EXIT.NothingPending, () => registry.execute(0))
    },
  },
  {
    title: 'a gateway, a vault and a policy are added the same way',
    run: async (make) => {
      const registry = await make()
      const vault = { vault: party('vault'), validFrom: START }
      await registry.propose({ kind: 'gateway', id: 7, gateway })
      await registry.propose({ kind: 'vault', id: 1, vault })
      await registry.propose({ kind: 'policy', hash: '55'.repeat(32) })
      registry.pass(48 * HOUR)

      for (const id of [2, 0, 1]) {
        const before = await registry.read()
        expectSaid(await registry.execute(id), REGISTRY_EVENTS.Executed)
        const after = await registry.read()
        expect(after.registryVersion).toBe(before.registryVersion + 1n)
        expect(after.prevHash).toBe(before.contentHash)
      }

      const { content } = await registry.read()
      expect(content.gateways).toEqual(new Map([[7, gateway]]))
      expect([...content.vaults.keys()]).toEqual([1])
      expect(content.vaults.get(1)?.vault.equals(vault.vault)).toBe(true)
      expect(content.policyHash).toBe('55'.repeat(32))
    },
  },
  {
    title:
      'the delay of additions is at least 24 hours, whatever was configured, and longer when configured so',
    run: async (make) => {
      for (const [addDelay, waits] of [
        [0, 24 * HOUR],
        [24 * HOUR, 24 * HOUR],
        [100 * HOUR, 100 * HOUR],
      ] as const) {
        const registry = await make({ addDelay })
        await registry.propose(add)
        expect((await registry.read()).proposals.get(0)?.unlockAt).toBe(START + waits)
      }
    },
  },
  {
    title: 'a replaced image is counted once; deprecated ones may be added, revoked ones not',
    run: async (make) => {
      const registry = await make({ content: { entries: new Map([[image, imageEntry()]]) } })
      await registry.propose({ ...add, entry: imageEntry({ status: 'deprecated' }) })
      registry.pass(48 * HOUR)

      expectSaid(await registry.execute(0), REGISTRY_EVENTS.Executed)

      const { content } = await registry.read()
      expect(content.entries.get(image)?.status).toBe('deprecated')
      const counted = (await registry.contract.getContent(registry.getters)).entries.size
      expect(counted).toBe(1)
      expect(await countsOf(registry)).toEqual([1, 0, 0, 0])
      await expectRefused(registry, EXIT.BadParameter, () =>
        registry.send(
          registry.owner,
          proposeBody({ ...add, entry: imageEntry({ status: 'revoked' }) }),
        ),
      )
    },
  },
  {
    title: 'malformed proposals never wait: kind, status, times, addresses, tails, prefixes',
    once: true,
    run: async (make) => {
      const registry = await make()
      const entry = (kind: number, status = 1, until = START + 1) =>
        beginCell()
          .storeUint(REGISTRY_ACTIONS.AddEntry, 32)
          .storeUint(1, 256)
          .storeRef(
            beginCell()
              .storeUint(kind, 8)
              .storeUint(status, 8)
              .storeUint(START, 32)
              .storeUint(until, 32)
              .storeUint(0, 512)
              .endCell(),
          )
          .endCell()
      const away = new Address(-1, Buffer.alloc(32, 1))
      const role = (prefix: number) =>
        beginCell().storeUint(prefix, 32).storeAddress(away).endCell()
      const badGateway = (over: Partial<RegistryGateway>) =>
        actionCell({ kind: 'gateway', id: 1, gateway: { ...gateway, ...over } })
      const refused = [
        entry(0),
        entry(4),
        entry(1, 0),
        entry(1, 3),
        entry(1, 1, START),
        badGateway({ status: 'revoked' }),
        badGateway({ validUntil: START }),
        actionCell({ kind: 'vault', id: 1, vault: { vault: away, validFrom: 0 } }),
        role(REGISTRY_ACTIONS.SetOwner),
        role(REGISTRY_ACTIONS.SetGuardian),
        role(REGISTRY_ACTIONS.SetPricing),
        beginCell().storeUint(0x434802aa, 32).endCell(),
        beginCell()
          .storeUint(REGISTRY_ACTIONS.AddPrices, 32)
          .storeUint(1, 32)
          .storeRef(beginCell().endCell())
          .endCell(),
      ]
      const broken = [
        beginCell().storeSlice(actionCell(add).beginParse()).storeBit(true).endCell(),
        beginCell()
          .storeUint(REGISTRY_ACTIONS.AddEntry, 32)
          .storeUint(1, 256)
          .storeRef(
            beginCell().storeSlice(entryCell(imageEntry()).beginParse()).storeBit(true).endCell(),
          )
          .endCell(),
        beginCell()
          .storeUint(REGISTRY_ACTIONS.AddGateway, 32)
          .storeUint(1, 32)
          .storeRef(
            beginCell().storeSlice(gatewayCell(gateway).beginParse()).storeBit(true).endCell(),
          )
          .endCell(),
      ]

      for (const action of refused) {
        await expectRefused(registry, EXIT.BadParameter, () =>
          registry.send(registry.owner, rawPropose(action)),
        )
      }
      for (const action of broken) {
        await expectRefused(registry, 9, () => registry.send(registry.owner, rawPropose(action)))
      }
      for (const kind of [1, 2, 3]) {
        const outcome = await registry.send(registry.owner, rawPropose(entry(kind)))
        expectSaid(outcome, REGISTRY_EVENTS.Proposed)
      }
    },
  },
  {
    title: 'guardian and owner revoke an image, a model and a gateway at once',
    run: async (make) => {
      const model = 'bb'.repeat(32)
      const registry = await make({
        content: {
          entries: new Map([
            [image, imageEntry()],
            [model, imageEntry({ kind: 'model' })],
          ]),
          gateways: new Map([[7, gateway]]),
        },
      })
      const before = await registry.read()

      const outcome = await registry.send(
        registry.guardian,
        revokeBody({ kind: 'worker-image', key: image }),
      )
      expectSaid(outcome, REGISTRY_EVENTS.Revoked)
      const between = await registry.read()
      expect(between.registryVersion).toBe(before.registryVersion + 1n)
      expect(between.prevHash).toBe(before.contentHash)
      expectSaid(
        await registry.send(registry.owner, revokeBody({ kind: 'model', key: model })),
        REGISTRY_EVENTS.Revoked,
      )
      expectSaid(
        await registry.send(registry.guardian, revokeBody({ kind: 'gateway', id: 7 })),
        REGISTRY_EVENTS.Revoked,
      )

      const { content } = await registry.read()
      expect(content.entries.get(image)).toEqual(imageEntry({ status: 'revoked' }))
      expect(content.entries.get(model)?.status).toBe('revoked')
      expect(content.gateways.get(7)).toEqual({ ...gateway, status: 'revoked' })
    },
  },
  {
    title: 'the gateway of the highest number can be revoked',
    run: async (make) => {
      const id = 2 ** 32 - 1
      const registry = await make({ content: { gateways: new Map([[id, gateway]]) } })

      expectSaid(
        await registry.send(registry.owner, revokeBody({ kind: 'gateway', id })),
        REGISTRY_EVENTS.Revoked,
      )
    },
  },
  {
    title: 'what is not there, or is of another kind, cannot be revoked',
    run: async (make) => {
      const registry = await make({ content: { entries: new Map([[image, imageEntry()]]) } })
      const huge = beginCell()
        .storeUint(REGISTRY_OPS.Revoke, 32)
        .storeUint(0, 64)
        .storeUint(4, 8)
        .storeUint(2n ** 32n, 256)
        .endCell()

      for (const body of [
        revokeBody({ kind: 'model', key: image }),
        revokeBody({ kind: 'worker-image', key: 'cc'.repeat(32) }),
        revokeBody({ kind: 'gateway', id: 1 }),
        huge,
      ]) {
        await expectRefused(registry, EXIT.BadParameter, () =>
          registry.send(registry.guardian, body),
        )
      }
    },
  },
  {
    title: 'prices that hurt nobody hold at once; a version is set once',
    run: async (make) => {
      const registry = await make()
      const before = await registry.read()

      expectSaid(await registry.send(registry.pricing, prices()), REGISTRY_EVENTS.PricesSet)

      const after = await registry.read()
      expect(after.registryVersion).toBe(before.registryVersion + 1n)
      expect(after.prevHash).toBe(before.contentHash)
      expect(after.content.prices).toEqual(
        new Map([
          [1, { hash: '44'.repeat(32), validFrom: START, customerUp: false, workerDown: false }],
        ]),
      )
      await expectRefused(registry, EXIT.BadParameter, () =>
        registry.send(registry.pricing, prices({ hash: '66'.repeat(32) })),
      )
    },
  },
  {
    title: 'dearer for customers waits 24 hours, less for workers 72, both 72',
    run: async (make) => {
      for (const [flags, hours] of [
        [{ customerUp: true }, 24],
        [{ workerDown: true }, 72],
        [{ customerUp: true, workerDown: true }, 72],
      ] as const) {
        const registry = await make()
        const body = (validFrom: number) => prices({ ...flags, validFrom })

        await expectRefused(registry, EXIT.BadParameter, () =>
          registry.send(registry.pricing, body(START + hours * HOUR - 1)),
        )
        expectSaid(
          await registry.send(registry.pricing, body(START + hours * HOUR)),
          REGISTRY_EVENTS.Proposed,
        )
        registry.pass(hours * HOUR - 1)
        await expectRefused(registry, EXIT.Locked, () => registry.execute(0))
        registry.pass(1)
        expectSaid(await registry.execute(0), REGISTRY_EVENTS.Executed)
        expect((await registry.read()).content.prices.get(1)).toMatchObject({ ...flags })
      }
    },
  },
  {
    title: 'a version that was set while another of its number waited wins',
    run: async (make) => {
      const registry = await make()
      await registry.send(
        registry.pricing,
        prices({ customerUp: true, validFrom: START + 24 * HOUR }),
      )
      await registry.send(registry.pricing, prices())
      registry.pass(24 * HOUR)

      await expectRefused(registry, EXIT.BadParameter, () => registry.execute(0))
      await expectRefused(registry, EXIT.BadParameter, () =>
        registry.send(
          registry.pricing,
          prices({ customerUp: true, validFrom: registry.now() + 24 * HOUR }),
        ),
      )
    },
  },
  {
    title: 'only the newest 2 000 versions of prices are kept',
    once: true,
    run: async (make) => {
      const row = { hash: '44'.repeat(32), validFrom: START, customerUp: false, workerDown: false }
      const registry = await make({
        content: { prices: new Map(Array.from({ length: 1999 }, (_, n) => [n + 1, row])) },
      })

      await registry.send(registry.pricing, prices({ version: 2000 }))
      expect((await registry.read()).content.prices.size).toBe(2000)
      await registry.send(registry.pricing, prices({ version: 2001 }))

      const kept = (await registry.read()).content.prices
      expect(kept.size).toBe(2000)
      expect(kept.has(1)).toBe(false)
      expect(kept.has(2)).toBe(true)
      expect(kept.has(2001)).toBe(true)
      expect(await countsOf(registry)).toEqual([0, 0, 0, 2000])
    },
  },
  {
    title: 'maps stop growing: 2 000 entries, 200 gateways, 200 vaults, 64 proposals',
    once: true,
    run: async (make) => {
      const full = await make({
        content: {
          entries: new Map(
            Array.from({ length: 1999 }, (_, n) => [
              n.toString(16).padStart(64, '0'),
              imageEntry(),
            ]),
          ),
          gateways: new Map(Array.from({ length: 199 }, (_, n) => [n, gateway])),
          vaults: new Map(
            Array.from({ length: 199 }, (_, n) => [n, { vault: party('v'), validFrom: 0 }]),
          ),
        },
      })
      const vault = { vault: party('vault'), validFrom: START }
      await full.propose(add)
      await full.propose({ kind: 'gateway', id: 1000, gateway })
      await full.propose({ kind: 'vault', id: 1000, vault })
      await full.propose({ ...add, key: 'ab'.repeat(32) })
      await full.propose({ kind: 'gateway', id: 1001, gateway })
      await full.propose({ kind: 'vault', id: 1001, vault })
      await full.propose({ kind: 'gateway', id: 1, gateway })
      await full.propose({ kind: 'vault', id: 1, vault })
      full.pass(48 * HOUR)

      for (const id of [0, 1, 2]) {
        expectSaid(await full.execute(id), REGISTRY_EVENTS.Executed)
      }
      expect(await countsOf(full)).toEqual([2000, 200, 200, 0])
      for (const id of [3, 4, 5]) {
        await expectRefused(full, EXIT.PayeeLimit, () => full.execute(id))
      }
      for (const id of [6, 7]) {
        expectSaid(await full.execute(id), REGISTRY_EVENTS.Executed)
      }

      const registry = await make()
      for (let n = 0; n < 64; n++) await registry.propose({ kind: 'policy', hash: image })
      await expectRefused(registry, EXIT.PayeeLimit, () =>
        registry.send(registry.owner, proposeBody(add)),
      )
      await expectRefused(registry, EXIT.PayeeLimit, () =>
        registry.send(registry.pricing, prices({ customerUp: true, validFrom: START + 24 * HOUR })),
      )
    },
  },
]

/** Entries, gateways, vaults and prices, as the contract counts them. */
async function countsOf(registry: RegistryWorld): Promise<number[]> {
  const data = (await registry.data()).beginParse()
  data.loadRef()
  const content = data.loadRef()
  const slice = content.beginParse()
  for (let n = 0; n < 4; n++) slice.loadMaybeRef()
  slice.loadBuffer(32)
  const counts = [0, 1, 2, 3].map(() => slice.loadUint(16))
  const read = readContent(content)
  expect(counts).toEqual([
    read.entries.size,
    read.gateways.size,
    read.vaults.size,
    read.prices.size,
  ])
  return counts
}
