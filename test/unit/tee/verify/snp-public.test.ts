import { describe, expect, test } from 'vitest'
import { checkSignaturesByNode, nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import { type AnchorSet, Anchors } from '../../../../src/tee/verify/anchors.ts'
import type { Verdict } from '../../../../src/tee/verify/examination.ts'
import { pemToDer } from '../../../../src/tee/verify/pem.ts'
import { settle } from '../../../../src/tee/verify/settle.ts'
import { examineSnp } from '../../../../src/tee/verify/snp/verify.ts'
import { publicEvidenceIsAbsent, publicFile, publicText } from '../../../support/public-evidence.ts'

const nowMs = Date.parse('2025-06-25T00:00:00Z')

function judge(names: {
  report: string
  leaf: string
  above: string
  net: AnchorSet['net']
}): Promise<Verdict> {
  const chain = [publicFile(`snp/${names.leaf}`), ...pemToDer(publicText(`snp/${names.above}`), 2)]
  const context = { nowMs, anchors: Anchors.forNet(names.net), hashes: nodeHashes }
  const evidence = { report: publicFile(`snp/${names.report}`), chain }
  return settle(examineSnp(evidence, context), checkSignaturesByNode)
}

const milan = { report: 'test-report.bin', leaf: 'test-vcek.der', above: 'ask_ark_milan.pem' }
const vlek = {
  report: 'test-vlek-report.bin',
  leaf: 'test-vlek.der',
  above: 'ask_ark_milan_vlek.pem',
}

describe.skipIf(publicEvidenceIsAbsent(5))('public SNP evidence', () => {
  test('a version 2 report of Milan is read and its signatures hold, on devnet only', async () => {
    const verdict = await judge({ ...milan, net: 'devnet' })

    expect(verdict.failed).toEqual([])
    expect(verdict.hardware?.slice(0, 16)).toBe('c38427a30d4c7af9')
    expect(verdict.measurements).toMatchObject({
      product: 'Milan',
      policy: '000000000003001f',
      reportedTcb: { bl: 3, tee: 0, snp: 8, ucode: 115 },
    })
  })

  test('its version and its product are refused where jobs are paid', async () => {
    for (const net of ['mainnet', 'testnet'] as const) {
      const verdict = await judge({ ...milan, net })

      expect(verdict.code).toBe('SNP_VERSION')
      expect(verdict.failed).toEqual(['SNP_VERSION', 'SNP_PRODUCT_BANNED', 'CRL_MISSING'])
    }
  })

  test('a version 3 report signed by a cloud’s key, asked for at a lower level, is refused for both', async () => {
    expect((await judge({ ...vlek, net: 'devnet' })).failed).toEqual(['SNP_VMPL', 'SNP_SIGNER'])
    expect((await judge({ ...vlek, net: 'mainnet' })).code).toBe('SNP_VMPL')
  })
  test('certificates of other chips are refused', async () => {
    for (const leaf of ['test-vcek-invalid-legacy.der', 'test-vcek-invalid-new.der']) {
      const verdict = await judge({ ...milan, leaf, net: 'devnet' })

      expect(verdict.failed).toEqual(['X509_SIG', 'SNP_TCB_CERT', 'SNP_CHIP_ID', 'SNP_SIG'])
    }
  })

  test('the chain of another product, and another key’s intermediate, are refused', async () => {
    const genoa = await judge({ ...milan, above: 'ask_ark_genoa.pem', net: 'devnet' })
    const turin = await judge({ ...milan, above: 'ask_ark_turin_vcek.pem', net: 'devnet' })
    const asvk = await judge({ ...milan, above: 'ask_ark_milan_vlek.pem', net: 'devnet' })

    expect(genoa.failed).toEqual(['X509_CHAIN', 'X509_SIG', 'SNP_PRODUCT'])
    expect(turin.failed).toEqual(['X509_CHAIN', 'X509_SIG', 'SNP_PRODUCT'])
    expect(asvk.failed).toEqual(['X509_CHAIN', 'X509_SIG'])
  })
})
