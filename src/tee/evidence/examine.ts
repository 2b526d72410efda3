/** @module From a machine's bytes to verdicts: which kind it is, its collateral, its signatures. The evidence alone; no policy, no claims (CONF §9–§11). */
import { fromUtf8 } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { SnpChip } from '../collateral/amd.ts'
import type { CollateralStore, SnpCollateral } from '../collateral/store.ts'
import { platformOf } from '../collateral/tdx-platform.ts'
import { sha256Hex, toBase64url, toHex, utf8 } from '../crypto/binary.ts'
import { checkSignaturesByNode, nodeHashes } from '../crypto/node-crypto.ts'
import type { Anchors } from '../verify/anchors.ts'
import { inTableOrder, type TeeCode, TeeError } from '../verify/codes.ts'
import type { Collateral } from '../verify/collateral.ts'
import type { Examination, Verdict, VerifyContext } from '../verify/examination.ts'
import { examineGpu } from '../verify/nvidia/verify.ts'
import { settle } from '../verify/settle.ts'
import { parseSnpReport, SNP_REPORT_BYTES } from '../verify/snp/report.ts'
import { tcbOf } from '../verify/snp/tcb.ts'
import { examineSnp } from '../verify/snp/verify.ts'
import { examineTdx } from '../verify/tdx/verify.ts'
import type { VerdictCache } from './verdict-cache.ts'

/** A CPU's verdict with what it was made from, for the evidence record. */
export interface ExaminedCpu {
  readonly tee: 'tdx' | 'snp'
  readonly verdict: Verdict
  readonly collateral: Collateral | null
  /** SNP: DER as base64url, leaf first, and AMD's list. */
  readonly certificates?: readonly string[]
  readonly crl?: string
}

export interface Examiner {
  /** A TDX quote or an SNP report. Never throws for what a stranger sent. */
  cpu(quote: Uint8Array, bound: { expected: Uint8Array; epoch: number }): Promise<ExaminedCpu>
  /** One GPU's report (request ‖ response) and its chain as PEM bytes. Never throws for what a stranger sent. */
  gpu(
    shown: { readonly evidence: Uint8Array; readonly certificate: Uint8Array },
    bound: { nonce: Uint8Array; epoch: number },
  ): Promise<Verdict>
}

export function createExaminer(deps: {
  anchors: Anchors
  collateral: CollateralStore
  cache: VerdictCache
  clock: Clock
}): Examiner {
  const { anchors, collateral, cache, clock } = deps
  const context = (): VerifyContext => ({
    nowMs: clock.now(),
    anchors,
    hashes: nodeHashes,
    tcbJudge: 'policy',
  })

  const tdx: Examiner['cpu'] = async (quote, { expected, epoch }) => {
    const found = await attempt(async () => {
      const platform = platformOf(quote)
      // Strangers must not make us ask vendors for machines that do not exist.
      if (!collateral.knows(platform))
        await believable(await settled(examineTdx({ quote }, context())))
      return collateral.tdx(platform)
    })
    const used = found.value
    const verdict = await cache.verdictOn(
      { evidence: [quote], collateral: used ? digestOf(used) : '', epoch, expected },
      () =>
        settled(examineTdx({ quote, ...(used && { collateral: used }) }, context()), found.code),
    )
    return { tee: 'tdx', verdict, collateral: used ?? null }
  }

  const snp: Examiner['cpu'] = async (report, { expected, epoch }) => {
    const found = await attempt(async () => collateral.snp(chipOf(report)))
    const { chain = [], crl }: Partial<SnpCollateral> = found.value ?? {}
    const certificates = chain.map(toBase64url)
    const verdict = await cache.verdictOn(
      {
        evidence: [report, ...chain],
        collateral: crl ? sha256Hex(crl) : '',
        epoch,
        expected,
      },
      () => settled(examineSnp({ report, chain, ...(crl && { crl }) }, context()), found.code),
    )
    return {
      tee: 'snp',
      verdict,
      collateral: null,
      certificates,
      ...(crl && { crl: toBase64url(crl) }),
    }
  }

  return {
    cpu: (quote, bound) =>
      quote.length === SNP_REPORT_BYTES ? snp(quote, bound) : tdx(quote, bound),
    gpu: async ({ evidence, certificate }, { nonce, epoch }) =>
      cache.verdictOn(
        { evidence: [evidence, certificate], collateral: '', epoch, expected: nonce },
        () => {
          const chain = fromUtf8(certificate) ?? ''
          return settled(examineGpu({ evidence, chain, nonce }, context()))
        },
      ),
  }
}

async function settled(examination: Examination, also?: TeeCode): Promise<Verdict> {
  const failed = also ? inTableOrder([...examination.failed, also]) : examination.failed
  return settle({ ...examination, failed }, checkSignaturesByNode)
}

/** What a genuine machine may still be refused for: its collateral is worth fetching all the same. */
const GENUINE: ReadonlySet<TeeCode> = new Set([
  'COL_FETCH',
  'CRL_MISSING',
  'TDX_QE_DEBUG',
  'TDX_DEBUG',
  'TDX_ATTR',
  'TDX_SEPT_VE',
  'TDX_XFAM',
  'TDX_SERVICE_TD',
])
async function believable({ failed }: Verdict): Promise<void> {
  const own = failed.find((code) => !GENUINE.has(code))
  if (own) throw new TeeError(own)
}

const digestOf = (collateral: Collateral): string => sha256Hex(utf8(JSON.stringify(collateral)))

function chipOf(report: Uint8Array): SnpChip {
  const { product, chipId, reportedTcb, signer } = parseSnpReport(report)
  if (product === undefined || product === 'unknown') throw new TeeError('SNP_PRODUCT')
  if (signer !== 'vcek') throw new TeeError('SNP_SIGNER')
  return { product, signer, chipId: toHex(chipId), tcb: tcbOf(product, reportedTcb) }
}

async function attempt<T>(step: () => Promise<T>): Promise<{ value?: T; code?: TeeCode }> {
  try {
    return { value: await step() }
  } catch (error) {
    if (error instanceof TeeError) return { code: error.code }
    throw error
  }
}
