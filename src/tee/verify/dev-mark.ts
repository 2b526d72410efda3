/** @module The mark of simulated evidence: what a dev root vouches for says so in its measurement, and no vendor's root vouches for it (CONF §15). */
import { isVendorRoot } from './anchors.ts'
import { toHex, utf8 } from './bytes.ts'
import type { VerifyContext } from './examination.ts'
import type { Findings } from './findings.ts'
import type { Certificate } from './x509.ts'

/** First bytes of the measurement of every simulated machine. */
export const DEV_MARK = utf8('SIM')

/** Notes `DEV_MARK` for a marked measurement under a vendor's root, and for an unmarked one under any other. */
export function checkDevMark(
  { root, measurement }: { root: Certificate; measurement: Uint8Array },
  { context, findings }: { context: VerifyContext; findings: Findings },
): void {
  const isMarked = DEV_MARK.every((byte, at) => measurement[at] === byte)
  const isVendors = isVendorRoot(toHex(context.hashes.sha256(root.der)))
  findings.check(isMarked !== isVendors, 'DEV_MARK')
}
