/** @module Bytes that have their report data where a quote has it, and nothing else: for sources, which only compare. */

export function quoteForm(
  tee: 'tdx' | 'tdx5' | 'snp',
  reportData: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { size, at, version } = {
    tdx: { size: 4935, at: 568, version: 4 },
    tdx5: { size: 5006, at: 574, version: 5 },
    snp: { size: 1184, at: 80, version: 3 },
  }[tee]
  const quote = new Uint8Array(size)
  quote[0] = version
  quote.set(reportData, at)
  return quote
}

/** A GPU's request for this nonce, without an answer. */
export function gpuForm(nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  const evidence = new Uint8Array(4130)
  evidence.set([0x11, 0xe0, 0x01, 0xff])
  evidence.set(nonce, 4)
  return evidence
}
