/** @module A certificate chain up to a pinned root, and revocation lists over it (RFC 5280 §6, as far as attestation chains need it). */
import { sameBytes, toHex } from '../../core/bytes.ts'
import { type Crl, isRevoked, parseCrl } from './crl.ts'
import type { SignatureAlgorithm, VerifyContext } from './examination.ts'
import type { Findings } from './findings.ts'
import { type Certificate, KEY_USAGE } from './x509.ts'

export interface ChainRules {
  /** Leaf and root included. */
  readonly length: number
  /** The only algorithm with which a certificate of this chain may be signed. */
  readonly alg: SignatureAlgorithm
  /** SHA-256 (lower-case hex) of the DER of the roots that count. */
  readonly roots: readonly string[]
}

/**
 * Checks order, names, pin, times, constraints; collects the signatures. `chain` is leaf first, root last. Notes
 * `X509_CHAIN`, `X509_ALG`, `X509_ROOT`, `X509_TIME`, `X509_CA`, and by the signatures `X509_SIG`. The root's own
 * signature is not checked: the pin covers every byte of it. Looks at no revocation list.
 */
export function checkChain(
  chain: readonly Certificate[],
  rules: ChainRules,
  { context, findings }: { context: VerifyContext; findings: Findings },
): void {
  findings.check(chain.length === rules.length, 'X509_CHAIN')
  const root = chain.at(-1)
  findings.check(
    root !== undefined && rules.roots.includes(toHex(context.hashes.sha256(root.der))),
    'X509_ROOT',
  )
  for (const [depth, certificate] of chain.entries()) {
    const issuer = chain[depth + 1] ?? certificate
    findings.check(sameBytes(certificate.issuer, issuer.subject), 'X509_CHAIN')
    findings.check(certificate.alg === rules.alg, 'X509_ALG')
    findings.check(
      certificate.notBefore <= context.nowMs && context.nowMs <= certificate.notAfter,
      'X509_TIME',
    )
    findings.window(certificate.notBefore, certificate.notAfter)
    findings.check(depth === 0 ? !certificate.isCa : maySign(certificate, depth - 1), 'X509_CA')
    if (issuer === certificate) continue
    findings.sign({
      alg: certificate.alg,
      spki: issuer.spki,
      message: certificate.tbs,
      signature: certificate.signature,
      code: 'X509_SIG',
    })
  }
}

/** An authority with `below` other authorities between itself and the leaf. */
const maySign = ({ isCa, pathLength, keyUsage }: Certificate, below: number): boolean =>
  isCa &&
  (pathLength === undefined || below <= pathLength) &&
  (keyUsage === undefined || keyUsage(KEY_USAGE.keyCertSign))

export interface Revocation {
  /** DER of the list; undefined or empty where none was given. */
  readonly crl: Uint8Array | undefined
  /** The authority whose list it must be. */
  readonly issuer: Certificate
  /** What that authority issued and what must not be on the list. */
  readonly issued: readonly Certificate[]
}

/**
 * Checks one list and looks the certificates up in it. Notes `CRL_MISSING`, `CRL_PARSE`, `CRL_ISSUER`, `CRL_TIME`,
 * `CRL_REVOKED`, and by the signature `CRL_SIG`. An empty, foreign, unsigned or stale list never passes for "not revoked".
 */
export function checkRevocation(
  { crl: der, issuer, issued }: Revocation,
  { context, findings }: { context: VerifyContext; findings: Findings },
): void {
  if (!der || der.length === 0) {
    findings.check(false, 'CRL_MISSING')
    return
  }
  const crl = findings.attempt(() => parseCrl(der))
  if (!crl) return
  findings.check(isIssuedBy(crl, issuer), 'CRL_ISSUER')
  findings.check(crl.thisUpdate <= context.nowMs && context.nowMs <= crl.nextUpdate, 'CRL_TIME')
  findings.window(crl.thisUpdate, crl.nextUpdate)
  findings.sign({
    alg: crl.alg,
    spki: issuer.spki,
    message: crl.tbs,
    signature: crl.signature,
    code: 'CRL_SIG',
  })
  for (const certificate of issued) {
    findings.check(sameBytes(certificate.issuer, issuer.subject), 'CRL_ISSUER')
    findings.check(!isRevoked(crl, certificate.serial), 'CRL_REVOKED')
  }
}

const isIssuedBy = (crl: Crl, { subject, isCa, keyUsage }: Certificate): boolean =>
  isCa && sameBytes(crl.issuer, subject) && (keyUsage === undefined || keyUsage(KEY_USAGE.crlSign))
