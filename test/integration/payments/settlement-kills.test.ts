import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { type Database, openDatabase } from '../../../src/db/database.ts'
import { payeeAddress } from '../../../src/payments/contracts/vault-config.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import { lookAtVault } from '../../../src/payments/settlement/vault-sight.ts'
import { seeded } from '../../support/kill-load.ts'
import { COIN, testLocalnet } from '../../support/localnet.ts'
import { hasPostgres, startTestPostgres, type TestPostgres } from '../../support/postgres.ts'
import { earnFor, openVaultWorld, payeeOf, type VaultWorld } from '../../support/settlement.ts'
import {
  KILL_POINTS,
  type KillPoint,
  type SettlementOrder,
} from '../../support/settlement-points.ts'
import { createDatabase } from '../../support/stores.ts'

/** One at each point: 33 s of processor time. `CHRYSALIS_KILLS=60` or 1000 for a longer look. */
const kills = Number(process.env['CHRYSALIS_KILLS'] ?? 10)
const payees = 12
const seed = Number(process.env['CHRYSALIS_SEED'] ?? 20261125)

describe.skipIf(!hasPostgres())(
  'a settling process that is killed (skipped without Postgres)',
  () => {
    let postgres: TestPostgres
    let databaseUrl: string
    let db: Database
    let localnet: Localnet
    let world: VaultWorld
    let spare: ChildProcess | undefined

    beforeAll(async () => {
      postgres = await startTestPostgres()
      databaseUrl = await createDatabase(postgres.url)
      db = await openDatabase({ url: databaseUrl, clock: systemClock })
      localnet = await testLocalnet()
      world = await openVaultWorld(localnet, 100_000n * COIN)
    })
    afterAll(async () => {
      spare?.kill('SIGKILL')
      await db?.close()
      await localnet?.close()
      await postgres?.stop()
    })

    const start = (): ChildProcess =>
      spawn(process.execPath, [join(import.meta.dirname, '../../support/settlement-process.ts')], {
        stdio: ['pipe', 'ignore', process.env['TEST_VERBOSE'] ? 'inherit' : 'ignore'],
        // Compiling the same modules again is half of a process's start.
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_COMPILE_CACHE: join(tmpdir(), 'chrysalis-compile-cache'),
        },
      })
    /** Runs one process to its end; the next one loads meanwhile. */
    const run = async (point: KillPoint | 'none'): Promise<NodeJS.Signals | null> => {
      const child = spare ?? start()
      const order: SettlementOrder = {
        point,
        databaseUrl,
        endpoint: localnet.url,
        vault: world.vault.toRawString(),
        globalId: localnet.globalId,
        nowMs: localnet.chain.head().ms,
      }
      child.stdin?.end(`${JSON.stringify(order)}\n`)
      spare = start()
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
      if (signal !== 'SIGKILL') expect({ point, code }).toEqual({ point, code: 0 })
      return signal
    }

    test(`${String(kills)} kills, at every point alike, under a chain that loses, repeats and lags: everybody is paid once`, async () => {
      const random = seeded(seed)
      const earned = new Map<string, bigint>()
      const died = new Map<KillPoint, number>(KILL_POINTS.map((point) => [point, 0]))
      const perPoint = Math.ceil(kills / KILL_POINTS.length)
      const earnSome = async (round: number): Promise<void> => {
        for (let n = 0; n < payees; n++) {
          // Someone is always owed something: every process has a batch to make.
          if (n !== round % payees && random(3) > 0) continue
          const payNano = BigInt(1 + random(50_000_000))
          const payee = payeeOf(n)
          await earnFor(db, { payee, payNano, ref: `${String(round)}-${String(n)}` })
          earned.set(payee, (earned.get(payee) ?? 0n) + payNano)
        }
      }
      const kinds = [
        'drop',
        'answer-error',
        'late',
        'twice',
        'rate-limit',
        'server-error',
        'malformed',
        'stale',
      ] as const
      const makeTrouble = (): void => {
        localnet.faults.clear()
        for (let count = random(4); count > 0; count--) {
          const kind = kinds[random(kinds.length)] ?? 'drop'
          localnet.faults.add({
            kind,
            count: 1 + random(2),
            skip: random(12),
            blocks: 1 + random(4),
          })
        }
      }

      for (let round = 0; KILL_POINTS.some((point) => (died.get(point) ?? 0) < perPoint); round++) {
        const point = KILL_POINTS[round % KILL_POINTS.length] ?? 'planned'
        if ((died.get(point) ?? 0) >= perPoint) continue
        await earnSome(round)
        makeTrouble()
        if ((await run(point)) === 'SIGKILL') died.set(point, (died.get(point) ?? 0) + 1)
        // The dead process's lease ends; sometimes its message does, too.
        await localnet.chain.advance(random(5) === 0 ? 200_000 : 31_000)
      }
      localnet.faults.clear()
      expect(await run('none')).toBeNull()
      await localnet.chain.mineUntilIdle()

      const report = [...died].map(([point, count]) => `${point} ${String(count)}`).join(', ')
      const { data } = await lookAtVault(world.chain, world.vault)
      const rows = await db.rows.payee.findMany()
      const ended = await db.rows.batch.groupBy({ by: ['state'], _count: true })
      console.info(
        `kills: ${report}; batches: ${ended.map(({ state, _count: count }) => `${state} ${String(count)}`).join(', ')}; seed ${String(seed)}`,
      )
      expect(Math.min(...died.values())).toBeGreaterThanOrEqual(perPoint)
      for (const [payee, total] of earned) {
        const { balanceNano } = await world.chain.account(payeeAddress(payee))
        const row = rows.find((it) => it.payee === payee)
        expect({
          payee,
          paid: data.paid.get(payee),
          has: balanceNano,
          booked: row?.paidTotal,
        }).toEqual({
          payee,
          paid: total,
          has: total,
          booked: total,
        })
      }
      expect(
        ended
          .map(({ state }) => state)
          .filter((state) => !['closed', 'expired', 'failed'].includes(state)),
      ).toEqual([])
      expect(await db.rows.vaultState.findMany({ where: { haltedAt: { not: null } } })).toEqual([])
    }, 3_600_000)
  },
)
