/** @module The worker role as `chrysalis worker` runs it, which says when it has loaded its engines. */
import { systemClock } from '../../src/core/clock.ts'
import { Lifetime } from '../../src/core/lifetime.ts'
import { createLog } from '../../src/core/log.ts'
import { main } from '../../src/workers/main.ts'

const clock = systemClock
const log = createLog(
  'worker',
  () => undefined,
  () => clock.now(),
)
const life = new Lifetime({ log, clock })
await main({ env: process.env, log, clock, life })
process.stdout.write('running\n')
const leave = (): void => void life.close().finally(() => process.exit(0))
process.once('SIGTERM', leave)
process.stdin.once('close', leave)
process.stdin.resume()
