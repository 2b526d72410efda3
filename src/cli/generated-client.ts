/** @module The database client generated from `prisma/schema.prisma`: made again whenever the schema's bytes change. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../core/app-error.ts'
import { takeLockFile } from '../core/lock-file.ts'
import { rootFolder } from './paths.ts'

/** Generates `src/db/generated` when it is absent or older than the schema. Needs no network. Throws `internal.error`. */
export function ensureGeneratedClient(): void {
  const folder = join(rootFolder, 'src/db/generated')
  const stamp = join(folder, '.schema-sha256')
  const digest = createHash('sha256')
    .update(readFileSync(join(rootFolder, 'prisma/schema.prisma')))
    .digest('hex')
  if (readIfThere(stamp) === digest) return
  const release = waitForTurn(join(rootFolder, 'node_modules/.chrysalis-generate.lock'))
  try {
    // Another process may have made it while this one waited.
    if (readIfThere(stamp) !== digest) generate(folder, stamp, digest)
  } finally {
    release()
  }
}

/** Roles that start together must not write the same files; whoever comes second waits, a minute at most. */
function waitForTurn(file: string): () => void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (let turn = 0; turn < turns; turn++) {
    const taken = takeLockFile(file)
    if (taken.release) return taken.release
    // Nothing else runs in this process yet, so that it may simply stand still.
    Atomics.wait(sleeper, 0, 0, turnMs)
  }
  throw new AppError('internal.error', { generate: -1 })
}

const turns = 600
const turnMs = 100

function generate(folder: string, stamp: string, digest: string): void {
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
