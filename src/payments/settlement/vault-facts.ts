/** @module What vouchers are signed by: the vault's key epoch and what it could pay, as it was last read. */
import type { Address } from '@ton/core'
import type { ChainPort } from '../chain/port.ts'
import type { VaultFacts } from '../vouchers/vouchers.ts'
import { freeNano, sightOf } from './vault-sight.ts'

export interface VaultWatch {
  readonly now: () => VaultFacts | undefined
  /** Throws what the chain throws; what was known stays. */
  readonly refresh: () => Promise<void>
}

/** `isNew`: a vault that is being deployed with our key has epoch 1 from its first block on. */
export function watchVault(deps: {
  readonly chain: Pick<ChainPort, 'account' | 'get'>
  readonly vault: Address
  readonly globalId: number
  readonly isNew: boolean
  /** For those who ask while no chain can be read; called when it is another one. */
  readonly keepEpoch: (keyEpoch: number) => Promise<void>
}): VaultWatch {
  const { chain, vault, globalId, isNew, keepEpoch } = deps
  const address = vault.toRawString()
  let keptEpoch: number | undefined
  let facts: VaultFacts | undefined = isNew ? { globalId, address, keyEpoch: 1 } : undefined
  return {
    now: () => facts,
    refresh: async () => {
      const sight = sightOf(await chain.account(vault))
      if (!sight) return
      const { prevKey, prevValidUntil } = sight.data.keys
      facts = {
        globalId,
        address,
        keyEpoch: sight.epoch,
        freeNano: await freeNano(chain, { address: vault, sight }),
        ...(prevValidUntil > 0 && { previousKey: prevKey.toString('hex') }),
      }
      if (sight.epoch === keptEpoch) return
      await keepEpoch(sight.epoch)
      keptEpoch = sight.epoch
    },
  }
}
