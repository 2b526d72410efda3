/** @module Secrets in files, mode 0600: created once by whichever process comes first, complete or absent, never half written. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** The file's bytes, or undefined when there is no such file. Other failures throw. */
export function readSecretFile(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * The bytes at `path`; when there are none, `make()` is written there. Two processes that race get the same bytes: the
 * file is written under another name (O_EXCL) and linked, and a link never replaces. On disk before it returns.
 */
export function readOrCreateSecretFile(path: string, make: () => Uint8Array): Uint8Array {
  const found = readSecretFile(path)
  if (found) return found
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const part = partOf(path)
  const bytes = make()
  writeDurably(part, bytes)
  try {
    linkSync(part, path)
    return bytes
  } catch (error) {
    const first = hasCode(error, 'EEXIST') ? readSecretFile(path) : undefined
    if (!first) throw error
    return first
  } finally {
    unlinkSync(part)
  }
}

/** Writes the file anew, mode 0600: whoever reads sees the old one or the new one, also after a power cut. Its folder must be there. */
export function replaceSecretFile(path: string, text: string): void {
  const part = partOf(path)
  writeDurably(part, Buffer.from(text, 'utf8'))
  renameSync(part, path)
}

/** Overwrites the file's bytes with zeros on disk and removes its name; absent is fine. */
export function destroySecretFile(path: string): void {
  try {
    const size = readFileSync(path).length
    const file = openSync(path, 'r+')
    try {
      writeSync(file, new Uint8Array(size))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    unlinkSync(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

const partOf = (path: string): string => `${path}.${randomBytes(8).toString('hex')}.part`

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
