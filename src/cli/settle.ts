/** @module `chrysalis settle`: pays what is owed, by the running system or from a data folder at rest (PAY §7). */
import { z } from 'zod'
import type { Environment } from '../core/config.ts'
import type { Payments } from '../payments/main.ts'
import { readChainFile } from '../payments/settlement/chain-file.ts'
import { saysYes } from './consent.ts'
import { dataFolder } from './paths.ts'
import { withPaymentsAtRest } from './payments-at-rest.ts'
import { askSystem } from './running.ts'
import {
  type LostAnswer,
  lostSchema,
  lostWords,
  settleReportSchema,
  settleWords,
} from './settle-words.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

/** What a person decided, about totals as they were shown: another total is another decision. */
const decisionSchema = z.object({
  how: z.enum(['honour', 'dismiss']),
  lost: z.array(
    z.object({ payee: z.string(), signedNano: z.string().regex(/^\d+$/).transform(BigInt) }),
  ),
})
const argsSchema = z.object({
  isAll: z.boolean(),
  isDry: z.boolean(),
  /** Lifts a halt first. */
  decision: decisionSchema.optional(),
})
/** On their way there: sums are text. */
type SettleArgs = z.input<typeof argsSchema>
type Decision = z.input<typeof decisionSchema>

/**
 * Exit codes: 0 done (also when nobody was due), 1 not done or not all of it, 2 a wrong command line. `--resume` shows pay that
 * the books lost and asks about it first; `--honour` and `--dismiss` answer for a script.
 */
export async function runSettle(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { values } = parseOptions(args, {
    'dry-run': { type: 'boolean', default: false },
    now: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    honour: { type: 'boolean', default: false },
    dismiss: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    data: { type: 'string' },
  })
  const { honour, dismiss, resume } = values
  if ((honour && dismiss) || ((honour || dismiss) && !resume))
    throw new UsageError('One of --honour and --dismiss goes with --resume.')
  const dataDir = dataFolder(values.data, env)
  const ask = (question: Question): Promise<unknown> =>
    askSystem({
      dataDir,
      env,
      ...question,
      atRest: (db) =>
        withPaymentsAtRest({ dataDir, env, db }, (payments, signal) =>
          settleCalls(payments, signal)[question.name](question.args),
        ),
    })
  let decision: Decision | undefined
  if (resume) {
    const lost = lostSchema.parse(await ask({ name: 'settle.lost' }))
    const said = honour ? 'honour' : dismiss ? 'dismiss' : undefined
    const say = values.json ? terminal.err : terminal.out
    if (lost.length > 0) say(lostWords(lost).join('\n'))
    const how = said ?? (lost.length > 0 ? await askPerson(terminal) : 'honour')
    if (how === undefined) return EXIT.failed
    decision = { how, lost: lost.map(({ payee, signedNano }) => ({ payee, signedNano })) }
  }
  const isDry = values['dry-run']
  const answer = await ask({
    name: 'settle',
    args: { isAll: values.now, isDry, ...(decision && { decision }) },
  })
  const report = settleReportSchema.parse(answer)
  const vault = readChainFile(dataDir)?.vault
  const words = settleWords(report, { isDry, ...(vault && { vault }) })
  terminal.out(values.json ? JSON.stringify(report) : words.join('\n'))
  return report.why === undefined ? EXIT.ok : EXIT.failed
}

interface Question {
  readonly name: keyof ReturnType<typeof settleCalls>
  readonly args?: SettleArgs
}

async function askPerson(terminal: Terminal): Promise<Decision['how'] | undefined> {
  const answer = await saysYes(terminal, 'Honour them?')
  if (answer === true) return 'honour'
  terminal.err(
    answer === undefined
      ? 'Nobody is here to decide: run it in a terminal, or add --honour or --dismiss.'
      : 'Nothing was changed; nothing is settled meanwhile. Only where the settlement key was stolen and these are not yours: --resume --dismiss.',
  )
  return undefined
}

/** The running system's answers. `settle` throws `settlement.halted` with the reason. */
export const settleCalls = (payments: Payments, signal: AbortSignal) => ({
  settle: async (args: unknown): Promise<unknown> =>
    settle(payments, { args: argsSchema.parse(args), signal }),
  'settle.lost': async (): Promise<LostAnswer> => {
    const lost = (await payments.settlement?.lost()) ?? []
    return lost.map((it) => ({
      ...it,
      knownNano: it.knownNano.toString(),
      signedNano: it.signedNano.toString(),
      missingNano: it.missingNano.toString(),
    }))
  },
})

async function settle(
  { settlement }: Payments,
  { args, signal }: { args: z.output<typeof argsSchema>; signal: AbortSignal },
): Promise<unknown> {
  if (!settlement) return { batches: 0, payees: 0, paidNano: '0', feesNano: '0' }
  if (args.decision) await settlement.resume(args.decision)
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
