/** @module Vocabularies of the models that are on this machine, for counting what is billed; each is loaded when it is first asked for. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from '../core/describe.ts'
import type { Lifetime } from '../core/lifetime.ts'
import type { Log } from '../core/log.ts'
import type { ModelRow } from '../tasks/models.ts'
import { createTokenCounter } from './engine/llama.ts'

type Loaded = Awaited<ReturnType<typeof createTokenCounter>>

export interface TokenCounters {
  /** Undefined where the model is unknown, no language model, or its file is not in the folder or cannot be read. */
  counterOf(model: string): Promise<((text: string) => number) | undefined>
}

/** Closed with `life`. Does not check the files' hashes: a wrong vocabulary shows as a difference to what workers count. */
export function openTokenCounters(deps: {
  readonly folder: string
  readonly rows: readonly ModelRow[]
  readonly log: Log
  readonly life: Lifetime
}): TokenCounters {
  const loaded = new Map<string, Promise<Loaded | undefined>>()
  const load = async (model: string): Promise<Loaded | undefined> => {
    const row = deps.rows.find(({ id }) => id === model)
    const [file] = row?.kind === 'llm' ? row.files : []
    if (!row || !file) return undefined
    const path = join(deps.folder, file.path)
    if (!existsSync(path)) {
      deps.log.info('recount.skipped', { model: row.id })
      return undefined
    }
    try {
      return await createTokenCounter(path)
    } catch (error) {
      deps.log.failure('recount.unloaded', describe(error))
      return undefined
    }
  }
  deps.life.keep('token-counters', loaded, async () => {
    for (const loading of loaded.values()) await (await loading)?.close()
  })
  return {
    counterOf: async (model) => {
      const loading = loaded.get(model) ?? load(model)
      loaded.set(model, loading)
      return (await loading)?.count
    },
  }
}
