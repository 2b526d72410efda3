/** @module A file that is still arriving: hashed while it is written, and continued after a crash from what is already there. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'

/** What is remembered beside the part: whose bytes these are and where a continuation may begin. */
const noteSchema = z.strictObject({
  v: z.literal(1),
  source: z.string(),
  /** Strong ETag of the hub's file. */
  etag: z.string().optional(),
  /** Package members that are joined completely, and the part's length after the last of them. */
  joined: z.number().int().min(0),
  joinedBytes: z.number().int().min(0),
})
type Note = z.infer<typeof noteSchema>

interface Opening {
  readonly path: string
  /** Name of the source; bytes of another source are thrown away. */
  readonly source: string
  /** `bytes`: go on where the part ends. `members`: go on after the last complete member. */
  readonly resume: 'bytes' | 'members'
  readonly signal: AbortSignal
  /** Called while the bytes on disk are hashed again. */
  readonly onRead?: (bytes: number) => void
}

/**
 * `<path>.part` with its note `<path>.part.json`; `path` is the final name or a stem beside it. Opening hashes again what is on disk, so that the final hash covers
 * every byte of the file and not only those of this run. The caller holds the model's lock.
 */
export class PartFile {
  readonly #path: string
  readonly #handle: FileHandle
  #hash: Hash
  #length: number
  #note: Note

  private constructor(state: {
    path: string
    handle: FileHandle
    hash: Hash
    length: number
    note: Note
  }) {
    this.#path = state.path
    this.#handle = state.handle
    this.#hash = state.hash
    this.#length = state.length
    this.#note = state.note
  }

  static async open({ path, source, resume, signal, onRead }: Opening): Promise<PartFile> {
    const note = await readNote(path)
    const isOurs = note?.source === source
    const onDisk = isOurs ? await sizeOf(partOf(path)) : 0
    const joinedBytes = note?.joinedBytes ?? 0
    // A crash may leave a note that is ahead of its bytes only when the disk lost them: begin again.
    const isWhole = resume === 'bytes' || onDisk >= joinedBytes
    const keep = !isWhole ? 0 : resume === 'bytes' ? onDisk : joinedBytes
    const handle = await open(partOf(path), keep > 0 ? 'r+' : 'w')
    try {
      if (keep > 0) await handle.truncate(keep)
      const hash = createHash('sha256')
      await hashInto(hash, { path: partOf(path), bytes: keep, signal, ...(onRead && { onRead }) })
      const fresh: Note = { v: 1, source, joined: 0, joinedBytes: 0 }
      const part = new PartFile({
        path,
        handle,
        hash,
        length: keep,
        note: keep > 0 && note ? note : fresh,
      })
      await part.#writeNote()
      return part
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length
  }

  get etag(): string | undefined {
    return this.#note.etag
  }

  /** Package members joined so far. */
  get joined(): number {
    return this.#note.joined
  }

  /** Appends. Throws `models.disk` when the disk is full. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk)
    let at = 0
    try {
      while (at < chunk.length) {
        const { bytesWritten } = await this.#handle.write(
          chunk,
          at,
          chunk.length - at,
          this.#length + at,
        )
        at += bytesWritten
      }
    } catch (error) {
      throw asDiskError(error)
    }
    this.#length += chunk.length
  }

  /** Throws away what arrived. */
  async restart(etag?: string): Promise<void> {
    await this.#handle.truncate(0)
    this.#hash = createHash('sha256')
    this.#length = 0
    this.#note = {
      v: 1,
      source: this.#note.source,
      joined: 0,
      joinedBytes: 0,
      ...(etag !== undefined && { etag }),
    }
    await this.#writeNote()
  }

  /** Says that `joined` members are complete. Durable before it returns: a continuation begins here. */
  async checkpoint(joined: number): Promise<void> {
    await this.#handle.datasync()
    this.#note = { ...this.#note, joined, joinedBytes: this.#length }
    await this.#writeNote()
  }

  /** SHA-256 of all bytes so far, lower-case hex. */
  digest(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Makes the part the file `target`, durably and at once; nobody ever sees half of it. */
  async finish(target: string): Promise<void> {
    await this.#handle.sync()
    await this.#handle.close()
    await rename(partOf(this.#path), target)
    await syncFolder(dirname(target))
    await rm(noteOf(this.#path), { force: true })
  }

  /** Closes and keeps what arrived for the next time. */
  async close(): Promise<void> {
    await this.#handle.close()
  }

  /** Closes and deletes. */
  async discard(): Promise<void> {
    await this.#handle.close()
    await removePart(this.#path)
  }

  async #writeNote(): Promise<void> {
    // Written beside and renamed: a crash leaves the old note or the new one.
    try {
      await writeFile(`${noteOf(this.#path)}.new`, JSON.stringify(this.#note))
      await rename(`${noteOf(this.#path)}.new`, noteOf(this.#path))
    } catch (error) {
      throw asDiskError(error)
    }
  }
}

/** Stems of parts that are not one stream of the final file, so that sources do not destroy each other's progress. */
export const joinedStem = (path: string): string => `${path}.joined`
export const convertedStem = (path: string): string => `${path}.converted`
export const inputStem = (path: string, input: string): string => `${path}.in.${input}`

/** Name of the unfinished file. */
export const partOf = (path: string): string => `${path}.part`
const noteOf = (path: string): string => `${path}.part.json`

/** Deletes an unfinished file and its note, if any. */
export async function removePart(path: string): Promise<void> {
  for (const name of [partOf(path), noteOf(path), `${noteOf(path)}.new`])
    await rm(name, { force: true })
}

/** Size of a file in bytes; 0 when there is none. */
export async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

interface HashJob {
  readonly path: string
  /** How many bytes from the start. */
  readonly bytes: number
  readonly signal: AbortSignal
  readonly onRead?: (bytes: number) => void
}

/** Feeds the first bytes of a file to `hash`, streamed, so that heartbeats of the process go on. */
export async function hashInto(
  hash: Hash,
  { path, bytes, signal, onRead }: HashJob,
): Promise<void> {
  if (bytes === 0) return
  let read = 0
  const stream = createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 20, signal })
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue
    hash.update(chunk)
    read += chunk.length
    onRead?.(read)
  }
}

/** `models.disk` for a full disk or quota, else the error itself. */
export function asDiskError(error: unknown): unknown {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new AppError('models.disk', {}, { cause: error })
    : error
}

async function readNote(path: string): Promise<Note | undefined> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(noteOf(path), 'utf8')))
  } catch {
    // No note, or one of another version: what it describes cannot be trusted.
    return undefined
  }
}

/** Makes a rename durable; a file system that cannot sync folders does it by itself. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync().catch(() => undefined)
  } finally {
    await handle.close()
  }
}
