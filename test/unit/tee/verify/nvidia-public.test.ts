import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../../../src/core/bytes.ts'
import { checkSignaturesByNode, nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import { Anchors } from '../../../../src/tee/verify/anchors.ts'
import { examineGpu, type GpuEvidence } from '../../../../src/tee/verify/nvidia/verify.ts'
import { pemToDer } from '../../../../src/tee/verify/pem.ts'
import { settle } from '../../../../src/tee/verify/settle.ts'
import { publicEvidenceIsAbsent, publicText } from '../../../support/public-evidence.ts'

const NONCE = '87d8e24ab336adafe228d49e83d745f6dba4ae505372b6a5704820856b343fec'

const report = (): Uint8Array =>
  fromHex(publicText('nvidia/hopper_coco_report1.txt')) ?? new Uint8Array()
const chain = (): string => publicText('nvidia/hopper_coco_certs1.txt')
const judge = (evidence: Partial<GpuEvidence> = {}) =>
  settle(
    examineGpu(
      { evidence: report(), chain: chain(), ...evidence },
      {
        nowMs: Date.parse('2026-01-01T00:00:00Z'),
        anchors: Anchors.forNet('mainnet'),
        hashes: nodeHashes,
      },
    ),
    checkSignaturesByNode,
  )

describe.skipIf(publicEvidenceIsAbsent(4))('public NVIDIA evidence', () => {
  test('a report of an H100 with its chain holds', async () => {
    const verdict = await judge({ arch: 'HOPPER', nonce: fromHex(NONCE) ?? new Uint8Array() })

    expect(verdict.failed).toEqual([])
    expect(toHex(verdict.reportData ?? new Uint8Array())).toBe(NONCE)
    expect(verdict.measurements).toMatchObject({
      driver: '580.95.05',
      vbios: '96.00.74.00.1a',
    })
    expect(verdict.hardware).toMatch(/^[0-9a-f]{64}$/)
  })

  test('the same report for another nonce is refused', async () => {
    expect((await judge({ nonce: new Uint8Array(32) })).failed).toEqual(['GPU_NONCE'])
  })

  test('a chain without its root, or in another order, is refused', async () => {
    const ders = pemToDer(chain(), 5)

    expect((await judge({ chain: ders.slice(0, 4) })).failed).toContain('X509_ROOT')
    expect((await judge({ chain: ders.toReversed() })).failed).toContain('X509_CHAIN')
  })

  test('the measurement of a decoder that is off is left out', async () => {
    const { measurements } = await judge()

    expect(measurements?.tee === 'nvidia' && Object.keys(measurements.blocks)).toHaveLength(63)
  })
})
