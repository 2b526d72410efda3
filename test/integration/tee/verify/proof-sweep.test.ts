import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseStrictJson } from '../../../../src/core/canonical.ts'
import { checkSignaturesByNode, nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import type { ProofBundle } from '../../../../src/tee/verify/proof/bundle.ts'
import type { ProofReport } from '../../../../src/tee/verify/proof/report.ts'
import { verifyProof } from '../../../../src/tee/verify/proof/verify-proof.ts'
import { bundleOf, type MadeProof, madeProof } from '../../../support/proof.ts'

const byNode = { hashes: nodeHashes, checkSignatures: checkSignaturesByNode }
const verify = (bundle: ProofBundle): Promise<ProofReport> => verifyProof(bundle, byNode)
const wrong = (report: ProofReport): string[] =>
  report.checks.filter(({ state }) => state === 'refuted').map(({ says }) => says)

describe('one changed byte', () => {
  /** Another character at a place; undefined where the text is no JSON object any more. */
  const changed = (
    made: MadeProof,
    part: 'receipt' | 'note' | 'evidence',
    at: number,
  ): ProofBundle | undefined => {
    const text = made[part]
    const place = at % text.length
    const letter = text.charAt(place)
    const other = letter === 'a' ? 'b' : letter === '1' ? '2' : /\d/.test(letter) ? '1' : 'a'
    try {
      const spoilt = `${text.slice(0, place)}${other}${text.slice(place + 1)}`
      parseStrictJson(spoilt)
      return { ...bundleOf({ ...made, [part]: spoilt }), salts: made.bundle.salts }
    } catch {
      return undefined
    }
  }
  const blamed = {
    receipt: /^(receipt|binding|gateway|weights|text)\./,
    note: /^gateway\./,
    evidence: /^(binding|receipt)\./,
  }

  test.each(['receipt', 'note', 'evidence'] as const)(
    'anywhere in the %s refutes a check whose sentence says which',
    async (part) => {
      const made = await madeProof({ gpus: 1 })
      let checked = 0

      await fc.assert(
        fc.asyncProperty(fc.nat(100_000), async (at) => {
          const bundle = changed(made, part, at)
          if (!bundle) return
          checked++
          const found = wrong(await verify(bundle))
          expect(found.length).toBeGreaterThan(0)
          expect(found.some((says) => blamed[part].test(says))).toBe(true)
        }),
        { numRuns: 60 },
      )
      expect(checked).toBeGreaterThan(20)
    },
    60_000,
  )
})
