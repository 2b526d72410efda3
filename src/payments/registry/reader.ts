/** @module What the chain's registry names, kept up to date: never older than was seen, never from one provider alone (PAY §6). */
import type { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { createRounds } from '../../core/rounds.ts'
import type { ChainPort } from '../chain/port.ts'
import type { EntryKind } from '../contracts/registry-content.ts'
import { isListed, type RegistryReading, readRegistry, vaultsAt } from './reading.ts'
import type { SeenFile } from './seen-file.ts'

/** What the registry names at this moment. */
interface RegistryView {
  readonly version: bigint
  /** SHA-256 of the attestation policy document, 64 hex characters. */
  readonly policyHash: string
  /** Whether an image or model may be used now. `key`: 64 hex characters, digest of the image or the weights. */
  readonly lists: (kind: EntryKind, key: string) => boolean
  /** Raw addresses of the vaults that pay now. */
  readonly vaults: () => readonly string[]
  /** Unix ms of the reading. */
  readonly atMs: number
}

export interface RegistryReader {
  /** By the last reading. Throws `registry.stale` when there is none of the last two hours. */
  readonly view: () => RegistryView
  /**
   * Looks now. Throws `registry.rollback` for less than was seen before (or other content under the same version),
   * `registry.stale` for a provider that is itself two hours behind, and what `readRegistry` throws; the last reading
   * then stays until it is too old.
   */
  readonly read: () => Promise<void>
  /** Looks now and every so often until closed; failures go to the log. */
  readonly watch: (everyMs: number) => { close(): Promise<void> }
}

/** Older readings count for nothing. */
export const staleMs = 2 * 3_600_000
/** From then on somebody has to look. */
export const alertMs = 30 * 60_000

export interface RegistryDeps {
  readonly address: Address
  /** Two that do not depend on each other; all must agree. */
  readonly providers: readonly Pick<ChainPort, 'account'>[]
  readonly seen: SeenFile
  readonly clock: Clock
  readonly log: Log
}

/** Nothing is read before the first `read`. Throws `config.data-folder` when what was seen is unreadable. */
export function createRegistryReader(deps: RegistryDeps): RegistryReader {
  const { address, providers, clock, log } = deps
  const sinceMs = clock.now()
  let seen = deps.seen.read()
  let last: RegistryReading | undefined
  let isAlerted = false

  const read = async (): Promise<void> => {
    const found = await readRegistry(address, providers)
    if (seen && isOlder(found, seen)) {
      const details = { version: found.version.toString(), seen: seen.version.toString() }
      throw new AppError('registry.rollback', details)
    }
    const atMs = Math.min(found.atMs, clock.now())
    if (clock.now() - atMs > staleMs) throw new AppError('registry.stale')
    if (found.version !== seen?.version) {
      const { version, contentHash } = found
      // First on disk, then in use: a restart must not go back.
      await deps.seen.write({ version, contentHash })
      seen = { version, contentHash }
      log.info('registry.changed', { version, entries: found.content.entries.size })
    }
    last = { ...found, atMs: Math.max(atMs, last?.version === found.version ? last.atMs : 0) }
  }
  const watchAge = (): void => {
    const ageMs = clock.now() - (last?.atMs ?? sinceMs)
    if (ageMs <= alertMs) isAlerted = false
    else if (!isAlerted) {
      isAlerted = true
      log.error('registry.unread-long', { ageMs })
    }
  }
  return {
    view: () => {
      if (!last || clock.now() - last.atMs > staleMs) throw new AppError('registry.stale')
      const { version, content, atMs } = last
      return {
        version,
        policyHash: content.policyHash,
        lists: (kind, key) => isListed(content, { kind, key, nowMs: clock.now() }),
        vaults: () => vaultsAt(content, clock.now()),
        atMs,
      }
    },
    read,
    watch: (everyMs) => {
      const rounds = createRounds(clock, (error) => log.failure('registry.unread', describe(error)))
      rounds.every(everyMs, async () => {
        try {
          await read()
        } finally {
          watchAge()
        }
      })
      return { close: () => rounds.close() }
    },
  }
}

const isOlder = (
  { version, contentHash }: RegistryReading,
  seen: { readonly version: bigint; readonly contentHash: string },
): boolean =>
  version < seen.version || (version === seen.version && contentHash !== seen.contentHash)
