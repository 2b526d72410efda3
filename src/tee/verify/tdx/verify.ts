/** @module The verifier of Intel TDX quotes: quote and collateral in, facts and failed checks out (CONF §9, §10). Judges the evidence alone; measurements and tolerated firmware are a policy's. */
import { fromUtf8, sameBytes, toHex, utf8 } from '../../../core/bytes.ts'
import { checkChain, checkRevocation } from '../chain.ts'
import { type Collateral, collateralOf, hexBytes } from '../collateral.ts'
import { checkDevMark } from '../dev-mark.ts'
import type { Examination, Tcb, VerifyContext } from '../examination.ts'
import { Findings } from '../findings.ts'
import { CertificatePool } from '../pem.ts'
import { type Certificate, commonName } from '../x509.ts'
import { checkGuest, measurementsOf } from './guest.ts'
import { checkModule } from './module.ts'
import { type PckExtension, readPckExtension } from './pck-extension.ts'
import { attestationSpki, checkBinding, checkDebug, checkIdentity } from './qe.ts'
import { parseQuote, type Quote } from './quote.ts'
import { matchPlatform, tcbOf } from './tcb.ts'
import { type QeIdentity, readQeIdentity, readTcbInfo, type TcbInfo } from './tcb-info.ts'

export interface TdxEvidence {
  readonly quote: Uint8Array
  /** Parsed JSON of nine strings (`Collateral`); anything else is `COL_SHAPE`, none at all `COL_FETCH`. */
  readonly collateral?: unknown
}

/** Where the parts of one examination write. */
interface Ground {
  readonly context: VerifyContext
  readonly findings: Findings
  readonly pool: CertificatePool
}

/** Chain of the machine's own key. */
interface Pck {
  readonly leaf: Certificate
  readonly authority: Certificate
  readonly root: Certificate
  readonly extension: PckExtension | undefined
}

/**
 * Examines a quote. Never throws for what a stranger sent: everything that is wrong is in `failed`, and the signatures
 * are still to be checked (`settle`). Does not look at report data, measurements or policies.
 */
export function examineTdx(
  { quote: bytes, collateral }: TdxEvidence,
  context: VerifyContext,
): Examination {
  const findings = new Findings()
  findings.check(Number.isSafeInteger(context.nowMs), 'X509_NOW')
  const quote = findings.failed.length === 0 && findings.attempt(() => parseQuote(bytes))
  if (!quote) return findings.examination('tdx', {})
  const ground: Ground = { context, findings, pool: new CertificatePool() }
  const pck = examineQuote(quote, ground)
  const tcb = examineCollateral(collateral, { quote, pck, ground })
  return findings.examination('tdx', {
    measurements: measurementsOf(quote.report),
    reportData: quote.report.reportData.slice(),
    ...(pck?.extension ? { hardware: toHex(pck.extension.ppid) } : {}),
    ...(tcb ? { tcb } : {}),
  })
}

/** What needs no collateral: guest, quoting enclave, signatures, chain to the root. */
function examineQuote(quote: Quote, ground: Ground): Pck | undefined {
  const { context, findings } = ground
  checkGuest(quote.report, findings)
  checkBinding(quote, context.hashes, findings)
  checkDebug(quote.qeReport, findings)
  findings.sign({
    alg: 'p256-sha256',
    spki: attestationSpki(quote.attestationKey),
    message: quote.signed,
    signature: quote.signature,
    code: 'TDX_SIG',
  })
  const pck = findings.attempt(() => examinePck(quote, ground))
  if (!pck) return undefined
  checkDevMark({ root: pck.root, measurement: quote.report.mrTd }, ground)
  findings.sign({
    alg: 'p256-sha256',
    spki: pck.leaf.spki,
    message: quote.qeReport,
    signature: quote.qeSignature,
    code: 'TDX_QE_SIG',
  })
  return pck
}

function examinePck({ chain: pem }: Quote, ground: Ground): Pck | undefined {
  const chain = ground.pool.read(fromUtf8(pem) ?? '-', 3)
  checkChain(chain, { length: 3, alg: 'p256-sha256', roots: ground.context.anchors.intel }, ground)
  const [leaf, authority, root] = chain
  if (!leaf || !authority || !root) return undefined
  const isPckAuthority = /\bPCK (?:Platform|Processor) CA\b/.test(
    commonName(authority.subject) ?? '',
  )
  ground.findings.check(isPckAuthority, 'X509_CHAIN')
  const extension = ground.findings.attempt(() => readPckExtension(leaf))
  return { leaf, authority, root, extension }
}

interface Known {
  readonly quote: Quote
  readonly pck: Pck | undefined
  readonly ground: Ground
}

function examineCollateral(value: unknown, known: Known): Tcb | undefined {
  const { context, findings } = known.ground
  findings.check(value !== undefined, 'COL_FETCH')
  if (value === undefined) return undefined
  const collateral = findings.attempt(() => collateralOf(value))
  if (!collateral) return undefined
  const signers = examineSigners(collateral, known)
  if (known.pck) checkLists(collateral, known.pck, { signers, ground: known.ground })
  const info = findings.attempt(() => readTcbInfo(collateral.tcb_info))
  const identity = findings.attempt(() => readQeIdentity(collateral.qe_identity))
  for (const signed of [info, identity]) {
    if (!signed) continue
    const isCurrent = signed.issuedAt <= context.nowMs && context.nowMs <= signed.nextUpdate
    findings.check(isCurrent, 'COL_TIME')
    findings.window(signed.issuedAt, signed.nextUpdate)
  }
  return info && identity && judgePlatform({ info, identity }, known)
}

/** The certificates that signed the two texts, directly under the root of the machine's key. */
function examineSigners(collateral: Collateral, { pck, ground }: Known): readonly Certificate[] {
  const { findings, pool, context } = ground
  const signers: Certificate[] = []
  const checked = new Set<Certificate>()
  for (const name of ['tcb_info', 'qe_identity'] as const) {
    const chain = findings.attempt(() => pool.read(collateral[`${name}_issuer_chain`], 2))
    const [signer, root] = chain ?? []
    if (!chain || !signer || !root) {
      findings.check(chain === undefined, 'X509_CHAIN')
      continue
    }
    if (!checked.has(signer))
      checkChain(chain, { length: 2, alg: 'p256-sha256', roots: context.anchors.intel }, ground)
    checked.add(signer)
    findings.check(commonName(signer.subject)?.includes('SGX TCB Signing') === true, 'X509_CHAIN')
    findings.check(pck === undefined || sameBytes(pck.root.der, root.der), 'X509_ROOT')
    const signature = findings.attempt(() =>
      hexBytes(collateral[`${name}_signature`], `${name}_signature`),
    )
    signers.push(signer)
    if (signature)
      findings.sign({
        alg: 'p256-sha256',
        spki: signer.spki,
        message: utf8(collateral[name]),
        signature,
        code: 'COL_SIG',
      })
  }
  return signers
}

/** One list of the root for everything directly under it, one of the authority for the machine's key. */
function checkLists(
  collateral: Collateral,
  { leaf, authority, root }: Pck,
  { signers, ground }: { signers: readonly Certificate[]; ground: Ground },
): void {
  const { findings, pool } = ground
  const chain = findings.attempt(() => pool.read(collateral.pck_crl_issuer_chain, 2))
  if (chain) checkListIssuer(chain, { authority, root, ground })
  const list = (name: 'root_ca_crl' | 'pck_crl'): Uint8Array | undefined =>
    findings.attempt(() => hexBytes(collateral[name], name))
  const ofRoot = list('root_ca_crl')
  const ofAuthority = list('pck_crl')
  const directlyUnder = [authority, ...new Set(signers)]
  if (ofRoot) checkRevocation({ crl: ofRoot, issuer: root, issued: directlyUnder }, ground)
  if (ofAuthority) checkRevocation({ crl: ofAuthority, issuer: authority, issued: [leaf] }, ground)
}

/**
 * The list is checked under the key of the quote's own authority: the chain that came with it must name the same one,
 * be it in another certificate, which the root must have signed.
 */
function checkListIssuer(
  [issuer, top, ...more]: readonly Certificate[],
  { authority, root, ground }: Pick<Pck, 'authority' | 'root'> & { ground: Ground },
): void {
  const isSame =
    issuer !== undefined &&
    top !== undefined &&
    more.length === 0 &&
    sameBytes(issuer.spki, authority.spki) &&
    sameBytes(issuer.subject, authority.subject) &&
    sameBytes(top.der, root.der)
  ground.findings.check(isSame, 'CRL_ISSUER')
  if (!isSame) return
  ground.findings.check(issuer.alg === 'p256-sha256', 'X509_ALG')
  ground.findings.sign({
    alg: issuer.alg,
    spki: root.spki,
    message: issuer.tbs,
    signature: issuer.signature,
    code: 'X509_SIG',
  })
}

function judgePlatform(
  { info, identity }: { info: TcbInfo; identity: QeIdentity },
  { quote, pck, ground }: Known,
): Tcb | undefined {
  const { findings, context } = ground
  const enclave = checkIdentity(quote.qeReport, identity, findings)
  const module = checkModule(quote.report, info, findings)
  const extension = pck?.extension
  if (!extension) return undefined
  const isSamePlatform =
    sameBytes(extension.fmspc, info.fmspc) && sameBytes(extension.pceId, info.pceId)
  findings.check(isSamePlatform, 'TDX_FMSPC')
  const platform = matchPlatform(info.levels, extension, quote.report.teeTcbSvn)
  findings.check(platform !== undefined, 'TDX_TCB_NONE')
  const hasModuleLevel = (quote.report.teeTcbSvn[1] ?? 0) > 0
  if (!platform || !enclave || (hasModuleLevel && !module)) return undefined
  const tcb = tcbOf(
    [platform, enclave, ...(module ? [module] : [])],
    Math.min(info.evalNumber, identity.evalNumber),
  )
  findings.check(tcb !== undefined, 'TCB_UNKNOWN')
  findings.check(tcb?.status !== 'Revoked', 'TCB_REVOKED')
  const isLeftToPolicy = context.tcbJudge === 'policy' || !tcb || tcb.status === 'Revoked'
  findings.check(isLeftToPolicy || tcb.status === 'UpToDate', 'TCB_STATUS')
  return tcb
}
