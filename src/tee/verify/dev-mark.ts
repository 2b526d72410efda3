/** @module The mark of simulated evidence: what a dev root vouches for says so in its measurement, and no vendor's root vouches for it (CONF §15). */
import { toHex, utf8 } from '../../core/bytes.ts'
import { isVendorRoot } from './anchors.ts'
import type { VerifyContext } from './examination.ts'
import type { Findings } from './findings.ts'
import type { Certificate } from './x509.ts'

/** First bytes of the measurement of every simulated machine. */
export const DEV_MARK = utf8('SIM')

/** Notes `DEV_MARK` unless a measurement is marked exactly where one of the dev network's own roots vouches for it. */
export function checkDevMark(
  { root, measurement }: { root: Certificate; measurement: Uint8Array },
  { context, findings }: { context: VerifyContext; findings: Findings },
): void {
  const { intel, amd, nvidia } = context.anchors
  const roots = [...intel, ...amd.map((one) => one.root), ...nvidia]
  const hash = toHex(context.hashes.sha256(root.der))
  const isDevs = roots.includes(hash) && !isVendorRoot(hash)
  const isMarked = DEV_MARK.every((byte, at) => measurement[at] === byte)
  findings.check(isMarked === isDevs, 'DEV_MARK')
}
