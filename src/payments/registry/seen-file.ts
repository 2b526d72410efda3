/** @module `<data>/registry/<account>.json`: the highest version of a registry that was believed here; a restart must not forget it. */
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Address } from '@ton/core'
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import { replaceSecretFile } from '../../core/secret-file.ts'

const seenSchema = z.strictObject({
  v: z.literal(1),
  version: z.string().regex(/^(0|[1-9]\d{0,19})$/),
  contentHash: z.string().regex(/^[0-9a-f]{64}$/),
})

/** What was believed last. */
interface SeenVersion {
  readonly version: bigint
  readonly contentHash: string
}

export interface SeenFile {
  /** Undefined when nothing was ever believed here. Throws `config.data-folder` for a damaged file: unknown is not none. */
  readonly read: () => SeenVersion | undefined
  /** On disk before it resolves. */
  readonly write: (seen: SeenVersion) => Promise<void>
}

/** Of one registry: another address has a history of its own. */
export function openSeenFile(dataDir: string, registry: Address): SeenFile {
  const folder = join(dataDir, 'registry')
  const path = join(folder, `${registry.hash.toString('hex')}.json`)
  return {
    read: () => {
      const text = readIfThere(path)
      if (text === undefined) return undefined
      try {
        const { version, contentHash } = seenSchema.parse(JSON.parse(text))
        return { version: BigInt(version), contentHash }
      } catch (cause) {
        throw new AppError('config.data-folder', {}, { cause })
      }
    },
    write: async ({ version, contentHash }) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      replaceSecretFile(path, JSON.stringify({ v: 1, version: version.toString(), contentHash }))
    },
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new AppError('config.data-folder', {}, { cause })
  }
}
