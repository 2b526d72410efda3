/** @module What one look at the registry says, by both providers or by nobody (PAY §6). */
import type { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { ChainPort } from '../chain/port.ts'
import { readRegistryData } from '../contracts/registry.ts'
import type { EntryKind, RegistryContent } from '../contracts/registry-content.ts'

/** One state of the registry. */
export interface RegistryReading {
  /** Raised by every change. */
  readonly version: bigint
  /** Cell hash of the content, 64 hex characters. */
  readonly contentHash: string
  readonly content: RegistryContent
  /** Unix ms at which the slower provider's node was in step with the chain. */
  readonly atMs: number
}

/**
 * The state that all `providers` see. Throws `chain.disagree` when they see different ones (one lags or lies: the next
 * look tells), `registry.empty` where no image and no model is listed or no registry stands, `chain.unavailable`. Does
 * not know what was seen before.
 */
export async function readRegistry(
  address: Address,
  providers: readonly Pick<ChainPort, 'account'>[],
): Promise<RegistryReading> {
  const readings = await Promise.all(providers.map((provider) => lookAt(address, provider)))
  const [first, ...others] = readings
  if (!first) throw new AppError('registry.stale')
  for (const { version, contentHash } of others)
    if (version !== first.version || contentHash !== first.contentHash)
      throw new AppError('chain.disagree', { version: first.version.toString() })
  // Deny all, not allow all: an empty list is what a registry looks like before anybody vouched for anything.
  if (first.content.entries.size === 0) throw new AppError('registry.empty')
  return { ...first, atMs: Math.min(...readings.map(({ atMs }) => atMs)) }
}

async function lookAt(
  address: Address,
  provider: Pick<ChainPort, 'account'>,
): Promise<RegistryReading> {
  const { state, data, seenAt } = await provider.account(address)
  if (state !== 'active' || !data) throw new AppError('registry.empty')
  const { registryVersion: version, contentHash, content } = readRegistryData(data)
  return { version, contentHash, content, atMs: seenAt * 1000 }
}

/** Whether an image or model is listed and may be used at `nowMs`: from `validFrom`, before `validUntil`, not revoked. A deprecated one still may. */
export function isListed(
  { entries }: RegistryContent,
  { kind, key, nowMs }: { kind: EntryKind; key: string; nowMs: number },
): boolean {
  const entry = entries.get(key)
  const now = nowMs / 1000
  return (
    entry?.kind === kind &&
    entry.status !== 'revoked' &&
    now >= entry.validFrom &&
    now < entry.validUntil
  )
}

/** Raw addresses of the vaults that pay at `nowMs`. */
export const vaultsAt = ({ vaults }: RegistryContent, nowMs: number): readonly string[] =>
  [...vaults.values()]
    .filter(({ validFrom }) => nowMs / 1000 >= validFrom)
    .map(({ vault }) => vault.toRawString())
