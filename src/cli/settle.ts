/** @module `chrysalis settle`: pays what is owed, by the running system or from a data folder at rest (PAY §7). */
import { z } from 'zod'
import type { Environment } from '../core/config.ts'
import type { Payments } from '../payments/main.ts'
import { readChainFile } from '../payments/settlement/chain-file.ts'
import { dataFolder } from './paths.ts'
import { withPaymentsAtRest } from './payments-at-rest.ts'
import { askSystem } from './running.ts'
import { settleReportSchema, settleWords } from './settle-words.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions } from './usage.ts'

const argsSchema = z.object({ isAll: z.boolean(), isDry: z.boolean(), isResume: z.boolean() })
type SettleArgs = z.infer<typeof argsSchema>

/** Exit codes: 0 done (also when nobody was due), 1 not done or not all of it, 2 a wrong command line. */
export async function runSettle(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { values } = parseOptions(args, {
    'dry-run': { type: 'boolean', default: false },
    now: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    data: { type: 'string' },
  })
  const dataDir = dataFolder(values.data, env)
  const asked = { isAll: values.now, isDry: values['dry-run'], isResume: values.resume }
  const answer = await askSystem({
    dataDir,
    env,
    name: 'settle',
    args: asked,
    atRest: (db) =>
      withPaymentsAtRest({ dataDir, env, db }, (payments, signal) =>
        settle(payments, { args: asked, signal }),
      ),
  })
  const report = settleReportSchema.parse(answer)
  const vault = readChainFile(dataDir)?.vault
  const words = settleWords(report, { isDry: asked.isDry, ...(vault && { vault }) })
  terminal.out(values.json ? JSON.stringify(report) : words.join('\n'))
  return report.why === undefined ? EXIT.ok : EXIT.failed
}

/** The running system's answer to `settle`. Throws `settlement.halted` with the reason. */
export const settleCall =
  (payments: Payments, signal: AbortSignal) =>
  async (args: unknown): Promise<unknown> =>
    settle(payments, { args: argsSchema.parse(args), signal })

async function settle(
  { settlement }: Payments,
  { args, signal }: { args: SettleArgs; signal: AbortSignal },
): Promise<unknown> {
  if (!settlement) return { batches: 0, payees: 0, paidNano: '0', feesNano: '0' }
  if (args.isResume) await settlement.resume()
  if (!args.isDry) return settlement.settleNow({ isAll: args.isAll, signal })
  const { payees, paidNano, feesNano, why } = await settlement.preview(args.isAll)
  return {
    batches: payees > 0 ? 1 : 0,
    payees,
    paidNano: paidNano.toString(),
    feesNano: feesNano.toString(),
    ...(why !== undefined && { why }),
  }
}
