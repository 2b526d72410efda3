/** @module The whole money side for one question to a data folder at rest, closed again afterwards. */
import { systemClock as clock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { Lifetime } from '../core/lifetime.ts'
import { createLog } from '../core/log.ts'
import type { Database } from '../db/database.ts'
import type { Payments } from '../payments/main.ts'

export async function withPaymentsAtRest<T>(
  { dataDir, env, db }: { dataDir: string; env: Environment; db: Database },
  ask: (payments: Payments, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { main } = await import('../payments/main.ts')
  const log = createLog(
    'payments',
    () => undefined,
    () => clock.now(),
  )
  const life = new Lifetime({ log, clock })
  try {
    const settings = { ...env, CHRYSALIS_DATA: dataDir }
    const payments = await main({ env: settings, log, clock, life, db }, { settles: true })
    return await ask(payments, life.signal)
  } finally {
    await life.close()
  }
}
