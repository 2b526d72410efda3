/** @module Join tokens: what a GPU owner's worker shows to be talked to at all; kept as hashes, compared in constant time. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { ErrorCode } from '../core/errors.ts'
import { equalBytes } from './aead.ts'
import { sha256, sha256Hex, toBase64url, utf8 } from './binary.ts'
import { readOrCreateSecretFile } from './secret-file.ts'

export interface JoinTokens {
  /** `admission.join` for an unknown token, `admission.rate` while its pause lasts. */
  check(token: string): ErrorCode | undefined
  /** Counts a refused admission: three in ten minutes pause the token for an hour. */
  refused(token: string): void
}

const REFUSALS = 3
const WINDOW_MS = 600_000
const PAUSE_MS = 3_600_000

/** The installation's own token, `<folder>/join.key`, made on first use; text of 43 base64url characters. */
export const openJoinToken = (folder: string): string =>
  Buffer.from(
    readOrCreateSecretFile(join(folder, 'join.key'), () => utf8(toBase64url(randomBytes(32)))),
  ).toString('utf8')

/** What is stored of a token. */
export const joinTokenHash = (token: string): Uint8Array => sha256(utf8(token))

/** Tokens by their hashes (32 bytes each). Refusals are counted in this process only. */
export function createJoinTokens(hashes: readonly Uint8Array[], clock: Clock): JoinTokens {
  const refusals = new Map<string, number[]>()
  const known = (token: string): boolean => {
    const given = joinTokenHash(token)
    // Every hash is compared, so that the time does not tell which one it was.
    return hashes.map((hash) => equalBytes(hash, given)).includes(true)
  }
  return {
    check: (token) => {
      if (!known(token)) return 'admission.join'
      const times = refusals.get(keyOf(token)) ?? []
      const last = times.at(-1)
      if (last === undefined || times.length < REFUSALS) return undefined
      if (clock.now() < last + PAUSE_MS) return 'admission.rate'
      refusals.delete(keyOf(token))
      return undefined
    },
    refused: (token) => {
      // Unknown tokens are not remembered: anyone can invent them without end.
      if (!known(token)) return
      const now = clock.now()
      const recent = (refusals.get(keyOf(token)) ?? []).filter((at) => at > now - WINDOW_MS)
      if (recent.length < REFUSALS) refusals.set(keyOf(token), [...recent, now])
    },
  }
}

const keyOf = (token: string): string => sha256Hex(utf8(token))
