/** @module The money of one bot's people: who pays, what they have, what a job may cost, and their Stars. */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Database } from '../../db/database.ts'
import { standardAllowance } from '../ledger/allowance-store.ts'
import type { HistoryLine } from '../ledger/ledger-port.ts'
import { entriesOf, lockedBalance, post } from '../ledger/ledger-store.ts'
import type { Money } from '../ledger/money.ts'
import type { Prices } from '../prices/prices.ts'
import { createCustomers } from './customers.ts'
import { createStars } from './stars.ts'
import type { OpenStarsDesk, PersonWallet } from './stars-desk-port.ts'
import type { Customer, FloatState } from './stars-port.ts'

export interface StarsDeskDeps {
  readonly db: Database
  readonly prices: Pick<Prices, 'quote'>
  readonly money: Pick<Money, 'walletOf'>
  /** Key of the names of accounts: 32 bytes, the same for ever. */
  readonly key: Uint8Array
  readonly float: () => FloatState
  readonly isMaintenance: () => boolean
  readonly clock: Clock
  readonly log: Log
}

const accountOf = (customer: Customer): string => `customer:${customer}`
const freeOf = (customer: Customer): string => `free:${customer}`
const exported = 1000

/** The bot gives its own hands and number when it knows them. */
export function openStarsDesk(deps: StarsDeskDeps): OpenStarsDesk {
  const { db, prices, money, clock } = deps
  const customers = createCustomers(deps.key)
  return (calls, botId) => {
    const stars = createStars({ ...deps, customers, calls, botId })
    const customerOf = (userId: number): Customer => customers.of(botId, userId)
    const walletOf = async (userId: number): Promise<PersonWallet> => {
      const customer = customerOf(userId)
      const wallet = await money.walletOf(db.rows, accountOf(customer), freeOf(customer))
      return { ...wallet, freeOf: standardAllowance.dayUstar }
    }
    const history = (userId: number, limit: number): Promise<readonly HistoryLine[]> =>
      entriesOf(db.rows, accountOf(customerOf(userId)), { limit })
    return {
      stars,
      payerOf: (who) => {
        const customer =
          who.kind === 'person' ? customerOf(who.userId) : customers.ofPurse(botId, who.name)
        return { account: accountOf(customer), asset: 'ustar', free: freeOf(customer) }
      },
      walletOf,
      history,
      quote: (job) => prices.quote({ ...job, asset: 'ustar' }).amount,
      forget: async (userId) => {
        const count = await stars.forget(userId)
        const account = accountOf(customerOf(userId))
        const asset = 'ustar'
        await db.transaction(async (tx) => {
          const left = await lockedBalance(tx, account, asset)
          if (left === 0n) return
          const atMs = clock.now()
          await post(tx, {
            reason: 'forfeit',
            ref: `${account} ${atMs}`,
            atMs,
            postings: [
              { account, asset, amount: -left },
              { account: 'revenue', asset, amount: left },
            ],
          })
        })
        return count
      },
      exportOf: async (userId) => ({
        wallet: await walletOf(userId),
        entries: await history(userId, exported),
        stars: await stars.exportOf(userId),
      }),
    }
  }
}
