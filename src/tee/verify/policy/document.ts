/** @module The policy of one network and epoch: what may work there. One spelling only, so that its hash can stand in a registry (CONF §12). */
import { fromUtf8, toHex } from '../../../core/bytes.ts'
import { canonicalBytes, parseStrictJson } from '../../../core/canonical.ts'
import { TeeError } from '../codes.ts'
import type { Hashes } from '../examination.ts'
import { hex, integer, list, literal, object, pattern, type Shape } from '../shape.ts'
import { entryShape, flawOf, unixSeconds } from './entry.ts'

export const maxPolicyBytes = 1_048_576
/** Longest tolerance that a document can grant to a platform that is out of date. */
const maxOutOfDateDays = 30
/** `prev` of the first epoch. */
export const NO_POLICY = '0'.repeat(64)

const int31 = 2 ** 31 - 1
const policyShape = object({
  v: literal(1),
  net: literal('mainnet', 'testnet', 'devnet'),
  epoch: integer(1, int31),
  /** Digest of the document of the epoch before. */
  prev: hex(32),
  notBefore: unixSeconds,
  notAfter: unixSeconds,
  /** Lowest `tcbEvaluationDataNumber` of Intel's collateral. */
  minEvalNumber: integer(0, int31),
  tcb: object({
    /** Days for which an `OutOfDate` platform may go on after the level that outdated it; 0 = none. */
    outOfDateDays: integer(0, maxOutOfDateDays),
    /** With all of its advisories here, `SWHardeningNeeded` is accepted. */
    advisories: list(pattern(/^[A-Z0-9-]{1,32}$/), 256),
  }),
  /** Nothing that is not listed works; an empty list denies all. */
  entries: list(entryShape, 1024),
  deny: object({
    kids: list(hex(16), 4096),
    hw: list(hex(32), 4096),
    /** Any measured register, in the length it has. */
    measurements: list(pattern(/^([0-9a-f]{64}|[0-9a-f]{96})$/), 4096),
  }),
  /** Ed25519, ascending by key. */
  signatures: list(object({ key: hex(32), sig: hex(64) }), 3),
})

type Value<S> = S extends Shape<infer T> ? T : never
/** Times in unix seconds, both ends included. Binary values are lower-case hex. */
export type Policy = Value<typeof policyShape>

/** A parsed value as a policy; judges neither signatures nor time. Throws `POL_SHAPE` with the member that is wrong, where one is. */
export function policyOf(value: unknown): Policy {
  const policy = policyShape(value)
  if (!policy) throw new TeeError('POL_SHAPE')
  if (policy.notBefore >= policy.notAfter) throw new TeeError('POL_SHAPE', 'notAfter')
  if ((policy.epoch === 1) !== (policy.prev === NO_POLICY)) throw new TeeError('POL_SHAPE', 'prev')
  for (const entry of policy.entries) {
    const flaw = flawOf(entry, policy.net)
    if (flaw !== undefined) throw new TeeError('POL_SHAPE', flaw)
  }
  return policy
}

/** As a person writes it: blanks and the order of members are free. Throws `POL_SHAPE`. */
export function parsePolicyDraft(text: string): Policy {
  if (text.length > maxPolicyBytes) throw new TeeError('POL_SHAPE')
  try {
    return policyOf(parseStrictJson(text))
  } catch (error) {
    throw error instanceof TeeError ? error : new TeeError('POL_SHAPE')
  }
}

/** As it is signed, hashed and kept: exactly the canonical bytes. Throws `POL_SHAPE` for any other spelling. */
export function parsePolicy(bytes: Uint8Array): Policy {
  const text = bytes.length > maxPolicyBytes ? undefined : fromUtf8(bytes)
  if (text === undefined) throw new TeeError('POL_SHAPE')
  const policy = parsePolicyDraft(text)
  if (fromUtf8(policyBytes(policy)) !== text) throw new TeeError('POL_SHAPE')
  return policy
}

/** The file's bytes. Throws `POL_SHAPE` for what has no canonical form (−0). */
export function policyBytes(policy: Policy): Uint8Array {
  try {
    return canonicalBytes(policy)
  } catch {
    throw new TeeError('POL_SHAPE')
  }
}

/** SHA-256 of the whole document, signatures included, hex: what the registry anchors, and the file's own checksum. */
export const policyDigest = (policy: Policy, hashes: Hashes): string =>
  toHex(hashes.sha256(policyBytes(policy)))
