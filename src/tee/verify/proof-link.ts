/** @module What the Proof button carries: the job and the two salts that nobody else keeps, and the credential that follows from them (API B1, B6). */
import { domain, fromBase64url, fromHex, toBase64url, toHex } from '../../core/bytes.ts'
import type { Hashes } from './examination.ts'

/** The 32-byte salts of input and result record. Who has them can test guesses against the receipt's hashes. */
export interface Salts {
  readonly input: Uint8Array
  readonly output: Uint8Array
}

export interface ProofLink extends Salts {
  /** 32 hex digits. */
  readonly job: string
}

const jobUnits = 22
const saltUnits = 43

/** `1` ‖ job ‖ input salt ‖ output salt, each base64url of a fixed length: 109 characters. Throws TypeError for a malformed job. */
export function encodeProofLink({ job, input, output }: ProofLink): string {
  const bytes = fromHex(job, 16)
  if (!bytes || input.length !== 32 || output.length !== 32) throw new TypeError('malformed link')
  return `1${toBase64url(bytes)}${toBase64url(input)}${toBase64url(output)}`
}

/** Undefined for anything else, also for another spelling of the same bytes. */
export function decodeProofLink(text: string): ProofLink | undefined {
  if (text.length !== 1 + jobUnits + 2 * saltUnits || !text.startsWith('1')) return undefined
  const job = fromBase64url(text.slice(1, 1 + jobUnits), 16)
  const input = fromBase64url(text.slice(1 + jobUnits, 1 + jobUnits + saltUnits), 32)
  const output = fromBase64url(text.slice(1 + jobUnits + saltUnits), 32)
  return job && input && output && { job: toHex(job), input, output }
}

/** What is shown to be given the receipt, 43 characters of base64url: follows from the result's salt and tells nothing of it. */
export const viewCredential = (outputSalt: Uint8Array, { sha256 }: Hashes): string =>
  toBase64url(sha256(domain('chrysalis/view/1', outputSalt)))

/** The only thing a server keeps of the credential; hex. Undefined for what is no credential. */
export function credentialHash(credential: string, { sha256 }: Hashes): string | undefined {
  const bytes = fromBase64url(credential, 32)
  return bytes && toHex(sha256(bytes))
}
