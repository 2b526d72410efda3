/** @module What `chrysalis settle` says of what it did, or would do. */
import { z } from 'zod'
import { showCoin } from '../core/coin.ts'

export const settleReportSchema = z.object({
  batches: z.number(),
  payees: z.number(),
  /** Of coins, as decimal text. */
  paidNano: z.string(),
  feesNano: z.string(),
  /** Somebody is due still: the vault has too little, or may pay no more today. */
  why: z.enum(['funds', 'cap']).optional(),
})
export type SettleAnswer = z.infer<typeof settleReportSchema>

/** `vault` is where money for payouts has to go. */
export function settleWords(
  { batches, payees, paidNano, feesNano, why }: SettleAnswer,
  { isDry, vault }: { readonly isDry: boolean; readonly vault?: string },
): readonly string[] {
  const paid = showCoin(BigInt(paidNano))
  const fees = showCoin(BigInt(feesNano))
  const people = `${String(payees)} ${payees === 1 ? 'payee' : 'payees'}`
  const lines: string[] = []
  if (payees === 0) lines.push(why === undefined ? 'Nobody is due.' : 'Nobody was paid.')
  else if (isDry) lines.push(`Would pay ${paid} to ${people}, for ${fees} at most.`)
  else
    lines.push(
      `Paid ${paid} to ${people} in ${String(batches)} ${batches === 1 ? 'batch' : 'batches'}, for ${fees}.`,
    )
  if (why === 'funds') {
    const where = vault === undefined ? 'its address' : vault
    lines.push(
      `Fund the vault: it has too little for all that is due. Send coins to ${where}; what is owed stays owed and is paid then.`,
    )
  }
  if (why === 'cap')
    lines.push(
      'The rest is above what the vault may pay in a day; it is paid when the day is over.',
    )
  return lines
}

/** What `settle.lost` answers. Amounts in nano, as decimal text. */
export const lostSchema = z.array(
  z.object({
    payee: z.string(),
    knownNano: z.string(),
    signedNano: z.string(),
    missingNano: z.string(),
    by: z.enum(['voucher', 'vault']),
  }),
)
export type LostAnswer = z.infer<typeof lostSchema>

/** Pay above the books, line by line, and what a decision means. */
export function lostWords(lost: LostAnswer): readonly string[] {
  const sum = lost.reduce((nano, it) => nano + BigInt(it.missingNano), 0n)
  const people = `${String(lost.length)} ${lost.length === 1 ? 'payee has' : 'payees have'}`
  return [
    `${people} more pay signed than these books know: the database is older than what was signed.`,
    ...lost.map(({ payee, by, ...nano }) => {
      const where = by === 'voucher' ? 'a voucher of its worker' : 'paid out by the vault'
      const [known, signed, missing] = [nano.knownNano, nano.signedNano, nano.missingNano].map(
        (it) => showCoin(BigInt(it)),
      )
      return `0:${payee}  known ${known}, signed ${signed} (${where}), missing ${missing}`
    }),
    `Honouring books ${showCoin(sum)} as pay. A voucher can be claimed from the vault whatever is decided here.`,
  ]
}
