/** @module Which policy this gateway judges by: the network's signed one, or on the dev network the installation's own (CONF §12). */
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { ConfigError, type Net } from '../core/config.ts'
import type { Lifetime } from '../core/lifetime.ts'
import type { Log } from '../core/log.ts'
import { type DevPolicy, devEntry, issueDevPolicy } from '../tee/dev/policy.ts'
import { openPolicyFolder } from '../tee/policy/folder.ts'
import { createPolicyStore, type PolicyGate, type PolicyStore } from '../tee/policy/store.ts'
import { TeeError } from '../tee/verify/codes.ts'
import { Signers } from '../tee/verify/policy/signatures.ts'
import { type Registry, registryAnchor, registryGate } from './registry-anchor.ts'

/** A revocation ends sessions within 5 s of being readable. */
const watchMs = 2000

/**
 * Read once when it resolves, and watched until `life` closes. Without a policy in force nobody is admitted: on testnet
 * and mainnet that is also so without a registry, and while its last reading is too old.
 */
export async function openPolicy(deps: {
  net: Net
  data: string
  /** Public keys of the signers, hex; the dev network has its own. */
  signers: readonly string[]
  /** What the chain names; the dev network has a file instead. */
  registry?: Registry
  clock: Clock
  log: Log
  life: Lifetime
}): Promise<PolicyStore> {
  const { net, clock, log, life } = deps
  const store = createPolicyStore({ net, ...(await sourceOf(deps)), clock, log })
  await store.refresh()
  life.keep('policy', store.watch(watchMs), (it) => it.close())
  return store
}

async function sourceOf(deps: {
  net: Net
  data: string
  signers: readonly string[]
  registry?: Registry
  clock: Clock
}): Promise<DevPolicy & { gate?: PolicyGate }> {
  const { net, data, signers, registry, clock } = deps
  const folder = join(data, 'policy')
  if (net === 'devnet') {
    const { devMeasurements } = await import('../tee/dev/tdx.ts')
    const simulated = devEntry({ tee: 'tdx', ...devMeasurements() })
    return issueDevPolicy({ folder, keys: join(data, 'keys'), clock }, [simulated])
  }
  const documents = openPolicyFolder(folder)
  try {
    return {
      folder: documents,
      signers: Signers.forNet(net, signers),
      readAnchor: registryAnchor(registry, documents),
      gate: registryGate(registry),
    }
  } catch (error) {
    if (!(error instanceof TeeError)) throw error
    throw new ConfigError([
      `CHRYSALIS_POLICY_KEYS: expected the three public keys of the policy signers (${error.code})`,
    ])
  }
}
