/** @module Why a worker is not admitted: the code on the wire, the reason behind it, and one plain sentence for the machine's owner (CONF §3). */
import type { ErrorCode } from '../../core/errors.ts'
import { TEE_CODES, type TeeCode } from '../verify/codes.ts'

/** Thrown inside an admission. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly reason: TeeCode | undefined

  constructor(code: ErrorCode, reason?: TeeCode) {
    super(reason ?? code)
    this.name = 'Refusal'
    this.code = code
    this.reason = reason
  }
}

/** The refusal of a failed check. Codes that had a name on the wire before keep it. */
export const refusalOf = (reason: TeeCode): Refusal =>
  new Refusal(wire[reason] ?? 'admission.evidence', reason)

const wire: Partial<Record<TeeCode, ErrorCode>> = {
  CLM_SHAPE: 'claims.shape',
  CLM_NONCE: 'claims.nonce',
  CLM_AUD: 'claims.aud',
  NET_MISMATCH: 'net.mismatch',
  CLM_EPOCH: 'claims.epoch',
  CLM_KEYSET: 'claims.keyset',
  CLM_KEM_KEY: 'claims.kem-key',
  CLM_KEY_REUSE: 'claims.key-reuse',
  CLM_SIG: 'claims.sig',
  CLM_PAYOUT: 'claims.payout',
  CLM_MODEL: 'claims.model',
}

/** The reason that a code on the wire stands for by itself. */
export const reasonOf = (code: ErrorCode): TeeCode | undefined =>
  TEE_CODES.find((reason) => wire[reason] === code)

/** A reason as a frame carries it; undefined for a word that this program does not know. */
export const readReason = (text: string | undefined): TeeCode | undefined =>
  TEE_CODES.find((reason) => reason === text)

/** Sentences by the whole code, then by its family: what is wrong, and what the owner can do. Never longer than 200 characters. */
const SENTENCES = {
  'admission.join': 'The join token is not known here: use the one your operator gave you.',
  'admission.rate': 'Too many refused attempts: this token is paused for an hour.',
  'admission.timeout': 'The worker took too long to answer: look at its load and at its network.',
  'admission.step': 'The worker sent a frame out of turn: update it.',
  'stores.down': 'The gateway cannot reach its database at the moment; the worker may try again.',
  NET_MISMATCH: 'The worker is set up for another network than this gateway.',
  CLM_NONCE: 'The evidence answers another or an older question: it was replayed or came too late.',
  CLM_AUD: 'The evidence was made for another gateway.',
  CLM_EPOCH: 'The evidence was made under another policy; the worker will be asked again.',
  CLM_MODEL:
    'A model or its weights are not on the policy of this network: use the published files.',
  CLM_PAYOUT:
    'CHRYSALIS_PAYOUT is not the payout address that belongs to the join token: take the command from the bot anew.',
  CLM_BINDING: 'The quote was made over other claims than those that were sent.',
  CLM_GPU_HASH: 'The GPU evidence is not the one that the claims name.',
  CLM_KEY_REUSE: 'Another worker has shown the same key.',
  TDX_DEBUG:
    'The confidential VM was started in debug mode: its memory can be read. Start it without.',
  SNP_DEBUG:
    'The confidential VM was started in debug mode: its memory can be read. Start it without.',
  TDX_SEPT_VE: 'The confidential VM was started without SEPT_VE_DISABLE: set this attribute.',
  TDX_TCB_NONE:
    'The firmware of this machine is older than anything that is accepted: update the BIOS.',
  TCB_STATUS: 'The firmware of this machine is out of date: update BIOS and microcode.',
  TCB_REVOKED: 'The firmware of this machine has been revoked: update BIOS and microcode.',
  TCB_MIN:
    'The firmware of this machine is older than the policy allows: update BIOS and microcode.',
  COL_FETCH:
    'The gateway could not get the vendor’s data about this machine; the worker may try again.',
  COL_TIME: 'The vendor’s data about this machine are too old; the gateway has to fetch new ones.',
  CRL_REVOKED: 'The vendor has revoked this machine’s certificate.',
  SNP_PRODUCT_BANNED: 'This processor’s attestation is broken and is not accepted.',
  SNP_SIGNER: 'The report is signed by a cloud’s key that names no chip.',
  GPU_NONCE: 'The GPU’s evidence answers another question: it is old or belongs to another worker.',
  GPU_CLONE: 'The same GPU is shown by another worker at this moment.',
  GPU_VERSION: 'The GPU’s driver or VBIOS is not on the policy: install a listed version.',
  GPU_MEASUREMENT: 'The GPU’s firmware is not the one that the policy lists.',
  POL_MEASUREMENT: 'This image is not on the policy of this network: use a released one.',
  POL_EVENTLOG: 'The event log does not fit the measured registers.',
  POL_DENIED: 'This image, machine or key has been withdrawn by the policy.',
  POL_EXPIRED:
    'The gateway has no policy in force and admits nobody; its operator has to install one.',
  HW_UNKNOWN: 'This machine is not enrolled: ask the operator to enrol it.',
  HW_TOKEN: 'The join token belongs to another machine: get one for this machine from the bot.',
  HW_OWNER: 'This machine is enrolled to another owner.',
  HW_CAP: 'This machine already runs as many workers as it is enrolled for.',
  HW_SPLIT:
    'This machine is connected from two networks at once; it is held back until that is explained.',
  DEV_MARK: 'Simulated evidence is accepted on the dev network only.',
} as const
const FAMILIES = {
  X509: 'A certificate in the evidence is not valid.',
  CRL: 'The vendor’s revocation list could not be used.',
  TDX: 'The TDX quote is not valid.',
  COL: 'The vendor’s data about this machine are not valid.',
  TCB: 'The firmware state of this machine is not accepted.',
  SNP: 'The SEV-SNP report is not valid.',
  GPU: 'The GPU’s evidence is not valid.',
  CLM: 'What the worker claims about itself is not valid.',
  POL: 'The policy does not allow this worker.',
  HW: 'This machine may not work here.',
  SRC: 'The machine gave no usable evidence.',
} as const
const OTHERWISE = 'The worker was not admitted.'

/** A closed list, so that a log can hold them. */
export type RefusalSentence =
  | (typeof SENTENCES)[keyof typeof SENTENCES]
  | (typeof FAMILIES)[keyof typeof FAMILIES]
  | typeof OTHERWISE

/** One sentence, without any detail of the evidence. */
export function sentenceOf(code: ErrorCode, reason: TeeCode | undefined): RefusalSentence {
  const name = reason ?? reasonOf(code) ?? code
  const family = name.split('_')[0] ?? ''
  if (isOneOf(SENTENCES, name)) return SENTENCES[name]
  return isOneOf(FAMILIES, family) ? FAMILIES[family] : OTHERWISE
}

const isOneOf = <T extends object>(table: T, name: PropertyKey): name is keyof T =>
  Object.hasOwn(table, name)
