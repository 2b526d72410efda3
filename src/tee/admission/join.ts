/** @module Join tokens: what a GPU owner's worker shows to be talked to at all; kept as hashes, compared in constant time. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { readOrCreateSecretFile } from '../../core/secret-file.ts'
import { equalBytes } from '../crypto/aead.ts'
import { fromBase64url, sha256, sha256Hex, toBase64url, toHex, utf8 } from '../crypto/binary.ts'

/** Whose token it is. */
export interface JoinToken {
  /** SHA-256, 32 bytes. */
  readonly hash: Uint8Array
  /** The owner under whom hardware is enrolled. */
  readonly owner: string
  /** Where the owner's earnings go; empty where nothing is paid. */
  readonly payout: string
  /** For one machine; until then it may be shown for the first time, ms. Absent: for any machine of the owner. */
  readonly single?: { readonly unusedUntilMs: number; readonly isUsed: boolean }
  /** What the owner wants of its workers; absent: work. */
  readonly wish?: MachineWish
}

/** `paused`: nothing new for now. `draining`: nothing new, since the machine is to be switched off. */
export type MachineWish = 'working' | 'paused' | 'draining'

export type JoinOwner = Pick<JoinToken, 'owner' | 'payout'>

export interface JoinTokens {
  /** `admission.join` for an unknown token, `admission.rate` while its pause lasts. */
  check(token: string): ErrorCode | undefined
  /** Whose the token is; undefined for an unknown one. */
  ownerOf(token: string): JoinToken | undefined
  /** As `ownerOf`, by what is kept of a token; 64 hex characters. */
  ownerOfHash(hash: string): JoinToken | undefined
  /** Counts a refused admission: three in ten minutes pause the token for an hour. */
  refused(token: string): void
  /** Puts these tokens in the place of all others. */
  replace(tokens: readonly JoinToken[]): void
}

const REFUSALS = 3
const WINDOW_MS = 600_000
const PAUSE_MS = 3_600_000
/** The owner whose token the installation makes for itself. */
export const INSTALLATION_OWNER = 'installation'
const DEV_SEED_BYTES = 32

/** The installation's own token, `<folder>/join.key`, made on first use; text of 43 base64url characters. */
export const openJoinToken = (folder: string): string =>
  Buffer.from(
    readOrCreateSecretFile(join(folder, 'join.key'), () => utf8(toBase64url(randomBytes(32)))),
  ).toString('utf8')

/** The installation's seed of simulated hardware, `<folder>/dev-root.key`, made on first use; 32 bytes. */
export const openDevSeed = (folder: string): Uint8Array =>
  readOrCreateSecretFile(join(folder, 'dev-root.key'), () => randomBytes(DEV_SEED_BYTES))

/** What is stored of a token. */
export const joinTokenHash = (token: string): Uint8Array => sha256(utf8(token))

/** A token of the installation itself. */
export const ownToken = (token: string): JoinToken => ({
  hash: joinTokenHash(token),
  owner: INSTALLATION_OWNER,
  payout: '',
})

/** The setting of a worker of the dev network: the token, and the seed of the dev PKI behind a dot. */
export const devJoin = (token: string, seed: Uint8Array): string => `${token}.${toBase64url(seed)}`

/** The token that is shown to the gateway, and the seed (32 bytes) where the setting holds one. */
export function splitJoin(setting: string): { token: string; devSeed: Uint8Array | undefined } {
  const at = setting.lastIndexOf('.')
  const devSeed = at < 0 ? undefined : fromBase64url(setting.slice(at + 1), DEV_SEED_BYTES)
  return devSeed ? { token: setting.slice(0, at), devSeed } : { token: setting, devSeed: undefined }
}

/** Refusals are counted in this process only. */
export function createJoinTokens(tokens: readonly JoinToken[], clock: Clock): JoinTokens {
  let known = tokens
  const refusals = new Map<string, number[]>()
  const find = (token: string): JoinToken | undefined => {
    const given = joinTokenHash(token)
    // Every hash is compared, so that the time does not tell which one it was.
    const places = known.map(({ hash }) => equalBytes(hash, given))
    const found = known[places.indexOf(true)]
    const { unusedUntilMs = 0, isUsed = true } = found?.single ?? {}
    return isUsed || clock.now() < unusedUntilMs ? found : undefined
  }
  return {
    check: (token) => {
      if (!find(token)) return 'admission.join'
      const times = refusals.get(keyOf(token)) ?? []
      const last = times.at(-1)
      if (last === undefined || times.length < REFUSALS) return undefined
      if (clock.now() < last + PAUSE_MS) return 'admission.rate'
      refusals.delete(keyOf(token))
      return undefined
    },
    ownerOf: (token) => find(token),
    ownerOfHash: (hash) => known.find((it) => toHex(it.hash) === hash),
    refused: (token) => {
      // Unknown tokens are not remembered: anyone can invent them without end.
      if (!find(token)) return
      const now = clock.now()
      const recent = (refusals.get(keyOf(token)) ?? []).filter((at) => at > now - WINDOW_MS)
      if (recent.length < REFUSALS) refusals.set(keyOf(token), [...recent, now])
    },
    replace: (tokensNow) => {
      known = tokensNow
    },
  }
}

const keyOf = (token: string): string => sha256Hex(utf8(token))
