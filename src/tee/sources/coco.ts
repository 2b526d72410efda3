/** @module Evidence from the Confidential Containers guest API: the attestation agent on loopback. */
import { z } from 'zod'
import { fromBase64, fromHex, toBase64url } from '../../core/bytes.ts'
import { TeeError } from '../verify/codes.ts'
import { chainOfEntries, reportOfAgent } from './coco-snp.ts'
import { gpuAnswersOf } from './gpu-answers.ts'
import { type AgentAddress, askAgent, parseAnswer } from './http.ts'
import { type QuoteEvidence, type RawSource, REPORT_DATA_BYTES } from './source.ts'

export const COCO_ADDRESS: AgentAddress = { port: 8006 }

const tdxShape = z.object({ quote: z.string().max(65_536), cc_eventlog: z.string().nullish() })
const snpShape = z.object({ attestation_report: z.unknown(), cert_chain: z.unknown().optional() })
const extraShape = z.object({
  nvidia: z.object({ device_evidence_list: z.unknown().optional() }).optional(),
})

type Found = QuoteEvidence & { readonly tee: 'tdx' | 'snp' }

/**
 * Asks once, over zeros, to see which TEE answers. Throws `SRC_ABSENT` when no agent listens. Builds that do not know
 * `encoding` quote the text itself: the caller's comparison finds that.
 */
export async function openCoco(address: AgentAddress, signal: AbortSignal): Promise<RawSource> {
  const { tee } = await evidenceOf(address, new Uint8Array(REPORT_DATA_BYTES), signal)
  return {
    kind: 'coco',
    tee,
    quote: async (reportData, limit) => {
      const { tee: now, ...evidence } = await evidenceOf(address, reportData, limit)
      if (now !== tee) throw new TeeError('SRC_MISMATCH')
      return evidence
    },
    gpu: async (nonce, limit) => {
      const path = `/aa/additional-evidence?runtime_data=${toBase64url(nonce)}&encoding=base64`
      const parsed = extraShape.safeParse(await ask(address, path, limit))
      if (!parsed.success) throw new TeeError('SRC_IO')
      const { nvidia } = parsed.data
      return nvidia ? gpuAnswersOf(nvidia.device_evidence_list) : []
    },
  }
}

async function evidenceOf(
  address: AgentAddress,
  reportData: Uint8Array,
  signal: AbortSignal,
): Promise<Found> {
  const path = `/aa/evidence?runtime_data=${toBase64url(reportData)}&encoding=base64`
  const answer = await ask(address, path, signal)
  const tdx = tdxShape.safeParse(answer)
  if (tdx.success) {
    const eventlog = tdx.data.cc_eventlog
    const quote = fromBase64(tdx.data.quote) ?? fromHex(tdx.data.quote)
    if (!quote) throw new TeeError('SRC_IO')
    return { tee: 'tdx', quote, ...(eventlog ? { eventlog } : {}) }
  }
  const snp = snpShape.safeParse(answer)
  if (!snp.success || snp.data.attestation_report === undefined) throw new TeeError('SRC_IO')
  const quote = reportOfAgent(snp.data.attestation_report)
  return { tee: 'snp', quote, certs: chainOfEntries(snp.data.cert_chain) }
}

const ask = async (address: AgentAddress, path: string, signal: AbortSignal): Promise<unknown> =>
  parseAnswer(await askAgent(address, { method: 'GET', path }, signal))
