import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EXIT } from '../../src/payments/contracts/opcodes.ts'
import { storageReserve } from '../../src/payments/contracts/reserve.ts'
import {
  pauseBody,
  requestKeyBody,
  requestWithdrawBody,
  topUpBody,
  unpauseBody,
} from '../../src/payments/contracts/vault-messages.ts'
import { payeeAt } from '../support/big-vault.ts'
import { coins, DAY, HOUR, type Outcome, TABLES } from '../support/contract-world.ts'
import { type VaultWorld, vaultWorld } from '../support/vault-world.ts'
import { sumOf } from './scenarios/scenario.ts'

const CAPS = {
  batchCap: coins(20),
  dayCap: coins(50),
  claimDayCap: coins(30),
  claimFloor: coins(5),
}
// A sequence is some thirty messages: a thousand of them where a million inputs are asked for.
const full = Math.ceil(Number(process.env['CHRYSALIS_FUZZ'] ?? 0) / 1000)
const sequences = full > 0 ? full : 10

type Step =
  | {
      readonly do: 'settle'
      readonly rows: readonly (readonly [number, number])[]
      readonly old: boolean
    }
  | { readonly do: 'claim'; readonly who: number; readonly total: number; readonly old: boolean }
  | { readonly do: 'replay' }
  | { readonly do: 'pass'; readonly hours: number }
  | { readonly do: 'pause' | 'unpause' | 'ask-key' | 'rotate' | 'commit' | 'withdraw' }
  | { readonly do: 'ask-withdraw' | 'top-up'; readonly amount: number }

const payee = fc.integer({ min: 0, max: 7 })
// Tenths of a coin: totals meet, pass and fall behind one another often.
const total = fc.integer({ min: 0, max: 400 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      rows: fc.array(fc.tuple(payee, total), { maxLength: 7 }),
      old: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      who: payee,
      total,
      old: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'replay' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      hours: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'pause' as const,
        'unpause' as const,
        'ask-key' as const,
        'rotate' as const,
        'commit' as const,
        'withdraw' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('ask-withdraw' as const, 'top-up' as const),
      amount: fc.integer({ min: 1, max: 100 }),
    }),
  },
)

const tenths = (amount: number): bigint => BigInt(amount) * coins(0.1)

/** What the vault ought to be: plain sums, no cells. */
interface Model {
  own: bigint
  readonly paid: Map<number, bigint>
  totalPaid: bigint
  pausedUntil: number
  pauseAllowedAt: number
  window: { start: number; spent: bigint }
  claims: { start: number; spent: bigint; prev: bigint }
  epoch: number
  prevValidUntil: number
  key: number | undefined
  withdraw: { amount: bigint; at: number } | undefined
  commit: { total: bigint; at: number; epoch: number }
}

const wanted = (model: Model, vault: VaultWorld, payees = model.paid.size) =>
  model.own - storageReserve(vault.fees, payees)

/** What a settle must do: its payouts, or its refusal. The model is changed when it is carried out. */
function settle(
  model: Model,
  vault: VaultWorld,
  it: Extract<Step, { do: 'settle' }> & { readonly epoch: number },
) {
  if (it.epoch !== model.epoch) return { exit: EXIT.KeyEpoch, sum: 0n }
  if (vault.now() < model.pausedUntil) return { exit: EXIT.Paused, sum: 0n }
  const paid = new Map(model.paid)
  let sum = 0n
  for (const [who, amount] of it.rows) {
    const before = paid.get(who) ?? 0n
    if (tenths(amount) <= before) continue
    sum += tenths(amount) - before
    paid.set(who, tenths(amount))
  }
  const isNew = vault.now() >= model.window.start + DAY
  const window = {
    start: isNew ? vault.now() : model.window.start,
    spent: (isNew ? 0n : model.window.spent) + sum,
  }
  if (sum > CAPS.batchCap || window.spent > CAPS.dayCap) return { exit: EXIT.Cap, sum: 0n }
  if (sum > wanted(model, vault, paid.size)) return { exit: EXIT.Funds, sum: 0n }
  for (const [who, amount] of paid) model.paid.set(who, amount)
  model.window = window
  return { exit: 0, sum }
}

function claim(model: Model, vault: VaultWorld, it: Extract<Step, { do: 'claim' }>) {
  const isKnown = !it.old || (model.epoch > 1 && vault.now() <= model.prevValidUntil)
  if (!isKnown) return { exit: EXIT.KeyEpoch, sum: 0n }
  const before = model.paid.get(it.who) ?? 0n
  const due = tenths(it.total) - before
  if (due <= 0n) return { exit: EXIT.NothingToPay, sum: 0n }
  const isNew = vault.now() >= model.claims.start + DAY
  const claims = isNew ? { start: vault.now(), spent: 0n, prev: 0n } : { ...model.claims }
  const left = it.old ? CAPS.claimFloor - claims.prev : CAPS.claimDayCap - claims.spent
  if (left <= 0n) return { exit: EXIT.Cap, sum: 0n }
  const free = wanted(model, vault, model.paid.has(it.who) ? model.paid.size : model.paid.size + 1)
  if (free <= 0n) return { exit: EXIT.Funds, sum: 0n }
  const sum = [due, left, free].reduce((least, value) => (value < least ? value : least))
  if (it.old) claims.prev += sum
  else claims.spent += sum
  model.claims = claims
  model.paid.set(it.who, before + sum)
  return { exit: 0, sum }
}

async function play(vault: VaultWorld, steps: readonly Step[]): Promise<void> {
  const model: Model = {
    own: coins(100),
    paid: new Map(),
    totalPaid: 0n,
    pausedUntil: 0,
    pauseAllowedAt: 0,
    window: { start: 0, spent: 0n },
    claims: { start: 0, spent: 0n, prev: 0n },
    epoch: 1,
    prevValidUntil: 0,
    key: undefined,
    withdraw: undefined,
    commit: { total: 0n, at: vault.now(), epoch: 0 },
  }
  let last: (() => Promise<void>) | undefined
  const paying = async (
    expected: () => { exit: number; sum: bigint },
    act: () => Promise<Outcome>,
  ) => {
    const { exit, sum } = expected()
    const outcome = await act()
    assert.equal(outcome.exit, exit)
    assert.equal(sumOf(outcome), sum)
    assert.equal(outcome.delta, -sum)
    model.totalPaid += sum
    model.own -= sum
  }

  for (const it of steps) {
    // Rent is the vault's own cost: the model takes what the network took.
    const { epoch } = model
    switch (it.do) {
      case 'settle': {
        // A message for the key to come is good once that key rules: a replay of it is paid then.
        const used = (): number => (it.old ? epoch + 1 : model.epoch)
        const entries = it.rows.map(([who, amount]) => ({
          payee: payeeAt(who),
          total: tenths(amount),
        }))
        last = () =>
          paying(
            () => settle(model, vault, { ...it, epoch: used() }),
            () => vault.settle(entries, { epoch: used(), value: coins(1) }),
          )
        await last()
        break
      }
      case 'claim': {
        const entry = { payee: payeeAt(it.who), total: tenths(it.total) }
        last = () =>
          paying(
            () => claim(model, vault, it),
            () => vault.claim(entry, { epoch: it.old ? model.epoch - 1 : model.epoch }),
          )
        await last()
        break
      }
      case 'replay':
        await last?.()
        break
      case 'pass':
        vault.pass(it.hours * HOUR)
        break
      case 'pause': {
        const outcome = await vault.send(vault.guardian, pauseBody(vault.now() + 20 * HOUR))
        const allowed = vault.now() >= model.pauseAllowedAt
        assert.equal(outcome.exit, allowed ? 0 : EXIT.PauseNotAllowed)
        if (allowed) {
          model.pausedUntil = vault.now() + 20 * HOUR
          model.pauseAllowedAt = model.pausedUntil + DAY
        }
        break
      }
      case 'unpause': {
        const outcome = await vault.send(vault.owner, unpauseBody())
        const runs = vault.now() < model.pausedUntil
        assert.equal(outcome.exit, runs ? 0 : EXIT.PauseNotAllowed)
        if (runs) {
          model.pausedUntil = vault.now()
          model.pauseAllowedAt = vault.now() + DAY
        }
        break
      }
      case 'ask-key': {
        const next = vault.keys[epoch]
        if (!next) break
        const body = requestKeyBody({ key: next.publicKey, overlap: 7 * DAY })
        assert.equal((await vault.send(vault.owner, body)).exit, 0)
        model.key = vault.now()
        break
      }
      case 'rotate': {
        const { key } = model
        const outcome = await vault.execute('key')
        if (key === undefined) assert.equal(outcome.exit, EXIT.NothingPending)
        else if (vault.now() < key + DAY) assert.equal(outcome.exit, EXIT.Locked)
        else if (vault.now() > key + 8 * DAY) assert.equal(outcome.exit, EXIT.Expired)
        else if (vault.now() <= model.prevValidUntil) assert.equal(outcome.exit, EXIT.Locked)
        else {
          assert.equal(outcome.exit, 0)
          model.epoch += 1
          model.prevValidUntil = vault.now() + 7 * DAY
          model.key = undefined
        }
        break
      }
      case 'commit': {
        const owed = model.totalPaid + coins(3)
        const days = 1n + BigInt(Math.floor((vault.now() - model.commit.at) / DAY))
        const outcome = await vault.commit(owed, { epoch })
        const fits = owed <= model.commit.total + CAPS.dayCap * days
        assert.equal(outcome.exit, fits ? 0 : EXIT.Cap)
        if (fits) model.commit = { total: owed, at: vault.now(), epoch: model.commit.epoch + 1 }
        break
      }
      case 'ask-withdraw':
        assert.equal(
          (await vault.send(vault.owner, requestWithdrawBody(tenths(it.amount)))).exit,
          0,
        )
        model.withdraw = { amount: tenths(it.amount), at: vault.now() }
        break
      case 'withdraw': {
        const outcome = await vault.execute('withdraw')
        const asked = model.withdraw
        const owed =
          model.commit.total > model.totalPaid ? model.commit.total - model.totalPaid : 0n
        if (!asked) assert.equal(outcome.exit, EXIT.NothingPending)
        else if (vault.now() < asked.at + 48 * HOUR) assert.equal(outcome.exit, EXIT.Locked)
        else if (vault.now() > asked.at + 48 * HOUR + 7 * DAY)
          assert.equal(outcome.exit, EXIT.Expired)
        else if (vault.now() < model.pausedUntil) assert.equal(outcome.exit, EXIT.Paused)
        else if (model.commit.at < asked.at) assert.equal(outcome.exit, EXIT.Locked)
        else if (asked.amount + owed > wanted(model, vault)) assert.equal(outcome.exit, EXIT.Funds)
        else {
          assert.equal(outcome.exit, 0)
          assert.equal(outcome.delta, -asked.amount)
          model.own -= asked.amount
          model.withdraw = undefined
        }
        break
      }
      case 'top-up':
        await vault.send(vault.stranger, topUpBody(), tenths(it.amount))
        model.own = vault.balance()
        break
    }
    // A message's rent and a refused message's value are not the model's: it follows the balance, which `delta` has checked.
    expect(vault.balance()).toBeLessThanOrEqual(model.own)
    expect(vault.balance()).toBeGreaterThan(model.own - coins(0.05))
    vault.setBalance(model.own)
  }

  const state = await vault.read()
  assert.equal(state.totalPaid, model.totalPaid)
  assert.equal(state.payees, model.paid.size)
  expect(state.paid).toEqual(
    new Map([...model.paid].map(([who, amount]) => [payeeAt(who), amount])),
  )
  assert.equal(
    [...state.paid.values()].reduce((sum, amount) => sum + amount, 0n),
    state.totalPaid,
  )
  assert.equal(state.keys.epoch, model.epoch)
  expect(state.commit).toMatchObject({ total: model.commit.total, epoch: model.commit.epoch })
}

test.each(TABLES)(
  'at the prices of %s any sequence of messages leaves the vault where plain sums say it must be',
  async (table) => {
    const runs = Math.ceil(sequences / TABLES.length)
    const seed = full > 0 ? randomInt(2 ** 31) : 20261125
    let messages = 0
    expect.hasAssertions()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        messages += steps.length
        await play(await vaultWorld({ table, caps: CAPS, balance: coins(100) }), steps)
      }),
      // Of a long look the seed is enough: making a found sequence shorter takes longer than the look.
      { numRuns: runs, seed, endOnFailure: full > 0 },
    )
    if (full > 0) console.log(`vault, ${table}: ${runs} sequences, ${messages} steps, seed ${seed}`)
  },
  3_600_000,
)
