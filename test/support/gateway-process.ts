/** Runs `gateway/main.ts` in a process of its own, so that a test can kill it. Settings by environment; prints its facts. */
import { systemClock } from '../../src/core/clock.ts'
import { Lifetime } from '../../src/core/lifetime.ts'
import { createLog, stderrSink } from '../../src/core/log.ts'
import { openDatabase } from '../../src/db/database.ts'
import { main } from '../../src/gateway/main.ts'

const log = createLog('gateway', stderrSink, () => systemClock.now())
const life = new Lifetime({ log, clock: systemClock })
const db = await openDatabase({ url: process.env['DATABASE_URL'] ?? '', clock: systemClock })
const facts = await main({ env: process.env, log, clock: systemClock, life, db })
process.stdout.write(`${JSON.stringify(facts)}\n`)
process.once('SIGTERM', () => {
  void life.close().then(() => process.exit(0))
})
