/** @module The evidence source of a simulated machine: real formats over the dev PKI, for the dev network only (CONF §15). */
import type { Clock } from '../../core/clock.ts'
import type { GpuAnswer, RawSource } from '../sources/source.ts'
import type { DevPki } from './pki.ts'
import { type DevTdxWish, devTdx } from './tdx.ts'

export interface SimulatedMachine {
  /** Names the machine: each name has an identity of its own. */
  readonly machine?: string
  readonly registers?: DevTdxWish['registers']
  readonly edits?: DevTdxWish['edits']
  /** Evidence of simulated GPUs over a nonce; none by default. */
  readonly gpus?: (nonce: Uint8Array) => readonly GpuAnswer[]
}

export function simulatedSource(
  pki: DevPki,
  clock: Clock,
  { machine, registers, edits, gpus }: SimulatedMachine = {},
): RawSource {
  return {
    kind: 'sim',
    tee: 'tdx',
    quote: async (reportData) => {
      const { quote } = devTdx(pki, {
        nowMs: clock.now(),
        reportData,
        ...(machine !== undefined && { machine }),
        ...(registers && { registers }),
        ...(edits && { edits }),
      })
      return { quote }
    },
    gpu: async (nonce) => gpus?.(nonce) ?? [],
  }
}
