/** @module A second provider, asked whether the first one tells the truth before much money moves. */
import type { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Account, ChainPort } from './port.ts'

/** Nodes are a block or two apart now and then. */
const looks = 5
const betweenMs = 2000

/**
 * Resolves when both providers see the same last transaction and balance of an account. Throws `chain.disagree` when they
 * never do within some ten seconds, or at once when they name different transactions at one logical time.
 */
export async function compareAccount(
  address: Address,
  sides: { readonly first: ChainPort; readonly second: ChainPort; readonly clock: Clock },
): Promise<void> {
  const { first, second, clock } = sides
  for (let look = 1; ; look++) {
    const [one, other] = await Promise.all([first.account(address), second.account(address)])
    if (one.lastLt === other.lastLt) {
      if (isSame(one, other)) return
      throw new AppError('chain.disagree', { lt: one.lastLt.toString() })
    }
    if (look >= looks) throw new AppError('chain.disagree', { lt: one.lastLt.toString() })
    await clock.sleep(betweenMs)
  }
}

const isSame = (one: Account, other: Account): boolean =>
  one.lastHash === other.lastHash && one.balanceNano === other.balanceNano
