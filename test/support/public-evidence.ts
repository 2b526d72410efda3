/** @module Real attestation evidence of public projects, where the machine has it; the project itself holds none. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Where the real vectors lie, if they do. */
export const publicFolder =
  process.env['CHRYSALIS_VECTORS'] ?? resolve(import.meta.dirname, '../../../shared/vectors')
const hasPublicEvidence = existsSync(publicFolder)

export const publicFile = (path: string): Uint8Array =>
  Uint8Array.from(readFileSync(resolve(publicFolder, path)))
export const publicText = (path: string): string =>
  readFileSync(resolve(publicFolder, path), 'utf8').trim()

/** True where there is none: then this many tests are skipped, and it is said so. For `describe.skipIf`. */
export function publicEvidenceIsAbsent(tests: number): boolean {
  if (!hasPublicEvidence) console.log(`real vectors: absent, ${tests} tests skipped`)
  return !hasPublicEvidence
}
