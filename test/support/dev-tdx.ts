/** @module A dev network with a fixed seed, its quotes, and the verifier's word on them. */
import { checkSignaturesByNode, nodeHashes } from '../../src/tee/crypto/node-crypto.ts'
import { createDevPki } from '../../src/tee/dev/pki.ts'
import { type DevTdx, type DevTdxWish, devTdx, type TdxEdits } from '../../src/tee/dev/tdx.ts'
import { devTdxRoot } from '../../src/tee/dev/tdx-pki.ts'
import { Anchors } from '../../src/tee/verify/anchors.ts'
import type {
  CheckSignatures,
  SignatureCheck,
  Verdict,
  VerifyContext,
} from '../../src/tee/verify/examination.ts'
import { settle } from '../../src/tee/verify/settle.ts'
import { examineTdx, type TdxEvidence } from '../../src/tee/verify/tdx/verify.ts'

export const fixedPki = createDevPki(new Uint8Array(32).fill(7))
export const devNowMs = Date.parse('2026-03-01T12:00:00Z')
export const reportData = Uint8Array.from({ length: 64 }, (_, place) => place)

export const devAnchors = Anchors.forDev(
  'devnet',
  { intel: [devTdxRoot(fixedPki)], amd: [], nvidia: [] },
  { production: false },
)

/** A good quote with its collateral, after `edits`. */
export const fixedTdx = (edits: TdxEdits = {}, wish: Partial<DevTdxWish> = {}): DevTdx =>
  devTdx(fixedPki, { nowMs: devNowMs, reportData, ...wish, edits })

export const devContext = (context: Partial<VerifyContext> = {}): VerifyContext => ({
  nowMs: devNowMs,
  anchors: devAnchors,
  hashes: nodeHashes,
  ...context,
})

export const judgeTdx = (
  evidence: TdxEvidence,
  context: Partial<VerifyContext> = {},
): Promise<Verdict> => settle(examineTdx(evidence, devContext(context)), checkSignaturesByNode)

/**
 * The real check that remembers the signatures of its first call: in a sweep most of them stay as they were. A changed
 * one is checked anew each time.
 */
export function rememberingCheck(): CheckSignatures {
  let known: ReadonlyMap<string, boolean> | undefined
  return async (checks) => {
    const names = checks.map(nameOf)
    if (!known) {
      const answers = await checkSignaturesByNode(checks)
      known = new Map(names.map((name, at) => [name, answers[at] === true]))
    }
    const remembered = known
    const changed = checks.filter((_, at) => !remembered.has(names[at] ?? ''))
    const answers = await checkSignaturesByNode(changed)
    return checks.map(
      (check, at) => remembered.get(names[at] ?? '') ?? answers[changed.indexOf(check)] === true,
    )
  }
}

const nameOf = ({ alg, spki, message, signature }: SignatureCheck): string =>
  alg + [spki, message, signature].map((part) => Buffer.from(part).toString('latin1')).join('\0')
