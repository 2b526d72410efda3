/** @module The roots that count on each network: vendors' pins are constants, and only the dev network takes a root of its own (CONF §9, §15). */
import { TeeError } from './codes.ts'

/** SHA-256 (hex) of the self-signed roots that count for one network; nothing else is trusted. See `anchors.ts`. */
export interface AnchorSet {
  readonly net: 'mainnet' | 'testnet' | 'devnet'
  readonly intel: readonly string[]
  readonly amd: readonly { readonly product: 'Milan' | 'Genoa' | 'Turin'; readonly root: string }[]
  readonly nvidia: readonly string[]
}

/** SHA-256 of the DER of the self-signed roots; compare once more with the vendors' own pages before a release for real money. */
const INTEL_SGX_ROOT = '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3'
const AMD_ROOTS = [
  { product: 'Genoa', root: '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1' },
  { product: 'Turin', root: '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a' },
] as const
/** The seeds of this product's chip keys were extracted by software alone (arXiv 2605.12990): devnet only, for old vectors. */
const AMD_MILAN = {
  product: 'Milan',
  root: '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
} as const
const NVIDIA_DEVICE_ROOT = '102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48'

const VENDOR_ROOTS: ReadonlySet<string> = new Set([
  INTEL_SGX_ROOT,
  NVIDIA_DEVICE_ROOT,
  ...[...AMD_ROOTS, AMD_MILAN].map(({ root }) => root),
])

/** True for the roots that are constants here, whichever network they serve. */
export const isVendorRoot = (hash: string): boolean => VENDOR_ROOTS.has(hash)

/** Roots that came from `forNet` or `forDev`; nothing else makes one. */
export class Anchors implements AnchorSet {
  readonly net: AnchorSet['net']
  readonly intel: AnchorSet['intel']
  readonly amd: AnchorSet['amd']
  readonly nvidia: AnchorSet['nvidia']
  /** Makes the type nominal: an object of the same shape does not pass for it. */
  readonly #vouched = true

  private constructor(set: AnchorSet) {
    this.net = set.net
    this.intel = set.intel
    this.amd = set.amd
    this.nvidia = set.nvidia
  }

  /** The vendors' roots. Milan's is among them so that its signatures can be judged; the verifier still refuses it off devnet. */
  static forNet(net: AnchorSet['net']): Anchors {
    return new Anchors({
      net,
      intel: [INTEL_SGX_ROOT],
      amd: [...AMD_ROOTS, AMD_MILAN],
      nvidia: [NVIDIA_DEVICE_ROOT],
    })
  }

  /**
   * The roots of one dev PKI (SHA-256 hex of their DER), for `devnet` and nothing else. Throws `DEV_FORBIDDEN` for
   * another network, and where `production` says that this process serves real people.
   */
  static forDev(
    net: AnchorSet['net'],
    roots: Omit<AnchorSet, 'net'>,
    guard: { readonly production: boolean },
  ): Anchors {
    if (net !== 'devnet' || guard.production) throw new TeeError('DEV_FORBIDDEN')
    return new Anchors({ net, ...roots })
  }

  isVouched(): boolean {
    return this.#vouched
  }
}
