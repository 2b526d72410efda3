/** @module `ledger check`: every invariant of the books, asked of one moment of the database (PAY §3). */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Database } from '../../db/database.ts'
import { type Broken, breachOf, forgottenHolds, INVARIANTS } from './check-store.ts'

export interface LedgerReport {
  readonly ok: boolean
  readonly broken: readonly Broken[]
}

/** The sweep runs each minute; ten of them have been missed. */
const sweptMs = 600_000

/** Reads only; all invariants are asked of the same moment. */
export async function checkLedger(
  db: Pick<Database, 'transaction'>,
  clock: Clock,
): Promise<LedgerReport> {
  const found = await db.transaction(async (tx) => {
    await tx.$executeRaw`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`
    const breaches: (Broken | undefined)[] = []
    for (const invariant of INVARIANTS) breaches.push(await breachOf(tx, invariant))
    breaches.push(await forgottenHolds(tx, clock.now() - sweptMs))
    return breaches
  })
  const broken = found.filter((breach) => breach !== undefined)
  return { ok: broken.length === 0, broken }
}

/** Checks once a day, and says each broken rule as an alert. */
export async function alertLedger(
  db: Pick<Database, 'transaction'>,
  { clock, log }: { clock: Clock; log: Log },
): Promise<void> {
  const { ok, broken } = await checkLedger(db, clock)
  if (ok) log.info('ledger.checked', { invariants: INVARIANTS.length + 1 })
  for (const { invariant, count } of broken) log.error('ledger.broken', { invariant, count })
}
