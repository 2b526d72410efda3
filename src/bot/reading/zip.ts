/** @module Reads files out of a ZIP whose sizes are checked, not believed: first by its directory, then while unpacking. */
import { inflateRawSync } from 'node:zlib'
import { AppError } from '../../core/app-error.ts'

/** A small file may say it unpacks to little and unpack to gigabytes: both numbers hold for the whole archive. */
const MAX_UNPACKED = 20 * 1024 * 1024
const MAX_RATIO = 100
/** A ratio says nothing about tiny files: a few KiB of equal XML are honest. */
const RATIO_FROM = 1024 * 1024
const MAX_ENTRIES = 5000

interface Entry {
  readonly name: string
  readonly method: number
  readonly packed: number
  readonly unpacked: number
  readonly at: number
}

export interface Archive {
  readonly names: readonly string[]
  /** The unpacked file; undefined when there is none of this name. Throws `document.damaged`, `input.too-large`. */
  read(name: string): Uint8Array | undefined
}

/**
 * Opens a ZIP by its central directory (APPNOTE 4.3.12); ZIP64, split and unusual compression are not supported.
 * Throws `document.damaged` (no ZIP), `document.encrypted`, `input.too-large` (> 20 MiB unpacked, or 100 times the file).
 */
export function openZip(bytes: Uint8Array): Archive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const entries = readDirectory(view, bytes)
    const total = entries.reduce((sum, { unpacked }) => sum + unpacked, 0)
    refuseLarge(total, bytes.length)
    const byName = new Map(entries.map((entry) => [entry.name, entry]))
    let left = MAX_UNPACKED
    return {
      names: [...byName.keys()],
      read: (name) => {
        const entry = byName.get(name)
        if (entry === undefined) return undefined
        const file = unpack(view, bytes, { entry, maxBytes: left })
        left -= file.length
        return file
      },
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('document.damaged')
  }
}

function refuseLarge(unpacked: number, packed: number): void {
  if (unpacked > MAX_UNPACKED || (unpacked > RATIO_FROM && unpacked > packed * MAX_RATIO))
    throw new AppError('input.too-large', { maxBytes: MAX_UNPACKED })
}

function readDirectory(view: DataView, bytes: Uint8Array): Entry[] {
  const end = findEnd(view)
  const count = view.getUint16(end + 10, true)
  if (count > MAX_ENTRIES) throw new AppError('input.too-large', { maxFiles: MAX_ENTRIES })
  const entries: Entry[] = []
  let at = view.getUint32(end + 16, true)
  for (let read = 0; read < count; read++) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new AppError('document.damaged')
    if ((view.getUint16(at + 8, true) & 1) === 1) throw new AppError('document.encrypted')
    const nameLength = view.getUint16(at + 28, true)
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      unpacked: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    })
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return entries
}

/** The end record stands last, before a comment of at most 65,535 bytes. */
function findEnd(view: DataView): number {
  for (let at = view.byteLength - 22; at >= 0 && at > view.byteLength - 22 - 65_536; at--)
    if (view.getUint32(at, true) === 0x06054b50) return at
  throw new AppError('document.damaged')
}

function unpack(
  view: DataView,
  bytes: Uint8Array,
  { entry, maxBytes }: { entry: Entry; maxBytes: number },
): Uint8Array {
  if (view.getUint32(entry.at, true) !== 0x04034b50) throw new AppError('document.damaged')
  const start =
    entry.at + 30 + view.getUint16(entry.at + 26, true) + view.getUint16(entry.at + 28, true)
  const packed = bytes.subarray(start, start + entry.packed)
  if (entry.method === 0) return packed
  if (entry.method !== 8) throw new AppError('document.damaged')
  try {
    return inflateRawSync(packed, {
      maxOutputLength: Math.max(1, Math.min(entry.unpacked, maxBytes)),
    })
  } catch (error) {
    // The directory lied about the size: that is a bomb, or as good as one.
    const lied = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw new AppError(lied ? 'input.too-large' : 'document.damaged', { maxBytes })
  }
}
