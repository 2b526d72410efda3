/** @module `npm run bench:payouts`: the cost tables of payouts, claims and commitments under both price tables, as Markdown. */
import { formatCoin } from '../../src/core/coin.ts'
import { TABLES } from '../support/contract-world.ts'
import { COUNTS, type Cost, payoutCosts, rentOfYear, SIZES } from '../support/payout-costs.ts'

/** PAY §16, measured on another implementation: for comparison, not measured here. */
const cited = [
  '| Highload V3, figures of the design | 0.000883 | 0.000227 | – (100: 0.000161) |',
  '| stateless batch contract, figures of the design | 0.001328 | 0.000327 | – (100: 0.000227) |',
  '| Cocoon, worker → proxy → owner, figures of the design | 0.00228 (Tolk), 0.00259 (FunC) | | |',
]

const perPayout = (cost: Cost | undefined): string =>
  cost ? formatCoin((cost.lostNano + BigInt(cost.payouts) / 2n) / BigInt(cost.payouts)) : '–'

for (const table of TABLES) {
  const costs = await payoutCosts(table)
  const find = (what: string, payees = 0) =>
    costs.find((cost) => cost.what === what && cost.payees === payees)

  console.log(`\n### Prices of ${table}\n`)
  console.log('Coins lost in the whole system per payout (wallet, vault, messages, receivers):\n')
  console.log('| design | n = 1 | 10 | 60 |\n|---|---|---|---|')
  for (const payees of SIZES) {
    const row = COUNTS.map((n) => perPayout(find(`settle ${n}`, payees)))
    console.log(`| **vault, ${payees} payees** | ${row.join(' | ')} |`)
  }
  console.log(
    `| plain W5R1, no claim right | ${perPayout(find('transfer 1'))} | ${perPayout(find('transfer 10'))} | – (100: ${perPayout(find('transfer 100'))}) |`,
  )
  if (table === 'august-2026') for (const line of cited) console.log(line)

  console.log('\n| operation | payees | gas | coins | rent a year |\n|---|---|---|---|---|')
  for (const payees of SIZES) {
    for (const what of ['settle 60', 'claim', 'commit']) {
      const cost = find(what, payees)
      if (!cost) continue
      console.log(
        `| ${what} | ${payees} | ${cost.gas} | ${formatCoin(cost.lostNano)} | ${formatCoin(rentOfYear(table, payees))} |`,
      )
    }
  }
}
