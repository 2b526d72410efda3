/** @module The database client generated from `prisma/schema.prisma`: made again whenever the schema's bytes change. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../core/app-error.ts'
import { rootFolder } from './paths.ts'

/** Generates `src/db/generated` when it is absent or older than the schema. Needs no network. Throws `internal.error`. */
export function ensureGeneratedClient(): void {
  const folder = join(rootFolder, 'src/db/generated')
  const stamp = join(folder, '.schema-sha256')
  const digest = createHash('sha256')
    .update(readFileSync(join(rootFolder, 'prisma/schema.prisma')))
    .digest('hex')
  if (readIfThere(stamp) === digest) return
  const made = spawnSync(
    process.execPath,
    [join(rootFolder, 'node_modules/prisma/build/index.js'), 'generate', '--no-hints'],
    {
      cwd: rootFolder,
      stdio: ['ignore', 'ignore', 'pipe'],
      // `generate` needs no engine, but looks for one: any executable satisfies it.
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: '1',
      },
    },
  )
  if (made.status !== 0) throw new AppError('internal.error', { generate: made.status ?? -1 })
  mkdirSync(folder, { recursive: true })
  writeFileSync(stamp, digest)
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
