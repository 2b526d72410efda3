/** @module Who signs policies: keys and their threshold by network, and the signatures of a document as data to check (CONF §12). */
import { concat, domain, fromHex } from '../../../core/bytes.ts'
import { canonicalBytes } from '../../../core/canonical.ts'
import type { AnchorSet } from '../anchors.ts'
import { type TeeCode, TeeError } from '../codes.ts'
import type { SignatureCheck } from '../examination.ts'
import type { Policy } from './document.ts'

/** How many of how many; no setting changes it. */
const QUORUM = {
  mainnet: { need: 2, keys: 3 },
  testnet: { need: 2, keys: 3 },
  devnet: { need: 1, keys: 1 },
} as const
/** How many signatures a document of this network needs. */
export const neededSignatures = (net: AnchorSet['net']): number => QUORUM[net].need

/** RFC 8410 prefix of an Ed25519 SubjectPublicKeyInfo. */
const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)

/** The policy signers of one network; made by `forNet` only. */
export class Signers {
  readonly net: AnchorSet['net']
  readonly need: number
  readonly #keys: ReadonlySet<string>

  private constructor(net: AnchorSet['net'], keys: ReadonlySet<string>) {
    this.net = net
    this.need = QUORUM[net].need
    this.#keys = keys
  }

  /** `keys`: raw public keys, hex: three different ones on mainnet and testnet, one on devnet. Throws `POL_SIG` for any other list. */
  static forNet(net: AnchorSet['net'], keys: readonly string[]): Signers {
    const distinct = new Set(keys.filter((key) => fromHex(key, 32)))
    if (distinct.size !== keys.length || distinct.size !== QUORUM[net].keys)
      throw new TeeError('POL_SIG', 'keys')
    return new Signers(net, distinct)
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }
}

/** What each signer signs: everything but the signatures. */
export function signedPolicyBytes(policy: Policy): Uint8Array {
  const { signatures: _signatures, ...rest } = policy
  return domain('chrysalis/policy/1', canonicalBytes(rest))
}

/**
 * Threshold and keys judged, signatures collected. Every signature that is there must come from a known key, once,
 * ascending, and be right: so no byte of a document is outside what is checked. Judges no time and no epoch.
 */
export function examinePolicy(
  policy: Policy,
  signers: Signers,
): { readonly failed: readonly TeeCode[]; readonly signatures: readonly SignatureCheck[] } {
  const { signatures } = policy
  const isOrdered = signatures.every(
    ({ key }, at) => at === 0 || (signatures[at - 1]?.key ?? key) < key,
  )
  const isKnown = signatures.every(({ key }) => signers.has(key))
  const failed: TeeCode[] = []
  if (policy.net !== signers.net) failed.push('NET_MISMATCH')
  if (!isOrdered || !isKnown || signatures.length < signers.need) failed.push('POL_SIG')
  return { failed, signatures: signatureChecks(policy) }
}

/** The signatures that are there, in their order, whoever made them. */
export function signatureChecks(policy: Policy): SignatureCheck[] {
  const message = signedPolicyBytes(policy)
  return policy.signatures.map(({ key, sig }) => ({
    alg: 'ed25519',
    // What is no key makes no check that could succeed.
    spki: concat(SPKI, fromHex(key, 32) ?? new Uint8Array()),
    message,
    signature: fromHex(sig, 64) ?? new Uint8Array(),
    code: 'POL_SIG',
  }))
}
