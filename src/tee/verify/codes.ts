/** @module Every reason for which evidence, collateral, a policy or a proof is refused, in the order in which they are judged (CONF §4, §9–§14). */

/**
 * Table order decides which of several failed checks is named first. Codes travel in verdict frames, in `--json` and
 * in proofs; they are never renamed after a release. Each one is produced by at least one test.
 */
export const TEE_CODES = [
  // Layout: what cannot be read has nothing else to be named
  'TDX_SIZE',
  'TDX_VERSION',
  'TDX_KEY_TYPE',
  'TDX_TEE_TYPE',
  'TDX_QE_VENDOR',
  'TDX_BODY_TYPE',
  'TDX_LAYOUT',
  'TDX_TRAILING',
  'SNP_SIZE',
  'SNP_VERSION',
  'SNP_ALGO',
  'SNP_RESERVED',
  'GPU_LAYOUT',
  'GPU_ARCH',
  // X.509, certificate revocation lists (RFC 5280)
  'X509_NOW',
  'X509_PARSE',
  'X509_DUP_EXT',
  'X509_CRITICAL',
  'X509_CHAIN',
  'X509_ALG',
  'X509_SIG',
  'X509_ROOT',
  'X509_TIME',
  'X509_CA',
  'CRL_PARSE',
  'CRL_ISSUER',
  'CRL_SIG',
  // Collateral carries its revocation lists with it: where the whole of it is stale, that is what is named.
  'COL_TIME',
  'CRL_TIME',
  'CRL_REVOKED',
  // Intel TDX quotes
  'TDX_QE_SIG',
  'TDX_QE_BIND',
  'TDX_SIG',
  // Collateral
  'COL_SHAPE',
  'COL_ID',
  'COL_SIG',
  'COL_EVAL_NUMBER',
  'TDX_QE_IDENTITY',
  'TDX_QE_DEBUG',
  'TDX_QE_TCB',
  'TDX_FMSPC',
  'TDX_TCB_NONE',
  'TDX_MODULE',
  'TDX_MODULE_TCB',
  'TDX_SEAM',
  'TCB_UNKNOWN',
  'TCB_REVOKED',
  'TCB_STATUS',
  'TDX_DEBUG',
  'TDX_ATTR',
  'TDX_SEPT_VE',
  'TDX_XFAM',
  'TDX_SERVICE_TD',
  // AMD SEV-SNP reports
  'SNP_PRODUCT',
  'SNP_TCB_CERT',
  'SNP_CHIP_ID',
  'SNP_SIG',
  'SNP_DEBUG',
  'SNP_MIGRATE',
  'SNP_VMPL',
  'SNP_MASKED',
  'SNP_SIGNER',
  'TCB_MIN',
  'SNP_PRODUCT_BANNED',
  // What evidence shows by itself is named before what cannot be judged for want of collateral
  'COL_FETCH',
  'CRL_MISSING',
  // NVIDIA reports and the remote service's tokens
  'GPU_FWID',
  'GPU_SIG',
  'GPU_NONCE',
  'GPU_CLONE',
  'GPU_VERSION',
  'GPU_MEASUREMENT',
  'GPU_NRAS_FETCH',
  'GPU_NRAS_TOKEN',
  'GPU_NRAS_NONCE',
  'GPU_NRAS_DEVICE',
  'GPU_NRAS_RESULT',
  // Claims
  'CLM_SHAPE',
  'CLM_BINDING',
  'CLM_NONCE',
  'CLM_AUD',
  'NET_MISMATCH',
  'CLM_EPOCH',
  'CLM_KEYSET',
  'CLM_KEM_KEY',
  'CLM_KEY_REUSE',
  'CLM_SIG',
  'CLM_GPU_HASH',
  'CLM_MODEL',
  'CLM_PAYOUT',
  // Policy, its anchor, enrolled hardware
  'POL_SHAPE',
  'POL_SIG',
  'POL_EXPIRED',
  'POL_ROLLBACK',
  'POL_EPOCH_GAP',
  'POL_ANCHOR',
  'POL_EARLY',
  'POL_DENIED',
  'POL_MEASUREMENT',
  'POL_EVENTLOG',
  'HW_UNKNOWN',
  'HW_OWNER',
  'HW_CAP',
  'HW_TOKEN',
  'HW_SPLIT',
  // Dev network and the second verifier
  'DEV_MARK',
  'DEV_FORBIDDEN',
  'ALL_DISAGREE',
  // Evidence sources in the guest
  'SRC_ABSENT',
  'SRC_IO',
  'SRC_RACE',
  'SRC_TIMEOUT',
  'SRC_MISMATCH',
  // Receipts and what a proof binds together
  'RCP_SHAPE',
  'RCP_KEY',
  'RCP_SIG',
  'RCP_KEYSET',
  'RCP_RELEASE',
  'RCP_WEIGHTS',
  'RCP_INPUT',
  'RCP_ENV',
  'RCP_STREAM',
  'RCP_OUTPUT',
  'RCP_UNITS',
  'RCP_TIME',
  'RCP_DUPLICATE',
  'PRF_SHAPE',
  'PRF_EVIDENCE',
  'PRF_NOTE',
  'PRF_TIER',
] as const

export type TeeCode = (typeof TEE_CODES)[number]

/** The failed codes once each, in table order. */
export const inTableOrder = (codes: Iterable<TeeCode>): TeeCode[] => {
  const failed = new Set(codes)
  return TEE_CODES.filter((code) => failed.has(code))
}

/** Ends a verification early. Holds a code and at most the name of a field: never a byte of the input. */
export class TeeError extends Error {
  readonly code: TeeCode
  readonly field: string | undefined

  constructor(code: TeeCode, field?: string) {
    super(field === undefined ? code : `${code} ${field}`)
    this.name = 'TeeError'
    this.code = code
    this.field = field
  }
}
