import { beforeAll, describe, expect, test } from 'vitest'
import type { DevSnp } from '../../../../src/tee/dev/snp.ts'
import type { Examination } from '../../../../src/tee/verify/examination.ts'
import { examineGpu } from '../../../../src/tee/verify/nvidia/verify.ts'
import { pemToDer } from '../../../../src/tee/verify/pem.ts'
import { settle } from '../../../../src/tee/verify/settle.ts'
import { SNP_SIGNED_BYTES } from '../../../../src/tee/verify/snp/report.ts'
import { examineSnp } from '../../../../src/tee/verify/snp/verify.ts'
import { DevSnpWorld, gpuContext, makeGpu } from '../../../support/dev-evidence.ts'
import { rememberingCheck } from '../../../support/dev-tdx.ts'

const timeout = 240_000
/** Signatures are only worth checking where nothing else is wrong. */
const acceptance = (): ((found: Examination) => Promise<boolean>) => {
  const check = rememberingCheck()
  return async (found) => found.failed.length === 0 && (await settle(found, check)).ok
}

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ (1 << bit)
  return changed
}

describe('an SNP report', () => {
  const isAccepted = acceptance()
  let world: DevSnpWorld
  let evidence: DevSnp
  beforeAll(async () => {
    world = await DevSnpWorld.create('Genoa')
    evidence = world.make()
  }, 120_000)
  const accepts = (changed: Partial<DevSnp>): Promise<boolean> =>
    isAccepted(examineSnp({ ...evidence, ...changed }, world.context))

  test('with a flipped bit in any byte is refused, and every bit outside the signed part', {
    timeout,
  }, async () => {
    expect(await accepts({})).toBe(true)
    const accepted: string[] = []
    for (let at = 0; at < evidence.report.length; at++)
      // Under the signature one bit says what the others would; behind it each one is its own check.
      for (const bit of at < SNP_SIGNED_BYTES ? [at % 8] : [0, 1, 2, 3, 4, 5, 6, 7])
        if (await accepts({ report: flipped(evidence.report, at, bit) }))
          accepted.push(`${at}.${bit}`)
    expect(accepted).toEqual([])
  })

  test('cut at any byte is refused', { timeout }, async () => {
    for (let length = 0; length < evidence.report.length; length++)
      expect(await accepts({ report: evidence.report.subarray(0, length) })).toBe(false)
  })

  test.for([0, 1, 2])(
    'with a bit flipped anywhere in certificate %i is refused',
    {
      timeout,
    },
    async (place) => {
      const der = evidence.chain[place] ?? new Uint8Array()
      const accepted: number[] = []
      for (let at = 0; at < der.length; at++) {
        const chain = evidence.chain.with(place, flipped(der, at, at % 8))
        if (await accepts({ chain })) accepted.push(at)
      }
      expect(accepted).toEqual([])
    },
  )

  test('with a bit flipped anywhere in the revocation list, or with part of it, is refused', {
    timeout,
  }, async () => {
    for (let at = 0; at < evidence.crl.length; at++) {
      expect(await accepts({ crl: flipped(evidence.crl, at, at % 8) })).toBe(false)
      expect(await accepts({ crl: evidence.crl.subarray(0, at) })).toBe(false)
    }
  })
})

describe('GPU evidence', () => {
  const isAccepted = acceptance()
  const made = makeGpu()
  const chain = pemToDer(made.chain, 5)
  const accepts = (evidence: Uint8Array): Promise<boolean> =>
    isAccepted(examineGpu({ ...made, chain, evidence }, gpuContext))

  test('with a flipped bit in any byte is refused', { timeout }, async () => {
    expect(await accepts(made.evidence)).toBe(true)
    const accepted: number[] = []
    for (let at = 0; at < made.evidence.length; at++)
      if (await accepts(flipped(made.evidence, at, at % 8))) accepted.push(at)
    expect(accepted).toEqual([])
  })

  test('cut at any byte of the report is refused; the zero behind it is not missed', {
    timeout,
  }, async () => {
    for (let length = 0; length < made.evidence.length - 1; length++)
      expect(await accepts(made.evidence.subarray(0, length))).toBe(false)
    expect(await accepts(made.evidence.subarray(0, -1))).toBe(true)
  })

  test('cut at any byte of its chain is refused, but for the line end', { timeout }, async () => {
    for (let length = 0; length < made.chain.length - 1; length++)
      expect(
        await isAccepted(examineGpu({ ...made, chain: made.chain.slice(0, length) }, gpuContext)),
      ).toBe(false)
  })
})
