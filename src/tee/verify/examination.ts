/** @module What a verifier of one kind of evidence hands on: facts, failed checks, and the signatures that are still to be checked (CONF §9). */
import type { Anchors } from './anchors.ts'
import type { TeeCode } from './codes.ts'

/** Hash functions, given by whoever runs the verifier: `node:crypto` in Node, a library in a browser. All synchronous. */
export interface Hashes {
  readonly sha256: (bytes: Uint8Array) => Uint8Array
  readonly sha384: (bytes: Uint8Array) => Uint8Array
  readonly sha512: (bytes: Uint8Array) => Uint8Array
}

/** How a signature is made: curve or modulus, padding, hash. */
export type SignatureAlgorithm = 'p256-sha256' | 'p384-sha384' | 'rsa4096-pss-sha384' | 'ed25519'

/**
 * One signature to check. Collected as data, made unique, then executed by `node:crypto` or by WebCrypto, so that both
 * give one verdict. `spki`: DER SubjectPublicKeyInfo. `signature`: r‖s for ECDSA (64 or 96 bytes), raw for the others.
 */
export interface SignatureCheck {
  readonly alg: SignatureAlgorithm
  readonly spki: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  /** What a false signature means. */
  readonly code: TeeCode
}

/** True for each check whose signature is right, in order. Malformed keys and signatures are false, never a throw. */
export type CheckSignatures = (checks: readonly SignatureCheck[]) => Promise<readonly boolean[]>

export interface VerifyContext {
  /** Unix milliseconds; a finite integer, else `X509_NOW`. Always injected. */
  readonly nowMs: number
  readonly anchors: Anchors
  readonly hashes: Hashes
  /** Set where a policy will judge the verdict's `tcb`; without it anything but `UpToDate` is refused as `TCB_STATUS`. */
  readonly tcbJudge?: 'policy'
}

/** What was measured, lower-case hex; compared with the policy's entries. */
export type Measurements =
  | {
      readonly tee: 'tdx'
      readonly mrTd: string
      readonly rtmr0: string
      readonly rtmr1: string
      readonly rtmr2: string
      readonly rtmr3: string
      readonly mrConfigId: string
      readonly mrOwner: string
      readonly mrOwnerConfig: string
      readonly tdAttributes: string
      readonly xfam: string
    }
  | {
      readonly tee: 'snp'
      readonly measurement: string
      readonly hostData: string
      /** Guest policy, 16 hex digits, most significant first. */
      readonly policy: string
      readonly idKeyDigest: string
      readonly authorKeyDigest: string
      readonly product: 'Milan' | 'Genoa' | 'Turin'
      /** Security version numbers of the part's firmware, by name (bl, tee, snp, ucode, fmc). */
      readonly reportedTcb: Readonly<Record<string, number>>
      readonly committedTcb: Readonly<Record<string, number>>
      readonly launchTcb: Readonly<Record<string, number>>
      readonly signer: 'vcek' | 'vlek'
    }
  | {
      readonly tee: 'nvidia'
      readonly driver: string
      readonly vbios: string
      readonly fwid: string
      /** Index → SHA-384. */
      readonly blocks: Readonly<Record<string, string>>
    }

export type TcbStatus =
  | 'UpToDate'
  | 'SWHardeningNeeded'
  | 'ConfigurationNeeded'
  | 'ConfigurationAndSWHardeningNeeded'
  | 'OutOfDate'
  | 'OutOfDateConfigurationNeeded'
  | 'Revoked'

/** State of the platform's firmware as the vendor sees it. */
export interface Tcb {
  readonly status: TcbStatus
  readonly advisories: readonly string[]
  /** Date of the matched level, unix milliseconds. */
  readonly dateMs: number
  readonly evalNumber: number
  /**
   * Date of the oldest level that is newer than the matched one and up to date: since when the matched one has been
   * out of date. Equal to `dateMs` where there is none. Unix milliseconds.
   */
  readonly newestDateMs: number
}

/** The pure half of a verification: nothing here is believed before its signatures were checked. */
export interface Examination {
  readonly tee: 'tdx' | 'snp' | 'nvidia'
  /** In the order found; `settle` puts them into table order. */
  readonly failed: readonly TeeCode[]
  readonly signatures: readonly SignatureCheck[]
  readonly measurements?: Measurements
  /** What names the machine: PPID (TDX, 32 hex), chip id (SNP, 128 or 16 hex), device key hash (GPU, 64 hex). */
  readonly hardware?: string
  readonly tcb?: Tcb
  /** 64 bytes (TDX, SNP); the 32-byte nonce of the request (NVIDIA). */
  readonly reportData?: Uint8Array
  /** Unix milliseconds: when the last of certificates and collateral began and the first of them ends. */
  readonly notBefore?: number
  readonly expiresAt?: number
}

/** The whole: `ok` only when nothing failed and every signature is right. */
export interface Verdict extends Omit<Examination, 'signatures'> {
  readonly ok: boolean
  /** The first failed code in table order. */
  readonly code?: TeeCode
}
