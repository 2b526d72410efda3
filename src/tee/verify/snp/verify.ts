/** @module AMD SEV-SNP evidence: one report, the chain of the chip's key, AMD's revocation list (CONF §11). */
import { allZero, toHex } from '../../../core/bytes.ts'
import { isVendorRoot } from '../anchors.ts'
import { checkChain, checkRevocation } from '../chain.ts'
import { TeeError } from '../codes.ts'
import { checkDevMark } from '../dev-mark.ts'
import type { Examination, Measurements, VerifyContext } from '../examination.ts'
import { Findings } from '../findings.ts'
import { type Certificate, commonName, parseCertificate } from '../x509.ts'
import { type AmdExtensions, amdExtensions, sameChip } from './certificate.ts'
import {
  chipHex,
  POLICY_DEBUG,
  POLICY_MIGRATE,
  parseSnpReport,
  policyHex,
  type SnpReport,
} from './report.ts'
import { type SnpProduct, sameTcb, tcbHasReserved, tcbOf } from './tcb.ts'

export interface SnpEvidence {
  readonly report: Uint8Array
  /** DER, leaf first: VCEK or VLEK, ASK or ASVK, ARK. */
  readonly chain: readonly Uint8Array[]
  /** DER of the list that the ARK signed. */
  readonly crl?: Uint8Array
}

/** VCEK or VLEK, ASK or ASVK, ARK. */
const CHAIN_LENGTH = 3
const VMPL_OF_THE_KERNEL = 0
const ECDSA_P384_SHA384 = 1

/**
 * Examines `evidence` by itself; never throws for what a stranger sent. Notes `X509_*`, `CRL_*`, `SNP_*`, `DEV_MARK`.
 * Only the dev network takes what public reports of old parts are like: version 2, Milan, and (under AMD's own roots)
 * no revocation list. Does not look at minimum TCB levels or at measurements: that is the policy's.
 */
export function examineSnp(evidence: SnpEvidence, context: VerifyContext): Examination {
  const findings = new Findings()
  const scope = { context, findings }
  if (!Number.isSafeInteger(context.nowMs)) {
    findings.check(false, 'X509_NOW')
    return findings.examination('snp', {})
  }
  const report = findings.attempt(() => parseSnpReport(evidence.report))
  const chain = findings.attempt(() => readChain(evidence.chain))
  if (chain) checkAmdChain({ chain, crl: evidence.crl }, scope)
  if (!report) return findings.examination('snp', {})
  checkReport(report, scope)
  const leaf = chain?.[0]
  const extensions = leaf && amdExtensions((oid) => leaf.extensions.get(oid))
  // Version 2 names no product: then the certificate's is all there is.
  const product = report.version < 3 ? extensions?.product : report.product
  if (leaf && extensions) checkLeaf({ leaf, report, extensions }, scope)
  if (product === undefined || product === 'unknown') {
    findings.check(false, 'SNP_PRODUCT')
    return findings.examination('snp', { reportData: report.reportData })
  }
  checkProduct({ product, report, root: chain?.[CHAIN_LENGTH - 1] }, scope)
  if (extensions) checkCertified({ product, report, extensions }, scope)
  return findings.examination('snp', {
    measurements: measurementsOf(report, product),
    reportData: report.reportData,
    ...(report.signer === 'vcek' && !allZero(report.chipId)
      ? { hardware: chipHex(report.chipId, product) }
      : {}),
  })
}

interface Scope {
  readonly context: VerifyContext
  readonly findings: Findings
}

function readChain(chain: readonly Uint8Array[]): readonly Certificate[] {
  if (chain.length > CHAIN_LENGTH) throw new TeeError('X509_CHAIN')
  return chain.map(parseCertificate)
}

/** The list of the root names intermediates only; a chip's key that is no longer good is told by its TCB level. */
function checkAmdChain(
  { chain, crl }: { chain: readonly Certificate[]; crl: Uint8Array | undefined },
  scope: Scope,
): void {
  const { context } = scope
  const roots = context.anchors.amd.map(({ root }) => root)
  checkChain(chain, { length: CHAIN_LENGTH, alg: 'rsa4096-pss-sha384', roots }, scope)
  const [, intermediate, root] = chain
  if (!intermediate || !root) return
  const isOldVector =
    context.anchors.net === 'devnet' && isVendorRoot(toHex(context.hashes.sha256(root.der)))
  if (crl || !isOldVector) checkRevocation({ crl, issuer: root, issued: [intermediate] }, scope)
}

/** What the report says without its certificate. */
function checkReport(report: SnpReport, { context, findings }: Scope): void {
  findings.check(report.version >= 3 || context.anchors.net === 'devnet', 'SNP_VERSION')
  findings.check(report.signatureAlgorithm === ECDSA_P384_SHA384, 'SNP_ALGO')
  findings.check(!report.hasReserved, 'SNP_RESERVED')
  findings.check((report.policy & POLICY_DEBUG) === 0n, 'SNP_DEBUG')
  findings.check((report.policy & POLICY_MIGRATE) === 0n, 'SNP_MIGRATE')
  findings.check(report.vmpl === VMPL_OF_THE_KERNEL, 'SNP_VMPL')
  findings.check(!report.maskedChipKey, 'SNP_MASKED')
  // A VLEK is a cloud's key, not a chip's: it names no machine that could be enrolled.
  findings.check(report.signer === 'vcek', 'SNP_SIGNER')
}

interface Leaf {
  readonly leaf: Certificate
  readonly report: SnpReport
  readonly extensions: AmdExtensions
}

/** The key that signed, and whose it is. */
function checkLeaf({ leaf, report, extensions }: Leaf, { findings }: Scope): void {
  findings.sign({
    alg: 'p384-sha384',
    spki: leaf.spki,
    message: report.signed,
    signature: report.signature,
    code: 'SNP_SIG',
  })
  const name = { vcek: 'SEV-VCEK', vlek: 'SEV-VLEK', other: undefined }[report.signer]
  findings.check(
    name !== undefined && commonName(leaf.subject)?.startsWith(name) === true,
    'SNP_SIGNER',
  )
  if (report.signer === 'vlek') return
  const { hardwareId } = extensions
  findings.check(
    hardwareId !== undefined && sameChip(hardwareId, report.chipId) && !allZero(report.chipId),
    'SNP_CHIP_ID',
  )
}

interface Certified {
  readonly product: SnpProduct
  readonly report: SnpReport
  readonly extensions: AmdExtensions
}

/** The key was issued for this product at this level. */
function checkCertified({ product, report, extensions }: Certified, { findings }: Scope): void {
  const { tcb, hardwareId } = extensions
  findings.check(extensions.product === product, 'SNP_PRODUCT')
  findings.check(
    tcb !== undefined && sameTcb(tcbOf(product, report.reportedTcb), tcb),
    'SNP_TCB_CERT',
  )
  // Only Turin's identifiers are short.
  findings.check(hardwareId?.length !== 8 || product === 'Turin', 'SNP_CHIP_ID')
}

interface Made {
  readonly product: SnpProduct
  readonly report: SnpReport
  readonly root: Certificate | undefined
}

/** What depends on which part it is. */
function checkProduct({ product, report, root }: Made, scope: Scope): void {
  const { context, findings } = scope
  const { anchors, hashes } = context
  const { currentTcb, reportedTcb, committedTcb, launchTcb } = report
  const levels = [currentTcb, reportedTcb, committedTcb, launchTcb]
  findings.check(!levels.some((level) => tcbHasReserved(product, level)), 'SNP_RESERVED')
  // Seeds of its chips' keys can be extracted by software alone: any TCB level can be forged (arXiv 2605.12990).
  findings.check(product !== 'Milan' || anchors.net === 'devnet', 'SNP_PRODUCT_BANNED')
  if (!root) return
  const hash = toHex(hashes.sha256(root.der))
  const pinned = anchors.amd.filter((one) => one.root === hash)
  findings.check(
    pinned.length === 0 || pinned.some((one) => one.product === product),
    'SNP_PRODUCT',
  )
  checkDevMark({ root, measurement: report.measurement }, scope)
}

const measurementsOf = (report: SnpReport, product: SnpProduct): Measurements => ({
  tee: 'snp',
  measurement: toHex(report.measurement),
  hostData: toHex(report.hostData),
  policy: policyHex(report.policy),
  idKeyDigest: toHex(report.idKeyDigest),
  authorKeyDigest: toHex(report.authorKeyDigest),
  product,
  reportedTcb: tcbOf(product, report.reportedTcb),
  committedTcb: tcbOf(product, report.committedTcb),
  launchTcb: tcbOf(product, report.launchTcb),
  signer: report.signer === 'vlek' ? 'vlek' : 'vcek',
})
