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
  /** As booked. */
  readonly units: Units
  readonly tier: Tier
  /** Hash of the text as shown, hex. */
  readonly shownHash: string
  /** Unix milliseconds. */
  readonly at: number
}

/** Canonical text of the signed note. The units are the receipt's within the gateway's bounds: nobody counted again yet. */
export function buildNote(identity: Identity, net: Net, facts: NoteFacts): string {
  const { units } = facts
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
    recount: 'none',
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
