/** @module `chrysalis ledger check`: whether the books are whole (PAY §3). */
import { z } from 'zod'
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { checkLedger } from '../payments/ledger/check.ts'
import { dataFolder } from './paths.ts'
import { askSystem } from './running.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

const reportSchema = z.object({
  ok: z.boolean(),
  broken: z.array(z.object({ invariant: z.string(), count: z.number(), example: z.string() })),
})

/** Exit codes: 0 whole, 1 broken or not answered, 2 a wrong command line. Asks the running system, else the data folder. */
export async function runLedger(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const [step, ...rest] = args
  if (step !== 'check') throw new UsageError('ledger takes check.')
  const { values } = parseOptions(rest, {
    json: { type: 'boolean', default: false },
    data: { type: 'string' },
  })
  const answer = await askSystem({
    dataDir: dataFolder(values.data, env),
    env,
    name: 'ledger.check',
    atRest: (db) => checkLedger(db, systemClock),
  })
  const report = reportSchema.parse(answer)
  if (values.json) terminal.out(JSON.stringify(report))
  else if (report.ok) terminal.out('The books are whole.')
  else
    for (const { invariant, count, example } of report.broken)
      terminal.out(`${invariant}: broken ${String(count)} times, e.g. by ${example}`)
  return report.ok ? EXIT.ok : EXIT.failed
}
