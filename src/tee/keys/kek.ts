/** @module Key-encryption keys, one an hour, in files outside every database: destroying a file shreds all it wrapped (CONF §2). */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import { canonicalBytes } from '../../core/canonical.ts'
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import {
  destroySecretFile,
  readOrCreateSecretFile,
  readSecretFile,
} from '../../core/secret-file.ts'
import { aeadOpen, aeadSeal, IV_BYTES, KEY_BYTES, wipe } from '../crypto/aead.ts'
import { concat, readU32be, u32be } from '../crypto/binary.ts'

/** What a wrapped key is for; bound into the wrap, so that one can never be used as another. */
export type WrapPurpose = 'cek' | 'result' | 'salt' | 'inbox' | 'dialogue'

export interface Keks {
  /** `u8 1 ‖ u32be epoch ‖ iv(12) ‖ ciphertext+tag`; `id` names the row it belongs to. Does not wipe `key`. */
  wrap(what: WrapPurpose, id: string, key: Uint8Array): Uint8Array
  /** Throws `release.key-gone` when the hour's key has expired or is missing, `env.open` for a wrap of another row, purpose or net. */
  unwrap(what: WrapPurpose, id: string, wrapped: Uint8Array): Uint8Array
  /** Destroys the files of expired hours; to be called a few times an hour. */
  sweep(): void
  /** Forgets the keys in memory. */
  close(): void
}

const EPOCH_MS = 3_600_000
/** One hour of wrapping and 25 of opening: a job lives at most 24 h. */
const LIFE_EPOCHS = 26
const VERSION = 1
const HEAD_BYTES = 5

/**
 * Opens the folder (mode 0700, created when absent), which several gateway processes may share.
 * Keep it out of backups: that is what makes deletion mean something.
 */
export function createKeks(deps: { folder: string; net: Net; clock: Clock }): Keks {
  const { folder, net, clock } = deps
  const keys = new Map<number, Uint8Array>()
  const current = (): number => Math.floor(clock.now() / EPOCH_MS)
  const expired = (epoch: number): boolean => epoch + LIFE_EPOCHS <= current()
  const fileOf = (epoch: number): string => join(folder, `${epoch}.key`)

  const remember = (epoch: number, key: Uint8Array): Uint8Array => {
    if (key.length !== KEY_BYTES) throw new AppError('release.key-gone', { epoch })
    keys.set(epoch, key)
    return key
  }
  const forWrapping = (epoch: number): Uint8Array =>
    keys.get(epoch) ??
    remember(
      epoch,
      readOrCreateSecretFile(fileOf(epoch), () => randomBytes(KEY_BYTES)),
    )
  const forOpening = (epoch: number): Uint8Array => {
    // The epoch is checked before the file: a key that comes back from a backup stays refused.
    if (expired(epoch)) throw new AppError('release.key-gone', { epoch })
    const known = keys.get(epoch) ?? readSecretFile(fileOf(epoch))
    if (!known) throw new AppError('release.key-gone', { epoch })
    return remember(epoch, known)
  }
  const aadOf = (what: WrapPurpose, id: string, epoch: number): Uint8Array =>
    canonicalBytes({ ctx: 'chrysalis/kek/1', net, job: id, epoch, what })
  const forget = (epoch: number): void => {
    const key = keys.get(epoch)
    if (key) wipe(key)
    keys.delete(epoch)
  }

  return {
    wrap: (what, id, key) => {
      const epoch = current()
      const iv = randomBytes(IV_BYTES)
      const ct = aeadSeal({ key: forWrapping(epoch), iv, aad: aadOf(what, id, epoch) }, key)
      return concat(Uint8Array.of(VERSION), u32be(epoch), iv, ct)
    },
    unwrap: (what, id, wrapped) => {
      if (wrapped.length < HEAD_BYTES + IV_BYTES || wrapped[0] !== VERSION)
        throw new AppError('env.open')
      const epoch = readU32be(wrapped, 1)
      const iv = wrapped.subarray(HEAD_BYTES, HEAD_BYTES + IV_BYTES)
      const aad = aadOf(what, id, epoch)
      const key = aeadOpen(
        { key: forOpening(epoch), iv, aad },
        wrapped.subarray(HEAD_BYTES + IV_BYTES),
      )
      if (!key) throw new AppError('env.open')
      return key
    },
    sweep: () => {
      for (const epoch of keys.keys()) if (expired(epoch)) forget(epoch)
      for (const name of listFolder(folder)) {
        const epoch = /^(\d{1,9})\.key/.exec(name)?.[1]
        if (epoch !== undefined && expired(Number(epoch))) destroySecretFile(join(folder, name))
      }
    },
    close: () => {
      for (const epoch of keys.keys()) forget(epoch)
    },
  }
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Not created before the first wrap.
    return []
  }
}
