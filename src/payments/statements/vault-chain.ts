/** @module What a vault itself says about a payee, read from any endpoint of its chain. */
import { Address } from '@ton/core'
import type { ChainPort, Tx } from '../chain/port.ts'
import { VAULT_EVENTS } from '../contracts/opcodes.ts'
import { readVaultData } from '../contracts/vault-reading.ts'
import { readTraffic } from '../settlement/vault-traffic.ts'
import type { StatementChain } from './check-statement.ts'

/** `vault` in raw form, `payee` as 64 hex characters. */
export function openVaultChain(deps: {
  readonly chain: Pick<ChainPort, 'account' | 'transactions'>
  readonly vault: string
  readonly payee: string
}): StatementChain {
  const { chain, payee } = deps
  const address = Address.parseRaw(deps.vault)
  /** Only one that stands: what failed paid nobody. */
  const at = async (lt: bigint): Promise<Tx | undefined> => {
    const found = await chain.transactions(address, { afterLt: lt - 1n, limit: 1 })
    return found.find((tx) => tx.lt === lt && tx.ok)
  }
  return {
    committedAt: async (lt) => {
      const tx = await at(lt)
      return tx && commitmentOf(tx)
    },
    payoutAt: async (lt) => {
      const tx = await at(lt)
      const paid = tx && readTraffic(tx).payouts.find((payout) => payout.payee === payee)
      return paid?.amountNano ?? 0n
    },
    paidNano: async () => {
      const { data } = await chain.account(address)
      return data === null ? 0n : (readVaultData(data).paid.get(payee) ?? 0n)
    },
  }
}

/** The event of a commitment: `epoch:uint32 total:Coins root:bits256` under its topic. */
function commitmentOf({ out }: Tx): Awaited<ReturnType<StatementChain['committedAt']>> {
  const event = out.find(({ topic }) => topic?.value === BigInt(VAULT_EVENTS.Committed))
  if (!event) return undefined
  const body = event.body.beginParse()
  return {
    epoch: body.loadUint(32),
    totalNano: body.loadCoins(),
    root: body.loadBuffer(32).toString('hex'),
  }
}
