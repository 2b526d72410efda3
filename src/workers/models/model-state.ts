/** @module What lies in the models folder: absent, arriving, there, checked, or wrong. */
import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { ModelFile, ModelRow } from '../../tasks/models.ts'
import { hashInto, inputStem, joinedStem, partOf, sizeOf } from './part-file.ts'

export type FileState =
  | { readonly state: 'absent' }
  | { readonly state: 'partial'; readonly bytes: number }
  /** There, with the right size; its bytes were not hashed since it last changed. */
  | { readonly state: 'present'; readonly sha256?: string }
  /** Hashed at `at` (milliseconds) and not changed since. */
  | { readonly state: 'verified'; readonly at: number; readonly sha256: string }
  | { readonly state: 'wrong'; readonly why: 'size' | 'hash' }

export interface ModelState {
  readonly row: ModelRow
  /** The worst of its files. */
  readonly state: FileState['state']
  /** Bytes there or arriving, and published bytes; 0 where no size is published. */
  readonly bytes: number
  readonly totalBytes: number
  /** When the last file was hashed. */
  readonly verifiedAt?: number
}

/** Result of the last hashing, kept beside the file; void as soon as size or time of change differ. */
const checkSchema = z.strictObject({
  v: z.literal(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int(),
  mtimeMs: z.number(),
  at: z.number(),
})
const checkOf = (path: string): string => `${path}.checked.json`

const WORST: readonly FileState['state'][] = ['wrong', 'absent', 'partial', 'present', 'verified']

/** States of `rows` in `folder` without reading the files. */
export async function listModels(rows: readonly ModelRow[], folder: string): Promise<ModelState[]> {
  return Promise.all(
    rows.map(async (row) => {
      const states = await Promise.all(row.files.map((file) => fileState(file, folder)))
      return summary(row, states, folder)
    }),
  )
}

interface VerifyOptions {
  readonly folder: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onBytes?: (bytes: number, totalBytes: number) => void
}

/** Hashes every file of `row` that is there, whatever earlier checks said. A wrong file is reported, not deleted. */
export async function verifyModel(row: ModelRow, options: VerifyOptions): Promise<ModelState> {
  const { folder, clock, signal, onBytes } = options
  const totalBytes = row.files.reduce((sum, file) => sum + (file.size ?? 0), 0)
  const states: FileState[] = []
  let before = 0
  for (const file of row.files) {
    const path = join(folder, file.path)
    const size = await sizeOf(path)
    const state = await fileState(file, folder)
    if (size === 0 || !isRightSize(file, size)) states.push(state)
    else {
      const start = before
      const hash = createHash('sha256')
      const onRead = (bytes: number): void => onBytes?.(start + bytes, totalBytes)
      await hashInto(hash, { path, bytes: size, signal, onRead })
      const sha256 = hash.digest('hex')
      // The note only saves work later: a folder that cannot be written to is verified all the same.
      await rememberCheck(path, sha256, clock).catch(() => undefined)
      states.push(stateAfter(file, sha256, clock.now()))
    }
    before += size
  }
  return summary(row, states, folder)
}

/** The state of a file of the right size whose bytes have this hash. */
function stateAfter(file: ModelFile, sha256: string, at: number): FileState {
  if (file.sha256 === undefined) return { state: 'present', sha256 }
  return file.sha256 === sha256
    ? { state: 'verified', at, sha256 }
    : { state: 'wrong', why: 'hash' }
}

/** The state of one file by its name, size, parts and the last check. */
export async function fileState(file: ModelFile, folder: string): Promise<FileState> {
  const path = join(folder, file.path)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) {
    const bytes = await partialBytes(path, folder)
    return bytes > 0 ? { state: 'partial', bytes } : { state: 'absent' }
  }
  if (!isRightSize(file, found.size)) return { state: 'wrong', why: 'size' }
  const check = await readCheck(path)
  if (!check || check.size !== found.size || check.mtimeMs !== found.mtimeMs)
    return { state: 'present' }
  return stateAfter(file, check.sha256, check.at)
}

/** Writes down that the file at `path` was hashed just now. */
export async function rememberCheck(path: string, sha256: string, clock: Clock): Promise<void> {
  const { size, mtimeMs } = await stat(path)
  const check = { v: 1, sha256, size, mtimeMs, at: clock.now() }
  // A name of its own: two processes may have hashed the file at once.
  const fresh = `${checkOf(path)}.${randomBytes(4).toString('hex')}`
  await writeFile(fresh, JSON.stringify(check))
  await rename(fresh, checkOf(path))
}

/** Deletes a file and what was written down about it. */
export async function removeChecked(path: string): Promise<void> {
  await rm(path, { force: true })
  await rm(checkOf(path), { force: true })
}

async function summary(
  row: ModelRow,
  states: readonly FileState[],
  folder: string,
): Promise<ModelState> {
  const state = WORST.find((name) => states.some((file) => file.state === name)) ?? 'absent'
  const sizes = await Promise.all(
    row.files.map(async ({ path }, index) => {
      const file = states[index]
      return file?.state === 'partial' ? file.bytes : sizeOf(join(folder, path))
    }),
  )
  const times = states.flatMap((file) => (file.state === 'verified' ? [file.at] : []))
  return {
    row,
    // A model with one file there and another absent is arriving.
    state: state === 'absent' && states.some((file) => file.state !== 'absent') ? 'partial' : state,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    totalBytes: row.files.reduce((sum, file) => sum + (file.size ?? 0), 0),
    ...(state === 'verified' && { verifiedAt: Math.max(...times) }),
  }
}

/** Bytes that the furthest source has brought. */
async function partialBytes(path: string, folder: string): Promise<number> {
  const inputs = inputStem(path, '')
  const names = await readdir(folder).catch(() => [])
  const ofInputs = names
    .map((name) => join(folder, name))
    .filter((name) => name.startsWith(inputs) && name.endsWith('.part'))
  const sizes = await Promise.all(ofInputs.map(sizeOf))
  return Math.max(
    await sizeOf(partOf(path)),
    await sizeOf(partOf(joinedStem(path))),
    sizes.reduce((sum, size) => sum + size, 0),
  )
}

const isRightSize = (file: ModelFile, size: number): boolean =>
  file.size === undefined ? size > 0 : size === file.size

async function readCheck(path: string): Promise<z.infer<typeof checkSchema> | undefined> {
  try {
    return checkSchema.parse(JSON.parse(await readFile(checkOf(path), 'utf8')))
  } catch {
    return undefined
  }
}
