/** @module NVIDIA GPU evidence: one SPDM measurement report and the chain of the key that signed it (CONF §11). Hopper only. */
import { sameBytes, toHex } from '../../../core/bytes.ts'
import { checkChain } from '../chain.ts'
import { TeeError } from '../codes.ts'
import type { Examination, Measurements, VerifyContext } from '../examination.ts'
import { Findings } from '../findings.ts'
import { pemToDer } from '../pem.ts'
import { type Certificate, commonName, parseCertificate } from '../x509.ts'
import { parseSpdmReport, type SpdmReport } from './spdm.ts'

export interface GpuEvidence {
  /** Request ‖ response. */
  readonly evidence: Uint8Array
  /** PEM text or DER, leaf first, root last. */
  readonly chain: string | readonly Uint8Array[]
  /** 32 bytes that must have been asked with; where it is absent, no one is promised that the report is fresh. */
  readonly nonce?: Uint8Array
  /** What the sender says it is; the certificates decide. */
  readonly arch?: string
}

/** Leaf, boot ROM of this GPU, two provisioning authorities, root. */
const CHAIN_LENGTH = 5
const ARCHITECTURE = 'HOPPER'
/** Certificates of GH100, the one chip of that architecture; other steppings differ in the digits. */
const LEAF_NAME = /GH100 A0\d GSP FMC LF$/
const BROM_NAME = /GH100 A0\d GSP BROM$/
/** TCG DICE TCBInfo, which ends in the digest of the firmware that the leaf's key belongs to. */
const DICE_TCB_INFO = '2.23.133.5.4.1'
const FWID_BYTES = 48
const SINGLE_GPU = 0
/** Measurement of the first video decoder's firmware: says nothing while it is off. */
const DECODER_INDEX = '35'

/**
 * Examines `evidence` by itself; never throws for what a stranger sent. Notes `X509_*`, `GPU_LAYOUT`, `GPU_ARCH`,
 * `GPU_FWID`, `GPU_SIG`, `GPU_NONCE`. Does not see revocations (only NVIDIA's service does, see `tee/evidence/nras.ts`), versions
 * and golden measurements (the policy's), or whether the GPU is in the machine that showed its evidence (nothing does).
 */
export function examineGpu(input: GpuEvidence, context: VerifyContext): Examination {
  const findings = new Findings()
  if (!Number.isSafeInteger(context.nowMs)) {
    findings.check(false, 'X509_NOW')
    return findings.examination('nvidia', {})
  }
  findings.check(input.arch === undefined || input.arch === ARCHITECTURE, 'GPU_ARCH')
  const chain = findings.attempt(() => readChain(input.chain))
  if (chain) {
    const roots = context.anchors.nvidia
    checkChain(chain, { length: CHAIN_LENGTH, alg: 'p384-sha384', roots }, { context, findings })
    findings.check(isHopper(chain), 'GPU_ARCH')
  }
  const report = findings.attempt(() => parseSpdmReport(input.evidence))
  if (!report) return findings.examination('nvidia', {})
  const { nonce, opaque } = report
  if (input.nonce) findings.check(sameBytes(nonce, input.nonce), 'GPU_NONCE')
  // Several GPUs joined by switches need the switches' evidence too, which is not read here.
  findings.check(opaque.feature === SINGLE_GPU, 'GPU_ARCH')
  const [leaf, brom] = chain ?? []
  if (leaf) checkLeaf({ leaf, report }, findings)
  return findings.examination('nvidia', {
    measurements: measurementsOf(report),
    ...(brom ? { hardware: toHex(context.hashes.sha256(brom.spki)) } : {}),
    reportData: nonce,
  })
}

function readChain(chain: GpuEvidence['chain']): readonly Certificate[] {
  const ders = typeof chain === 'string' ? pemToDer(chain, CHAIN_LENGTH) : chain
  if (ders.length > CHAIN_LENGTH) throw new TeeError('X509_CHAIN')
  return ders.map(parseCertificate)
}

function isHopper([leaf, brom]: readonly Certificate[]): boolean {
  const names = [leaf, brom].map((one) => (one && commonName(one.subject)) ?? '')
  return LEAF_NAME.test(names[0] ?? '') && BROM_NAME.test(names[1] ?? '')
}

/** The signing key belongs to firmware of this digest, and that firmware is what the report speaks of. */
function checkLeaf(
  { leaf, report }: { leaf: Certificate; report: SpdmReport },
  findings: Findings,
): void {
  const fwid = leaf.extensions.get(DICE_TCB_INFO)?.slice(-FWID_BYTES)
  const reported = report.opaque.fwid
  findings.check(
    fwid?.length === FWID_BYTES && reported !== undefined && sameBytes(fwid, reported),
    'GPU_FWID',
  )
  findings.sign({
    alg: 'p384-sha384',
    spki: leaf.spki,
    message: report.signed,
    signature: report.signature,
    code: 'GPU_SIG',
  })
}

function measurementsOf({ blocks, opaque }: SpdmReport): Measurements {
  const { [DECODER_INDEX]: decoder, ...others } = blocks
  return {
    tee: 'nvidia',
    driver: opaque.driver,
    vbios: opaque.vbios,
    fwid: opaque.fwid ? toHex(opaque.fwid) : '',
    blocks: opaque.decoder && decoder !== undefined ? blocks : others,
  }
}
