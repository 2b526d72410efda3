/** @module The registry of a network, read from two providers (PAY §6). The dev network has a file instead. */
import type { Address } from '@ton/core'
import { z } from 'zod'
import { loadConfig } from '../../core/config.ts'
import type { Ground } from '../../core/ground.ts'
import { createTonChain } from '../chain/ton-client.ts'
import { paymentsConfig } from '../config.ts'
import { readChainFile } from '../settlement/chain-file.ts'
import { readAddress } from '../wallets/address.ts'
import { createRegistryReader, type RegistryReader } from './reader.ts'
import { openSeenFile } from './seen-file.ts'

const registryConfig = paymentsConfig
  .pick({
    CHRYSALIS_NET: true,
    CHRYSALIS_DATA: true,
    CHRYSALIS_TON_ENDPOINT: true,
    CHRYSALIS_TON_WITNESS: true,
    CHRYSALIS_TON_KEY: true,
  })
  .extend({
    /** The network's registry contract; the deployer's own installation has it in `chain.json`. */
    CHRYSALIS_REGISTRY: z
      .string()
      .refine((text) => readAddress(text.trim())?.address.workChain === 0, {
        error: 'must be an address of workchain 0',
      })
      .transform((text) => text.trim())
      .optional(),
  })

/** Under the hour that a session lasts, and what a provider without a key grants. */
const roundMs = 15_000

/**
 * Reads at once and then every 15 s until the lifetime ends. Undefined on the dev network, and where the registry, a
 * provider or its witness is not named: then nobody is admitted, since one provider alone is nobody.
 */
export async function openRegistry({
  env,
  log,
  clock,
  life,
}: Ground): Promise<RegistryReader | undefined> {
  const config = loadConfig(registryConfig, env)
  if (config.CHRYSALIS_NET === 'devnet') return undefined
  const dataDir = config.CHRYSALIS_DATA
  const known = readChainFile(dataDir)
  const file = known?.net === config.CHRYSALIS_NET ? known : undefined
  const address = addressOf(config.CHRYSALIS_REGISTRY ?? file?.registry)
  const endpoint = config.CHRYSALIS_TON_ENDPOINT ?? file?.endpoint
  const witness = config.CHRYSALIS_TON_WITNESS
  if (!address || endpoint === undefined || witness === undefined || witness === endpoint) {
    log.error('registry.unset')
    return undefined
  }
  const apiKey = config.CHRYSALIS_TON_KEY
  const provider = { endpoint, perSecond: apiKey === undefined ? 1 : 10 }
  const reader = createRegistryReader({
    address,
    providers: [
      createTonChain({ provider: { ...provider, ...(apiKey !== undefined && { apiKey }) }, clock }),
      createTonChain({ provider: { endpoint: witness, perSecond: 1 }, clock }),
    ],
    seen: openSeenFile(dataDir, address),
    clock,
    log,
  })
  life.keep('registry', reader.watch(roundMs), (it) => it.close())
  return reader
}

const addressOf = (text: string | undefined): Address | undefined =>
  text === undefined ? undefined : readAddress(text)?.address
