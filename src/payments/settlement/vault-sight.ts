/** @module A vault as one reading of its account shows it: nothing in it can come from two different moments. */
import type { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Account, ChainPort } from '../chain/port.ts'
import { readVaultData, type VaultData } from '../contracts/vault-reading.ts'

export interface VaultSight {
  readonly balanceNano: bigint
  readonly lastLt: bigint
  readonly data: VaultData
  /** Of the key that signs totals now. */
  readonly key: Buffer
  readonly epoch: number
  readonly paidTo: (payee: string) => bigint
}

/** Throws `chain.unavailable` while there is no such vault. */
export async function lookAtVault(
  chain: Pick<ChainPort, 'account'>,
  address: Address,
): Promise<VaultSight> {
  const sight = sightOf(await chain.account(address))
  if (!sight) throw new AppError('chain.unavailable')
  return sight
}

/** Undefined for an account that is not deployed. */
export function sightOf({ data: cell, balanceNano, lastLt }: Account): VaultSight | undefined {
  if (!cell) return undefined
  const data = readVaultData(cell)
  return {
    balanceNano,
    lastLt,
    data,
    key: data.keys.key,
    epoch: data.keys.epoch,
    paidTo: (payee) => data.paid.get(payee) ?? 0n,
  }
}

const dayS = 86_400

/** What is left of the day's cap at this time of the chain: windows are fixed ones of 24 h. */
export const dayLeftNano = ({ data }: VaultSight, chainTime: number): bigint =>
  chainTime >= data.windowStart + dayS ? data.caps.dayCap : data.caps.dayCap - data.windowSpent

/** Balance above what a vault of so many more payees must keep for its rent; never negative. */
export async function freeNano(
  chain: Pick<ChainPort, 'get'>,
  { address, sight }: { address: Address; sight: VaultSight },
): Promise<bigint> {
  const { stack } = await chain.get(address, 'getReserve')
  const reserve = stack.readBigNumber()
  // A batch may bring new payees, whose cells raise the reserve: a hundredth covers more than a batch of them.
  const free = sight.balanceNano - reserve - reserve / 100n - marginNano
  return free > 0n ? free : 0n
}

/** Two years of rent for the cells of a whole batch of new payees (1200), under the dearer fee table. */
const marginNano = 200_000_000n
