/** @module The key that signs totals: an Ed25519 seed in the data folder, made on first use. It moves no money by itself: the vault pays payees only. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import { readOrCreateSecretFile } from '../../core/secret-file.ts'
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

/** The 32 bytes at `path` (mode 0600), made on first use; two processes that race get the same ones. Throws `config.data-folder` for another size. */
export function openSeed(path: string): Uint8Array {
  const seed = readOrCreateSecretFile(path, () => randomBytes(SEED_BYTES))
  if (seed.length !== SEED_BYTES) throw new AppError('config.data-folder')
  return Uint8Array.from(seed)
}
