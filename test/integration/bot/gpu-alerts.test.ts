/** What owners are told of without asking: each cause once, whatever the number of rounds and of processes. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createGpuStore, type GpuStore } from '../../../src/bot/gpu/gpu-store.ts'
import type { Database } from '../../../src/db/database.ts'
import { createMachineStore, type MachineStore } from '../../../src/gateway/machine-store.ts'
import { bringOnline, emptyGpuTables } from '../../support/gpu.ts'
import { openTestDatabase } from '../../support/stores.ts'

const minute = 60_000
const day = 24 * 60 * minute
const start = 1_790_000_000_000
const owner = 'tg-1'
const token = 'a'.repeat(64)
const limits = { offlineMs: 5 * minute, evidenceMs: 3 * day }

let db: Database
let store: GpuStore
let machines: MachineStore
let kid: string
beforeAll(async () => {
  db = await openTestDatabase()
  store = createGpuStore(db)
  machines = createMachineStore(db)
}, 180_000)
afterAll(() => db.close())
beforeEach(async () => {
  await emptyGpuTables(db)
  await store.add({ owner, token, payout: '', nowMs: start, unusedUntilMs: start + day })
  kid = await bringOnline(db, token, { nowMs: start })
})

const admit = (nowMs: number, tier = 'cpu-tee', evidenceUntilMs = start + 30 * day) =>
  machines.admitted(token, { kid, tier, evidenceUntilMs, nowMs })

/** Two processes look at the same time; gives what is new since the last call. */
async function told(nowMs: number): Promise<string[]> {
  await Promise.all([store.notice({ nowMs, ...limits }), store.notice({ nowMs, ...limits })])
  const found = await store.untold()
  for (const { id } of found) await store.told(id, nowMs)
  return found.map(({ kind, machine, ref }) => `${kind} ${String(machine)} ${ref}`.trim())
}

test('evidence that ends within three days is told of once, and again when new evidence nears its end', async () => {
  await admit(start)
  await machines.seen([token], start + 27 * day)
  expect(await told(start + 27 * day - 1)).toEqual([])

  const until = new Date(start + 30 * day).toISOString().slice(0, 16).replace('T', ' ')
  expect(await told(start + 27 * day)).toEqual([`evidence 1 ${until}`])
  for (const at of [1, 2, 3]) expect(await told(start + 27 * day + at * minute)).toEqual([])

  await admit(start + 28 * day, 'cpu-tee', start + 60 * day)
  expect(await told(start + 28 * day)).toEqual([])
  await machines.seen([token], start + 57 * day)
  expect(await told(start + 57 * day)).toHaveLength(1)
})

test('nobody is told that simulated evidence ends, nor that of a machine that is away or removed', async () => {
  await admit(start, 'simulated', start + day)
  expect(await told(start + minute)).toEqual([])

  await admit(start, 'cpu-tee', start + day)
  await machines.gone(token, kid, start)
  expect(await told(start + minute)).toEqual([])
  await admit(start, 'cpu-tee', start + day)
  await store.remove(owner, 1, start)
  expect(await told(start + minute)).toEqual([])
})

test('evidence that is refused is told of once while it lasts, with its reason, and anew after it was mended', async () => {
  await machines.gone(token, kid, start)
  await machines.refused(token, 'TCB_STATUS', start)
  // Most workers are let in at their next attempt.
  expect(await told(start + minute - 1)).toEqual([])

  expect(await told(start + minute)).toEqual(['refused 1 TCB_STATUS'])
  for (const at of [2, 3, 4]) {
    await machines.refused(token, at === 3 ? 'TCB_MIN' : 'TCB_STATUS', start + at * minute)
    expect(await told(start + at * minute)).toEqual([])
  }

  await admit(start + 5 * minute)
  expect(await told(start + 5 * minute)).toEqual([])
  await machines.gone(token, kid, start + 6 * minute)
  await machines.refused(token, 'HW_SPLIT', start + 6 * minute)
  expect(await told(start + 7 * minute)).toEqual(['refused 1 HW_SPLIT'])
})

test('an image that is withdrawn is told of at once and once', async () => {
  await machines.refused(token, 'POL_DENIED', start)
  await machines.gone(token, kid, start)

  expect(await told(start + 1)).toEqual(['image 1 POL_DENIED'])
  for (const at of [1, 2, 3]) expect(await told(start + at * minute)).toEqual([])
})

test('what is the gateway’s own trouble, and the first start of a machine, make no alert', async () => {
  await machines.gone(token, kid, start)
  await machines.refused(token, 'stores.down', start)
  expect(await told(start + 2 * minute)).toEqual([])
  await machines.refused(token, 'POL_EXPIRED', start)
  expect(await told(start + 2 * minute)).toEqual([])

  const fresh = 'b'.repeat(64)
  await store.add({ owner, token: fresh, payout: '', nowMs: start, unusedUntilMs: start + day })
  await machines.refused(fresh, 'POL_MEASUREMENT', start)
  await machines.refused(fresh, 'HW_UNKNOWN', start)
  expect(await told(start + 2 * minute)).toEqual([])
})

test('an alert that is switched off is not told later either', async () => {
  await store.toggle(owner, 'evidence', start)
  await machines.gone(token, kid, start)
  await machines.refused(token, 'TCB_STATUS', start)
  expect(await told(start + minute)).toEqual([])

  await store.toggle(owner, 'evidence', start)
  expect(await told(start + 2 * minute)).toEqual([])
})
