/** @module The gateway's note to an accepted receipt, and the hash of the credential that opens both (API B1). */
import { canonicalText } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import type { JobId } from '../../core/ids.ts'
import type { Tier } from '../../core/tier.ts'
import type { Units } from '../../core/units.ts'
import { toBase64url } from '../crypto/binary.ts'
import { nodeHashes } from '../crypto/node-crypto.ts'
import type { Identity } from '../keys/identity.ts'
import { noteBytes, type UnsignedNote } from '../verify/note-document.ts'
import { credentialHash, viewCredential } from '../verify/proof-link.ts'

export interface NoteFacts {
  readonly job: JobId
  readonly attempt: number
  /** `sha256:…` of the receipt. */
  readonly receipt: string
  /** As the receipt says, within the gateway's bounds. */
  readonly units: Units
  /** As the gateway counted from the text; absent where it could not: sound, a key that the asker holds. */
  readonly recounted?: Units
  readonly tier: Tier
  /** Hash of the text as shown, hex. */
  readonly shownHash: string
  /** Unix milliseconds. */
  readonly at: number
}

/** Canonical text of the signed note. Its units are those of the recount, or the receipt's where there was none. */
export function buildNote(identity: Identity, net: Net, facts: NoteFacts): string {
  const { units: stated, recounted } = facts
  const units = recounted ?? stated
  const note: UnsignedNote = {
    v: 1,
    ctx: 'chrysalis/note/1',
    net,
    job: facts.job,
    attempt: facts.attempt,
    receipt: facts.receipt,
    units: {
      in_tokens: units.inTokens,
      cached_tokens: units.cachedTokens,
      out_tokens: units.outTokens,
      audio_ms: units.audioMs,
    },
    recount: recounted ? 'tokenizer' : 'none',
    tier: facts.tier,
    shown: `sha256:${facts.shownHash}`,
    at: facts.at,
    key: identity.publicKey,
  }
  return canonicalText({ ...note, sig: toBase64url(identity.signNote(noteBytes(note))) })
}

/** What is kept of the credential that follows from the result's salt, hex. */
export const viewHash = (outputSalt: Uint8Array): string =>
  credentialHash(viewCredential(outputSalt, nodeHashes), nodeHashes) ?? ''
