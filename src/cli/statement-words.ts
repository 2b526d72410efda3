/** @module What a statement's check says to the owner of a GPU. */
import { showCoin } from '../core/coin.ts'
import type { Link, LinkReport, StatementReport } from '../payments/statements/check-statement.ts'

const titles: Readonly<Record<Link, string>> = {
  receipts: 'every receipt is signed by its worker and says what was charged for',
  prices: 'every pay follows from its price table',
  'receipt-leaves': 'every receipt is in the tree of its epoch',
  totals: 'totals rise by each pay and nothing is missing between',
  'balance-leaves': 'every balance is in the tree of its epoch',
  roots: 'every root follows from its trees and the root before',
  voucher: 'the newest voucher is signed and covers the last balance',
  'vault-root': 'the vault took the last root',
  payouts: 'payouts are what is said to be paid',
}

/** Why a link was not looked at. */
const missing: Readonly<Partial<Record<Link, string>>> = {
  receipts: 'no receipt is kept any more',
  voucher: 'there is none in the file',
  'vault-root': 'name an endpoint of the chain: --chain URL',
  payouts: 'they sum up; name an endpoint of the chain to see them there: --chain URL',
}

const NOT_PROVEN = [
  'That the sum of all payees is whole: another payee may be left out of it. Each one checks its own leaf.',
  'That every job you answered is here: compare with what your own worker counted (./chrysalis worker earnings).',
  'That the price tables are the published ones: compare their hashes with the registry.',
] as const

const marks = { holds: '✓', broken: '✗', unchecked: '○' } as const

const lineOf = ({ link, state, at, count }: LinkReport): string => {
  const more = {
    holds: count > 0 ? ` (${String(count)})` : '',
    broken: `: not so at ${at ?? ''}`,
    unchecked: `: not checked; ${missing[link] ?? ''}`,
  }[state]
  return `${marks[state]} ${titles[link]}${more}`
}

/** One line a link, then the first broken one, and what all of it does not prove. */
export function statementWords({ links, broken, facts }: StatementReport): string[] {
  const { receipts, earnedNano, paidNano, uncommittedNano, withoutDocument, uncharged } = facts
  const { correctedNano, lostEpochs } = facts
  return [
    ...links.map(lineOf),
    '',
    broken
      ? `BROKEN at ${broken.link}: ${broken.at ?? ''}`
      : `Nothing is broken: ${String(receipts)} receipts, earned ${showCoin(earnedNano)}, paid ${showCoin(paidNano)}.`,
    ...(uncommittedNano > 0n
      ? [`${showCoin(uncommittedNano)} more is signed and will be in the next epoch.`]
      : []),
    '',
    'What this does not prove:',
    ...NOT_PROVEN.map((line) => `  - ${line}`),
    ...(withoutDocument > 0
      ? [`  - The signatures of ${String(withoutDocument)} receipts that are no longer kept.`]
      : []),
    ...(lostEpochs > 0
      ? [
          `  - What ${String(lostEpochs)} epochs published: your operator restored a backup without them. Statements that you kept say it.`,
        ]
      : []),
    ...(correctedNano > 0n
      ? [
          `  - Which answers ${showCoin(correctedNano)} without receipts were for: your operator restored a backup and honoured a voucher.`,
        ]
      : []),
    ...(uncharged > 0
      ? [`  - That ${String(uncharged)} answers were rightly called free of charge.`]
      : []),
  ]
}

export const notProven: readonly string[] = NOT_PROVEN
