/** @module What a payee was paid and what its vault could pay now, read by a worker's owner from an endpoint of his own. Touches no store. */
import { Address } from '@ton/core'
import type { Clock } from '../../core/clock.ts'
import type { PayTerms } from '../../core/voucher.ts'
import type { ChainPort } from '../chain/port.ts'
import { createTonChain } from '../chain/ton-client.ts'
import { freeNano, lookAtVault } from '../settlement/vault-sight.ts'

interface VaultStanding {
  readonly paidNano: bigint
  readonly freeNano: bigint
}

/** Throws `chain.*` while the endpoint or the vault does not answer. */
async function vaultStanding(
  chain: Pick<ChainPort, 'account' | 'get'>,
  { vault, payee }: Pick<PayTerms, 'vault' | 'payee'>,
): Promise<VaultStanding> {
  const address = Address.parseRaw(vault)
  const sight = await lookAtVault(chain, address)
  return { paidNano: sight.paidTo(payee), freeNano: await freeNano(chain, { address, sight }) }
}

/** As `vaultStanding`, over an endpoint (toncenter JSON-RPC). */
export function standingReader(
  endpoint: string,
  clock: Clock,
): (terms: PayTerms) => Promise<VaultStanding> {
  const chain = createTonChain({ provider: { endpoint }, clock })
  return (terms) => vaultStanding(chain, terms)
}
