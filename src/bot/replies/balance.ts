/** @module A person's money as text and as a table. */
import { createHash } from 'node:crypto'
import { formatStars } from '../../core/coin.ts'
import type { PersonWallet, StarsDesk } from '../../payments/stars/stars-desk-port.ts'
import type { Plan } from '../../payments/stars/stars-port.ts'
import type { Texts } from '../texts/texts.ts'

type Entries = Awaited<ReturnType<StarsDesk['history']>>

export function balanceText(
  { money }: Texts,
  it: {
    readonly wallet: PersonWallet
    readonly plan: Plan | undefined
    readonly entries: Entries
    readonly nowMs: number
  },
): string {
  const { balance: words } = money
  const { wallet } = it
  const { freeLeft, freeOf, freeJobsLeft } = wallet
  const lines = it.entries.map(({ atMs, amount, reason }) =>
    words.entry(atMs, signed(amount), reasonOf(words.reasons, reason)),
  )
  return [
    words.stars(formatStars(wallet.balance)),
    ...(wallet.held > 0n ? [words.held(formatStars(wallet.held))] : []),
    words.free(formatStars(freeLeft), formatStars(freeOf), freeJobsLeft),
    words.renews(wallet.freeRenewsAtMs),
    planText(words, it.plan, it.nowMs),
    '',
    ...(lines.length > 0 ? [words.entries, ...lines] : [words.none]),
  ].join('\n')
}

function planText(words: Texts['money']['balance'], plan: Plan | undefined, now: number): string {
  if (!plan) return words.noPlan
  const { untilMs, state } = plan
  const stars = formatStars(plan.ustar)
  if (state === 'failed') return words.planFailed(untilMs)
  if (untilMs <= now) return words.planOver(untilMs)
  return state === 'active' ? words.plan(stars, untilMs) : words.planEnds(stars, untilMs)
}

const signed = (ustar: bigint): string => `${ustar > 0n ? '+' : ''}${formatStars(ustar)} ⭐`

function reasonOf(words: Texts['money']['balance']['reasons'], reason: string): string {
  switch (reason) {
    case 'capture':
    case 'stars.bought':
    case 'stars.refunded':
    case 'forfeit':
      return words[reason]
    default:
      return words.other
  }
}

/** RFC 4180; amounts in 1e-6 Stars, times in ISO 8601. */
export const historyCsv = (entries: Entries): string =>
  [
    'time,reason,reference,amount_ustar',
    ...entries.map(({ atMs, reason, ref, amount }) =>
      [new Date(atMs).toISOString(), reason, ref, amount.toString()].join(','),
    ),
    '',
  ].join('\r\n')

/** Charge ids are too long for a button: 16 hex characters of their hash. */
export const chargeHandle = (chargeId: string): string =>
  createHash('sha256').update(chargeId).digest('hex').slice(0, 16)

/** As Telegram's calls have them. */
export const wholeStars = (ustar: bigint): number => Number(ustar / 1_000_000n)
