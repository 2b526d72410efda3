/** @module Small content at rest: a fresh key for each piece, wrapped by the hour's KEK, so that it becomes unreadable with it. */
import { randomBytes } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import { canonicalBytes } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import { Plaintext } from '../../core/plaintext.ts'
import { aeadOpen, aeadSeal, IV_BYTES, KEY_BYTES, wipe } from '../crypto/aead.ts'
import { concat, readU32be, u32be } from '../crypto/binary.ts'
import type { Keks, WrapPurpose } from '../keys/kek.ts'
import { padRecord, unpadRecord } from './record.ts'

type VaultPurpose = Extract<WrapPurpose, 'inbox' | 'dialogue'>

export interface Vault {
  /** `u8 1 ‖ u32be n ‖ wrapped key (n) ‖ iv(12) ‖ sealed record`; padded as envelopes are. Throws `env.size` above 1 MiB. */
  seal(what: VaultPurpose, id: string, content: Plaintext): Uint8Array
  /** Throws `release.key-gone` after about a day, `env.open` for anything changed or of another row or purpose. */
  open(what: VaultPurpose, id: string, sealed: Uint8Array): Plaintext
}

const VERSION = 1
const HEAD_BYTES = 5

/** `id` names the row; a piece moved to another row does not open. Does not wipe what it seals. */
export function createVault({ keks, net }: { keks: Keks; net: Net }): Vault {
  const aadOf = (what: VaultPurpose, id: string): Uint8Array =>
    canonicalBytes({ ctx: 'chrysalis/vault/1', net, what, id })
  return {
    seal: (what, id, content) => {
      const key = randomBytes(KEY_BYTES)
      const iv = randomBytes(IV_BYTES)
      const record = padRecord(content.reveal())
      const wrapped = keks.wrap(what, id, key)
      const ct = aeadSeal({ key, iv, aad: aadOf(what, id) }, record)
      wipe(key, record)
      return concat(Uint8Array.of(VERSION), u32be(wrapped.length), wrapped, iv, ct)
    },
    open: (what, id, sealed) => {
      if (sealed.length < HEAD_BYTES || sealed[0] !== VERSION) throw new AppError('env.open')
      const wrapEnd = HEAD_BYTES + readU32be(sealed, 1)
      const ivEnd = wrapEnd + IV_BYTES
      if (sealed.length < ivEnd) throw new AppError('env.open')
      const key = keks.unwrap(what, id, sealed.subarray(HEAD_BYTES, wrapEnd))
      const iv = sealed.subarray(wrapEnd, ivEnd)
      const record = aeadOpen({ key, iv, aad: aadOf(what, id) }, sealed.subarray(ivEnd))
      wipe(key)
      if (!record) throw new AppError('env.open')
      const content = Plaintext.of(Uint8Array.from(unpadRecord(record).content))
      wipe(record)
      return content
    },
  }
}
