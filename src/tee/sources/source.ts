/** @module Where a confidential guest gets its evidence: one question at a time, each answer compared with what was asked (CONF §13). */
import { sameBytes } from '../../core/bytes.ts'
import { type Clock, deadline } from '../../core/clock.ts'
import { TeeError } from '../verify/codes.ts'
import { gpuNonceIn, reportDataIn } from './report-data.ts'

export const SOURCE_KINDS = ['configfs-tsm', 'coco', 'dstack', 'sim'] as const
export type SourceKind = (typeof SOURCE_KINDS)[number]

export interface QuoteEvidence {
  /** TDX quote or SNP report. */
  readonly quote: Uint8Array
  /** Runtime event log as the platform gives it, text. */
  readonly eventlog?: string
  readonly initdata?: string
  /** DER, leaf first: what an SNP host handed to the guest; empty when it did not. */
  readonly certs?: readonly Uint8Array[]
}

/** One GPU's answer. `evidence`: request ‖ response; `certificate`: PEM text as bytes, leaf first. */
export interface GpuAnswer {
  readonly arch: string
  readonly evidence: Uint8Array
  readonly certificate: Uint8Array
}

/** What one platform interface can do; `signal` aborts when nobody waits any more. */
export interface RawSource {
  readonly kind: SourceKind
  readonly tee: 'tdx' | 'snp'
  quote(reportData: Uint8Array, signal: AbortSignal): Promise<QuoteEvidence>
  gpu(nonce: Uint8Array, signal: AbortSignal): Promise<readonly GpuAnswer[]>
}

export interface EvidenceSource {
  readonly kind: SourceKind
  readonly tee: 'tdx' | 'snp'
  /** A quote over exactly these 64 bytes. Throws `SRC_*`. */
  quote(reportData: Uint8Array): Promise<QuoteEvidence>
  /** One answer per GPU, over exactly this nonce of 32 bytes; empty where there are no GPUs. Throws `SRC_*`. */
  gpu(nonce: Uint8Array): Promise<readonly GpuAnswer[]>
}

/** A quote takes 39 to 50 ms; one that takes 200 times as long will not come. Waiting for one's turn counts. */
export const SOURCE_TIMEOUT_MS = 10_000
export const REPORT_DATA_BYTES = 64
const GPU_NONCE_BYTES = 32

/**
 * `raw` with its rules: one call at a time, `SRC_TIMEOUT` after 10 s, `SRC_MISMATCH` when the answer is over other bytes
 * than asked (another writer, or an interface that read them as text), `SRC_IO` for whatever else goes wrong.
 */
export function createSource(raw: RawSource, clock: Clock): EvidenceSource {
  let before: Promise<unknown> = Promise.resolve()
  const inTurn = async <T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const limit = deadline(clock, SOURCE_TIMEOUT_MS)
    const turn = before.then(() => {
      limit.signal.throwIfAborted()
      return ask(limit.signal)
    })
    // The next call waits for the real end of this one, even when its asker has given up.
    before = turn.catch(() => undefined)
    try {
      return await Promise.race([turn, abortOf(limit.signal)])
    } catch (error) {
      if (error instanceof TeeError) throw error
      throw new TeeError(limit.signal.aborted ? 'SRC_TIMEOUT' : 'SRC_IO')
    } finally {
      limit.dispose()
    }
  }
  return {
    kind: raw.kind,
    tee: raw.tee,
    quote: async (reportData) => {
      mustMeasure(reportData, REPORT_DATA_BYTES)
      const answer = await inTurn((signal) => raw.quote(reportData, signal))
      const quoted = reportDataIn(raw.tee, answer.quote)
      if (!quoted || !sameBytes(quoted, reportData)) throw new TeeError('SRC_MISMATCH')
      return answer
    },
    gpu: async (nonce) => {
      mustMeasure(nonce, GPU_NONCE_BYTES)
      const answers = await inTurn((signal) => raw.gpu(nonce, signal))
      for (const { evidence } of answers) {
        const asked = gpuNonceIn(evidence)
        if (!asked || !sameBytes(asked, nonce)) throw new TeeError('SRC_MISMATCH')
      }
      return answers
    },
  }
}

function mustMeasure(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new TypeError(`not ${length} bytes`)
}

/** Rejects as soon as `signal` aborts; never resolves. */
const abortOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new TeeError('SRC_TIMEOUT')), { once: true })
  })
