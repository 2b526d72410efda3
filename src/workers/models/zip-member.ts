/** @module One member of a ZIP archive (a wheel is one), streamed out; nothing else of the archive is touched or run. */
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { AppError } from '../../core/app-error.ts'

const END_SIGNATURE = 0x06054b50
const ENTRY_SIGNATURE = 0x02014b50
const LOCAL_SIGNATURE = 0x04034b50
const END_BYTES = 22
const ENTRY_BYTES = 46
const LOCAL_BYTES = 30
const STORED = 0
const DEFLATED = 8

interface Entry {
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly localAt: number
}

/**
 * The bytes of `member`, checked against the archive's length and CRC-32 at the end.
 * Read: stored and deflated members, as APPNOTE.TXT 6.3 describes them. Refused: ZIP64, encryption, archives of
 * several disks, two members of that name. Throws `models.source` with a `reason`: `member-missing`, `archive-damaged`.
 * The CRC protects against accidents only; who uses the bytes compares their hash.
 */
export async function* zipMember(archive: string, member: string): AsyncGenerator<Uint8Array> {
  const handle = await open(archive, 'r')
  let entry: Entry
  let start: number
  try {
    entry = await findEntry(handle, member)
    start = await dataStart(handle, entry.localAt)
  } finally {
    await handle.close()
  }
  let size = 0
  let crc = 0
  for await (const chunk of content(archive, start, entry)) {
    size += chunk.length
    // A deflate stream may grow a thousandfold: stop at the promised size.
    if (size > entry.size) throw damaged()
    crc = crc32(chunk, crc)
    yield chunk
  }
  if (size !== entry.size || crc !== entry.crc) throw damaged()
}

async function* content(archive: string, start: number, entry: Entry): AsyncGenerator<Uint8Array> {
  if (entry.packed === 0) return
  const file = createReadStream(archive, {
    start,
    end: start + entry.packed - 1,
    highWaterMark: 1 << 18,
  })
  const stream =
    entry.method === STORED
      ? file
      : pipeline(file, createInflateRaw({ chunkSize: 1 << 18 }), () => {
          // Errors arrive at the reader of the stream below.
        })
  try {
    for await (const chunk of stream) if (chunk instanceof Uint8Array) yield chunk
  } catch (error) {
    throw new AppError('models.source', { reason: 'archive-damaged' }, { cause: error })
  }
}

async function findEntry(handle: FileHandle, member: string): Promise<Entry> {
  const { size } = await handle.stat()
  // The end record stands within the last 64 KiB + 22 bytes: a comment may follow it.
  const tail = await readAt(handle, Math.max(0, size - END_BYTES - 0xffff), size)
  let end = tail.length - END_BYTES
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end--
  if (end < 0) throw damaged()
  const disks = tail.readUInt32LE(end + 4)
  const count = tail.readUInt16LE(end + 10)
  const length = tail.readUInt32LE(end + 12)
  const offset = tail.readUInt32LE(end + 16)
  if (disks !== 0 || count === 0xffff || offset === 0xffff_ffff) throw damaged()

  const directory = await readAt(handle, offset, offset + length)
  if (directory.length !== length) throw damaged()
  let found: Entry | undefined
  let at = 0
  for (let left = count; left > 0; left--) {
    if (at + ENTRY_BYTES > length || directory.readUInt32LE(at) !== ENTRY_SIGNATURE) throw damaged()
    const nameBytes = directory.readUInt16LE(at + 28)
    const name = directory.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes)
    if (name === member) {
      if (found) throw damaged()
      found = entryAt(directory, at)
    }
    at +=
      ENTRY_BYTES + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  if (!found) throw new AppError('models.source', { reason: 'member-missing' })
  return found
}

function entryAt(directory: Buffer, at: number): Entry {
  const flags = directory.readUInt16LE(at + 8)
  const entry: Entry = {
    method: directory.readUInt16LE(at + 10),
    crc: directory.readUInt32LE(at + 16),
    packed: directory.readUInt32LE(at + 20),
    size: directory.readUInt32LE(at + 24),
    localAt: directory.readUInt32LE(at + 42),
  }
  const isEncrypted = (flags & 1) !== 0
  const isZip64 = entry.packed === 0xffff_ffff || entry.size === 0xffff_ffff
  const isKnown = entry.method === STORED || entry.method === DEFLATED
  if (isEncrypted || isZip64 || !isKnown) throw damaged()
  return entry
}

/** The local header repeats the name and has extra fields of its own length. */
async function dataStart(handle: FileHandle, at: number): Promise<number> {
  const header = await readAt(handle, at, at + LOCAL_BYTES)
  if (header.length !== LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw damaged()
  return at + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28)
}

async function readAt(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  // Lengths come from the archive: never more than it can hold.
  const { size } = await handle.stat()
  const buffer = Buffer.alloc(Math.max(0, Math.min(to, size) - from))
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from)
  return buffer.subarray(0, bytesRead)
}

const damaged = (): AppError => new AppError('models.source', { reason: 'archive-damaged' })
