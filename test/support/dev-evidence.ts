/** @module The dev network's SNP and GPU evidence under its own roots, and its verdicts, for tests. */
import { checkSignaturesByNode, nodeHashes } from '../../src/tee/crypto/node-crypto.ts'
import { type DevGpuWish, devGpu, devGpuRoot } from '../../src/tee/dev/gpu.ts'
import { createDevPki } from '../../src/tee/dev/pki.ts'
import {
  createDevSnp,
  type DevSnp,
  type DevSnpMaker,
  type DevSnpWish,
} from '../../src/tee/dev/snp.ts'
import { Anchors } from '../../src/tee/verify/anchors.ts'
import type { Verdict, VerifyContext } from '../../src/tee/verify/examination.ts'
import { examineGpu, type GpuEvidence } from '../../src/tee/verify/nvidia/verify.ts'
import { settle } from '../../src/tee/verify/settle.ts'
import type { SnpProduct } from '../../src/tee/verify/snp/tcb.ts'
import { examineSnp, type SnpEvidence } from '../../src/tee/verify/snp/verify.ts'

export const NOW = Date.parse('2026-11-01T12:00:00Z')
export const REPORT_DATA = Uint8Array.from({ length: 64 }, (_, place) => place + 1)
export const NONCE = Uint8Array.from({ length: 32 }, (_, place) => place + 7)
export const devPki = createDevPki(new Uint8Array(32).fill(0x51))

const contextOf = (anchors: Anchors): VerifyContext => ({
  nowMs: NOW,
  anchors,
  hashes: nodeHashes,
})

/** One product's dev authority; takes some seconds. */
export class DevSnpWorld {
  readonly maker: DevSnpMaker
  readonly context: VerifyContext

  private constructor(maker: DevSnpMaker) {
    this.maker = maker
    const { product, root } = maker
    this.context = contextOf(
      Anchors.forDev(
        'devnet',
        { intel: [], amd: [{ product, root }], nvidia: [] },
        { production: false },
      ),
    )
  }

  static async create(product: SnpProduct): Promise<DevSnpWorld> {
    return new DevSnpWorld(await createDevSnp(devPki, product))
  }

  make(wish: Partial<DevSnpWish> = {}): DevSnp {
    return this.maker.make({ nowMs: NOW, reportData: REPORT_DATA, ...wish })
  }

  judge(evidence: SnpEvidence, context: Partial<VerifyContext> = {}): Promise<Verdict> {
    return settle(examineSnp(evidence, { ...this.context, ...context }), checkSignaturesByNode)
  }
}

export const makeGpu = (wish: Partial<DevGpuWish> = {}): GpuEvidence & { chain: string } => {
  const { evidence, certificate, arch } = devGpu(devPki, { nonce: NONCE, ...wish })
  return { evidence, chain: certificate, arch, nonce: NONCE }
}

export const gpuContext = contextOf(
  Anchors.forDev(
    'devnet',
    { intel: [], amd: [], nvidia: [devGpuRoot(devPki)] },
    { production: false },
  ),
)

export const judgeGpu = (
  evidence: GpuEvidence,
  context: Partial<VerifyContext> = {},
): Promise<Verdict> =>
  settle(examineGpu(evidence, { ...gpuContext, ...context }), checkSignaturesByNode)
