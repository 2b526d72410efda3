/** @module The key that signs totals: an Ed25519 seed in the data folder, made on first use. It moves no money by itself: the vault pays payees only. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import { type CellSigner, cellSigner } from '../contracts/sign.ts'

const SEED_BYTES = 32

/** Opens `<folder>/settlement.key`. Throws `config.data-folder` for a file of another size. */
export function openSettlementKey(folder: string): CellSigner {
  const seed = openSeed(join(folder, 'settlement.key'))
  try {
    return cellSigner(seed)
  } finally {
    seed.fill(0)
  }
}

/**
 * The 32 bytes at `path` (mode 0600), made on first use. Two processes that race get the same ones: the file is written
 * under another name and linked, and a link never replaces.
 */
export function openSeed(path: string): Uint8Array {
  const seed = readIfThere(path) ?? makeSeed(path)
  if (seed.length !== SEED_BYTES) throw new AppError('config.data-folder')
  return Uint8Array.from(seed)
}

function makeSeed(path: string): Uint8Array {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const part = `${path}.${randomBytes(8).toString('hex')}.part`
  const seed = randomBytes(SEED_BYTES)
  const file = openSync(part, 'wx', 0o600)
  try {
    writeSync(file, seed)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    linkSync(part, path)
    return seed
  } catch (error) {
    const first = readIfThere(path)
    if (!first) throw error
    return first
  } finally {
    unlinkSync(part)
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
