/** @module Sealed blobs as files: written aside, synced, renamed; the store sees ciphertext and sizes only (ENG B8). */
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../core/app-error.ts'
import { type BlobId, isBlobId } from '../core/ids.ts'

/** Bots and gateways share one store. */
export interface Blobs {
  /** Writes all chunks durably under `id`; nothing stays when it fails. Throws `stores.full`. */
  put(id: BlobId, chunks: AsyncIterable<Uint8Array>): Promise<void>
  /** Bytes stored; undefined when there is no such blob. */
  size(id: BlobId): Promise<number | undefined>
  /** The bytes from `start` to `end` inclusive. */
  read(id: BlobId, start: number, end: number): AsyncIterable<Uint8Array>
  remove(id: BlobId): Promise<void>
  /** Blobs last written before `beforeMs`; also removes abandoned uploads of that age. */
  olderThan(beforeMs: number): Promise<readonly BlobId[]>
}

/** `quotaBytes` bounds all blobs together (10 GiB by default). */
export function createFileBlobs(deps: { folder: string; quotaBytes?: number }): Blobs {
  const { folder, quotaBytes = 10 * 2 ** 30 } = deps
  const pathOf = (id: BlobId): string => join(folder, id.slice(0, 2), id)
  let used: number | undefined

  const measure = async (): Promise<number> => {
    let bytes = 0
    for await (const file of listFiles(folder)) bytes += file.size
    return bytes
  }
  const write = async (part: string, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    const file = await open(part, 'wx', 0o600)
    try {
      for await (const chunk of chunks) {
        used = (used ?? (await measure())) + chunk.length
        if (used > quotaBytes) throw new AppError('stores.full')
        await file.write(chunk)
      }
      await file.sync()
    } finally {
      await file.close()
    }
  }

  return {
    put: async (id, chunks) => {
      const path = pathOf(id)
      const part = `${path}.part`
      await mkdir(join(folder, id.slice(0, 2)), { recursive: true, mode: 0o700 })
      try {
        await write(part, chunks)
        await rename(part, path)
      } catch (error) {
        await rm(part, { force: true })
        used = undefined
        throw noSpace(error)
      }
    },
    size: async (id) => {
      try {
        return (await stat(pathOf(id))).size
      } catch {
        return undefined
      }
    },
    read: (id, start, end) => readBytes(pathOf(id), start, end),
    remove: async (id) => {
      await rm(pathOf(id), { force: true })
      used = undefined
    },
    olderThan: async (beforeMs) => {
      const ids: BlobId[] = []
      for await (const file of listFiles(folder)) {
        if (file.modifiedMs >= beforeMs) continue
        if (isBlobId(file.name)) ids.push(file.name)
        else if (file.name.endsWith('.part')) await rm(file.path, { force: true })
      }
      return ids
    },
  }
}

async function* readBytes(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<Buffer> = createReadStream(path, { start, end })
  for await (const piece of stream) yield piece
}

interface StoredFile {
  readonly name: string
  readonly path: string
  readonly size: number
  readonly modifiedMs: number
}

async function* listFiles(folder: string): AsyncGenerator<StoredFile> {
  const names = await listNames(folder)
  for (const shelf of names) {
    for (const name of await listNames(join(folder, shelf))) {
      const path = join(folder, shelf, name)
      try {
        const { size, mtimeMs } = await stat(path)
        yield { name, path, size, modifiedMs: mtimeMs }
      } catch {
        // Removed meanwhile.
      }
    }
  }
}

async function listNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch {
    return []
  }
}

const noSpace = (error: unknown): unknown =>
  error instanceof Error && 'code' in error && error.code === 'ENOSPC'
    ? new AppError('stores.full', {}, { cause: error })
    : error
