/** @module Signing a policy document with one of the signers' keys; the other signers add theirs to the same document (CONF §12). */
import { toHex } from '../crypto/binary.ts'
import type { Signer } from '../crypto/signature.ts'
import type { Policy } from '../verify/policy/document.ts'
import { signedPolicyBytes } from '../verify/policy/signatures.ts'

/** The document with this signer's signature in its place (ascending by key); an earlier one by the same key is replaced. */
export function signPolicy(policy: Policy, signer: Signer): Policy {
  const key = toHex(signer.publicKey)
  const others = policy.signatures.filter((it) => it.key !== key)
  const mine = { key, sig: toHex(signer.sign(signedPolicyBytes(policy))) }
  const signatures = [...others, mine].toSorted((a, b) => (a.key < b.key ? -1 : 1))
  return { ...policy, signatures }
}
