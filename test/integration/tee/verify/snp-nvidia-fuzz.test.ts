import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DevSnp } from '../../../../src/tee/dev/snp.ts'
import { TEE_CODES, TeeError } from '../../../../src/tee/verify/codes.ts'
import type { Examination } from '../../../../src/tee/verify/examination.ts'
import { parseOpaque } from '../../../../src/tee/verify/nvidia/opaque.ts'
import { examineGpu } from '../../../../src/tee/verify/nvidia/verify.ts'
import { derInTable } from '../../../../src/tee/verify/snp/certificate-table.ts'
import { examineSnp } from '../../../../src/tee/verify/snp/verify.ts'
import { DevSnpWorld, gpuContext, makeGpu } from '../../../support/dev-evidence.ts'
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../../../support/fuzz.ts'

const timeout = FUZZ_TIMEOUT_MS

/** A few places of `bytes` changed, and perhaps a piece cut out or doubled. */
const mutated = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      changes: fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 }),
      cut: fc.option(fc.tuple(fc.nat(bytes.length), fc.nat(64)), { freq: 3 }),
      doubled: fc.option(fc.tuple(fc.nat(bytes.length), fc.nat(64)), { freq: 3 }),
    })
    .map(({ changes, cut, doubled }) => {
      const changed = bytes.slice()
      for (const [at, value] of changes) changed[at] = value
      const list = [...changed]
      if (cut) list.splice(cut[0], cut[1])
      if (doubled) list.splice(doubled[0], 0, ...list.slice(doubled[0], doubled[0] + doubled[1]))
      return Uint8Array.from(list)
    })

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b)

/** The code of what was thrown; other errors pass and fail the test. */
function outcomeOf(run: () => unknown): string {
  try {
    run()
    return 'read'
  } catch (error) {
    if (error instanceof TeeError) return error.code
    throw error
  }
}

/** Codes of the table only; whatever is not refused yet still has to bear its signatures. */
function isJudged(found: Examination): boolean {
  return found.failed.every((code) => TEE_CODES.includes(code)) && found.signatures.length <= 8
}

describe('what strangers send is judged, never thrown at', () => {
  let world: DevSnpWorld
  let evidence: DevSnp
  beforeAll(async () => {
    world = await DevSnpWorld.create('Genoa')
    evidence = world.make()
  }, 120_000)

  test('mutated SNP reports', { timeout }, () => {
    fc.assert(
      fc.property(mutated(evidence.report), (report) => {
        expect(isJudged(examineSnp({ ...evidence, report }, world.context))).toBe(true)
      }),
      fuzzRuns(0.2),
    )
  })

  test('mutated certificates and revocation lists of AMD', { timeout }, () => {
    const [leaf = new Uint8Array(), intermediate = new Uint8Array(), root = new Uint8Array()] =
      evidence.chain
    fc.assert(
      fc.property(mutated(leaf), mutated(intermediate), mutated(evidence.crl), (a, b, crl) => {
        const found = examineSnp({ ...evidence, chain: [a, b, root], crl }, world.context)

        expect(isJudged(found)).toBe(true)
        const isUntouched = same(a, leaf) && same(b, intermediate) && same(crl, evidence.crl)
        expect(isUntouched && found.failed.length > 0).toBe(false)
      }),
      fuzzRuns(0.1),
    )
  })

  test('bytes of any kind as report, certificate and list', { timeout }, () => {
    const bytes = fc.uint8Array({ maxLength: 1400 })
    fc.assert(
      fc.property(bytes, fc.array(bytes, { maxLength: 4 }), bytes, (report, chain, crl) => {
        const found = examineSnp({ report, chain, crl }, world.context)

        expect(isJudged(found) && found.failed.length > 0).toBe(true)
      }),
      fuzzRuns(0.05),
    )
  })
})

describe('what strangers send as GPU evidence', () => {
  const made = makeGpu()

  test('mutated reports', { timeout }, () => {
    fc.assert(
      fc.property(mutated(made.evidence), (evidence) => {
        expect(isJudged(examineGpu({ ...made, chain: [], evidence }, gpuContext))).toBe(true)
      }),
      fuzzRuns(0.1),
    )
  })

  test('mutated chains', { timeout }, () => {
    const text = Buffer.from(made.chain)
    fc.assert(
      fc.property(mutated(text), (chain) => {
        const found = examineGpu(
          { ...made, chain: Buffer.from(chain).toString('latin1') },
          gpuContext,
        )

        expect(isJudged(found)).toBe(true)
      }),
      fuzzRuns(0.05),
    )
  })

  test('any entries in the opaque part are read or refused as layout', { timeout }, () => {
    const entry = fc.tuple(
      fc.nat(40),
      fc.uint8Array({ maxLength: 12 }),
      fc.integer({ min: -1, max: 1 }),
    )
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        const bytes = Buffer.concat(
          entries.map(([kind, value, wrong]) =>
            Buffer.from([kind, 0, Math.max(0, value.length + wrong), 0, ...value]),
          ),
        )
        expect(['read', 'GPU_LAYOUT']).toContain(outcomeOf(() => parseOpaque(bytes)))
      }),
      fuzzRuns(0.3),
    )
  })
})

test('tables of certificates are read or refused', { timeout }, () => {
  const guids = [
    '63da758de6644564adc5f4b93be8accd',
    'a8074bc2a25a483eaae639c045a0b8a1',
    '4ab7b379bbac4fe4a02f05aef327c782',
    '92f81bc358114d3d97ffd19f88dc67ea',
    '00'.repeat(16),
  ]
  const entry = fc.tuple(fc.constantFrom(...guids), fc.nat(400), fc.nat(400))
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 20 }),
      fc.uint8Array({ maxLength: 300 }),
      (entries, rest) => {
        const table = Buffer.concat([
          ...entries.map(([guid, offset, length]) => {
            const bytes = Buffer.from(`${guid}0000000000000000`, 'hex')
            bytes.writeUInt32LE(offset, 16)
            bytes.writeUInt32LE(length, 20)
            return bytes
          }),
          rest,
        ])
        const found = derInTable(table)

        expect(found?.chain.length ?? 0).toBeLessThanOrEqual(3)
      },
    ),
    fuzzRuns(0.2),
  )
})
