/** @module Policy documents as files `<epoch>.json` of one folder, and beside them which one was seen last: it survives a restart, so that nobody can go back. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalText, parseStrictJson } from '../../core/canonical.ts'
import { hasCode } from '../../core/secret-file.ts'
import { maxPolicyBytes } from '../verify/policy/document.ts'
import { hex, integer, object, optional } from '../verify/shape.ts'

const epochShape = integer(1, 2 ** 31 - 1)
const seenShape = object({
  epoch: epochShape,
  sha256: hex(32),
  /** The document in force when the seen one still waits. */
  before: optional(object({ epoch: epochShape, sha256: hex(32) })),
})
/** The highest epoch that was accepted here. */
export type Seen = NonNullable<ReturnType<typeof seenShape>>

export interface PolicyFolder {
  /** Bytes of the documents from epoch `from` on, ascending. Files of other names, and too large ones, are passed over. */
  documents(from: number): Promise<{ epoch: number; bytes: Uint8Array }[]>
  /** Undefined when nothing was ever seen here. Throws TypeError for a damaged file: unknown is not the same as none. */
  seen(): Promise<Seen | undefined>
  /** On disk before it resolves. */
  remember(seen: Seen): Promise<void>
  /** Writes the document of an epoch; one that is there stays. */
  add(epoch: number, bytes: Uint8Array): Promise<void>
}

const fileOf = (epoch: number): string => `${epoch}.json`
const seenFile = 'seen.json'
const fileName = /^([1-9][0-9]{0,9})\.json$/

export function openPolicyFolder(folder: string): PolicyFolder {
  return {
    documents: async (from) => {
      const names = await list(folder)
      const epochs = names
        .map((name) => Number(fileName.exec(name)?.[1]))
        .filter((epoch) => epochShape(epoch) !== undefined && epoch >= from)
        .toSorted((a, b) => a - b)
      const documents: { epoch: number; bytes: Uint8Array }[] = []
      for (const epoch of epochs) {
        const bytes = await readFile(join(folder, fileOf(epoch)))
        if (bytes.length <= maxPolicyBytes) documents.push({ epoch, bytes })
      }
      return documents
    },
    seen: async () => {
      const text = await read(join(folder, seenFile))
      if (text === undefined) return undefined
      const seen = seenShape(parseStrictJson(text))
      if (!seen) throw new TypeError('damaged record of the last policy')
      return seen
    },
    remember: (seen) => writeDurably(folder, seenFile, Buffer.from(canonicalText(seen))),
    add: async (epoch, bytes) => {
      const part = await writePart(folder, fileOf(epoch), bytes)
      try {
        await link(part, join(folder, fileOf(epoch)))
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error
      } finally {
        await unlink(part)
      }
    },
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Whole or not at all: a reader never sees half a file. */
export async function writeDurably(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await rename(await writePart(folder, name, bytes), join(folder, name))
}

async function writePart(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const part = join(folder, `.${name}.${randomBytes(8).toString('hex')}.part`)
  const file = await open(part, 'wx', 0o644)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  return part
}
