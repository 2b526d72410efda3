import { Address } from '@ton/core'
import { describe, expect, test } from 'vitest'
import { EXIT } from '../../src/payments/contracts/opcodes.ts'
import { coins, party, TABLES } from '../support/contract-world.ts'
import { internalMessage } from '../support/raw-chain.ts'
import { REGISTRY_ROLES } from '../support/registry-world.ts'
import { ROLES } from '../support/vault-world.ts'
import { CASES } from './messages.ts'
import { lowValues, unbounceable } from './scenarios/low-values.ts'
import { expectRefused } from './scenarios/scenario.ts'

const everybody: Record<string, Address> = {
  ...ROLES,
  'registry owner': REGISTRY_ROLES.owner,
  'registry guardian': REGISTRY_ROLES.guardian,
  pricing: REGISTRY_ROLES.pricing,
  relayer: party('relayer'),
  stranger: party('stranger'),
  'next owner': party('next owner'),
  'owner of the same hash in the masterchain': new Address(-1, ROLES.owner.hash),
  'registry owner of the same hash in the masterchain': new Address(-1, REGISTRY_ROLES.owner.hash),
}

describe('senders', () => {
  test.each(CASES.filter((it) => it.only))(
    '$name is refused from everybody but its role, and leaves no trace',
    async ({ ready }) => {
      expect.hasAssertions()
      const { world, body, from } = await ready({})

      for (const [who, sender] of Object.entries(everybody)) {
        if (from.some((right) => right.equals(sender))) continue
        await expectRefused(world, EXIT.Sender, () => world.send(sender, body)).catch((error) => {
          throw new Error(`from ${who}`, { cause: error })
        })
      }
      await expectRefused(world, EXIT.Sender, () => world.send(world.address, body))
    },
  )

  test.each(CASES)('$name is carried out for each of its rightful senders', async ({ ready }) => {
    const { from } = await ready({})

    for (const index of from.keys()) {
      const { world, body, from: again } = await ready({})
      const sender = again[index]
      if (!sender) throw new Error('no sender')
      const outcome = await world.send(sender, body)
      expect(outcome.exit).toBe(0)
      expect(outcome.action).toBe(0)
    }
  })
})

describe('bounces', () => {
  test.each(CASES)('$name that comes back is money and nothing else', async ({ ready }) => {
    const { world, body, from } = await ready({})
    const before = await world.data()
    for (const sender of [...from, party('stranger')]) {
      const message = internalMessage({
        from: sender,
        to: world.address,
        value: coins(1),
        body,
        bounce: false,
      })
      if (message.info.type !== 'internal') throw new Error('internal')

      const outcome = await world.deliver({ ...message, info: { ...message.info, bounced: true } })

      expect(outcome.exit).toBe(0)
      expect(outcome.transaction.outMessagesCount).toBe(0)
      expect(outcome.delta).toBeGreaterThan(coins(0.98))
    }
    expect((await world.data()).equals(before)).toBe(true)
  })

  test.each(CASES)('$name sends payouts and excesses that cannot bounce', async (it) => {
    expect.hasAssertions()
    await unbounceable(it, {})
  })

  test('a withdrawal that the owner refuses is the vault’s again', async () => {
    const withdraw = CASES.find((it) => it.name === 'vault Execute withdraw')
    if (!withdraw) throw new Error('no withdrawal')
    const { world, body, from } = await withdraw.ready({})
    const [owner] = from
    if (!owner) throw new Error('no owner')
    const { transaction } = await world.send(owner, body)
    const sent = [...transaction.outMessages.values()].find((out) => out.body.bits.length === 0)
    if (sent?.info.type !== 'internal') throw new Error('nothing withdrawn')
    const had = world.balance()

    const message = internalMessage({
      from: owner,
      to: world.address,
      value: sent.info.value.coins,
      body: sent.body,
      bounce: false,
    })
    if (message.info.type !== 'internal') throw new Error('internal')
    await world.deliver({ ...message, info: { ...message.info, bounced: true } })

    expect(world.balance()).toBeGreaterThan(had + coins(2.99))
  })
})

describe.each(TABLES)('low values at the prices of %s', (table) => {
  test.each(CASES)(
    '$name: below the least value nothing changes, from there on the sums are exact',
    async (it) => {
      expect.hasAssertions()
      await lowValues(it, { table })
    },
  )
})
