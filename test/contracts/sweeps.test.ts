import { describe, expect, test } from 'vitest'
import { coins, party, TABLES } from '../support/contract-world.ts'
import { internalMessage } from '../support/raw-chain.ts'
import { CASES } from './messages.ts'
import { lowValues, strangers, unbounceable } from './scenarios/every-message.ts'

describe('senders', () => {
  test.each(CASES.filter((it) => it.only))(
    '$name is refused from everybody but its role, and leaves no trace',
    async (it) => {
      expect.hasAssertions()
      await strangers(it, {})
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
      // To 10 000 nano at one table's prices; the other's differ by a factor only.
      await lowValues(it, { table }, table === TABLES[0] ? 10_000n : coins(0.001))
    },
  )
})
