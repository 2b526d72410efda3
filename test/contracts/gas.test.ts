import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TABLES } from '../support/contract-world.ts'
import { payoutCosts } from '../support/payout-costs.ts'

interface Snapshot {
  readonly gas: number
  readonly lostNano: number
}
type Snapshots = Record<string, Record<string, Snapshot>>

// `CHRYSALIS_GAS=write` records what this machine measures; the emulator is deterministic, so every machine measures the same.
const path = join(import.meta.dirname, 'gas.json')
const recorded = JSON.parse(readFileSync(path, 'utf8')) as Snapshots
const isWriting = process.env['CHRYSALIS_GAS'] === 'write'

describe.each(TABLES)('at the prices of %s', (table) => {
  test('no operation needs over 2 % more gas or coins than on record', async () => {
    const costs = await payoutCosts(table)
    const now = Object.fromEntries(
      costs.map((it) => [
        `${it.what} at ${it.payees}`,
        { gas: it.gas, lostNano: Number(it.lostNano) },
      ]),
    )
    if (isWriting) {
      recorded[table] = now
      writeFileSync(path, `${JSON.stringify(recorded, null, 2)}\n`)
    }

    expect(Object.keys(now)).toEqual(Object.keys(recorded[table] ?? {}))
    for (const [what, { gas, lostNano }] of Object.entries(now)) {
      const before = recorded[table]?.[what]
      expect(gas).toBeLessThanOrEqual((before?.gas ?? 0) * 1.02)
      expect(lostNano).toBeLessThanOrEqual((before?.lostNano ?? 0) * 1.02)
    }
    const at = (payees: number) =>
      costs.find((it) => it.what === 'settle 60' && it.payees === payees)
    expect(at(29_900)?.gas).toBeLessThan(800_000)
    const isCheap = Number(at(10_000)?.lostNano) / 60 <= 900_000
    expect(isCheap).toBe(table === 'august-2026')
  })
})
