/** @module `chrysalis deposits sweep`: what developers paid in, from the deposit wallet to the vault (PAY §13). */
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { parseCoin, showCoin } from '../core/coin.ts'
import type { Payments } from '../payments/main.ts'
import type { ControlCall } from './control.ts'

const argsSchema = z.strictObject({
  isDry: z.boolean(),
  keepNano: z.string().regex(/^\d{1,19}$/),
})
export type SweepArgs = z.infer<typeof argsSchema>

export const sweepAnswer = z.object({
  wallet: z.string(),
  vault: z.string(),
  balanceNano: z.string(),
  amountNano: z.string(),
  outcome: z.enum(['dry-run', 'nothing', 'swept', 'unfinished-swept', 'refused']),
})
type SweepAnswer = z.infer<typeof sweepAnswer>

export const sweepOptions = {
  'dry-run': { type: 'boolean', default: false },
  keep: { type: 'string', default: '1' },
} as const

/** Throws `input.amount`. */
export const sweepArgs = (values: { 'dry-run': boolean; keep: string }): SweepArgs => ({
  isDry: values['dry-run'],
  keepNano: parseCoin(values.keep).toString(),
})

/** Throws `deposit.wallet` where no wallet takes deposits, and what a sweep throws. */
export const sweepCall =
  ({ sweep }: Pick<Payments, 'sweep'>, signal: AbortSignal): ControlCall =>
  async (args) => {
    if (!sweep) throw new AppError('deposit.wallet')
    const { isDry, keepNano } = argsSchema.parse(args)
    const keep = BigInt(keepNano)
    const found = isDry
      ? { ...(await sweep.preview(keep)), outcome: 'dry-run' as const }
      : await sweep.run(keep, signal)
    return {
      wallet: found.wallet.toRawString(),
      vault: found.vault.toRawString(),
      balanceNano: found.balanceNano.toString(),
      amountNano: found.amountNano.toString(),
      outcome: found.outcome,
    } satisfies SweepAnswer
  }

export function sweepLines(answer: SweepAnswer): readonly string[] {
  const amount = showCoin(BigInt(answer.amountNano))
  const rest = `The deposit wallet holds ${showCoin(BigInt(answer.balanceNano))}.`
  switch (answer.outcome) {
    case 'dry-run':
      return answer.amountNano === '0'
        ? [`${rest} Nothing above what it keeps (--keep) is worth a transfer.`]
        : [
            `Would send ${amount} from ${answer.wallet} to the vault ${answer.vault}. ${rest}`,
            'A plain transfer from the wallet’s own app does the same.',
          ]
    case 'nothing':
      return [`${rest} Nothing above what it keeps (--keep) is worth a transfer.`]
    case 'swept':
      return [`${amount} are in the vault. ${rest}`]
    case 'unfinished-swept':
      return [
        `${amount} of an earlier sweep are in the vault; nothing else was sent. ${rest}`,
        'Run it again for what has come in since.',
      ]
    case 'refused':
      return [
        `The vault did not take the ${amount}; they came back, but for the fees. ${rest}`,
        'Look at the vault: ./chrysalis vault show',
      ]
  }
}
