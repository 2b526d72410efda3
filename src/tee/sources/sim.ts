/** @module Simulated evidence: a TDX machine, and where wished GPUs, of the dev network that belongs to a seed. Devnet only. */
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import { devGpu } from '../dev/gpu.ts'
import { createDevPki } from '../dev/pki.ts'
import { type DevTdxWish, devTdx } from '../dev/tdx.ts'
import { utf8 } from '../verify/bytes.ts'
import { TeeError } from '../verify/codes.ts'
import type { RawSource } from './source.ts'

interface SimOptions {
  readonly net: Net
  /** 32 bytes: from the devnet join token; the gateway derives the roots that it trusts from the same. */
  readonly seed: Uint8Array
  /** Names the simulated machine: each has a hardware id of its own. */
  readonly machine: string
  /** How many GPUs answer. */
  readonly gpus?: number
  /** What tests of refusals ask the machine to be like; see `devTdx` and `devGpu`. */
  readonly quoteWish?: Omit<DevTdxWish, 'nowMs' | 'reportData' | 'machine'>
  readonly clock: Clock
}

/** Throws `DEV_FORBIDDEN` for every network but devnet: the verifier there would refuse the evidence in any case. */
export function openSim(options: SimOptions): RawSource {
  const { net, seed, machine, gpus = 0, quoteWish, clock } = options
  if (net !== 'devnet') throw new TeeError('DEV_FORBIDDEN')
  const pki = createDevPki(seed)
  return {
    kind: 'sim',
    tee: 'tdx',
    quote: async (reportData) => ({
      quote: devTdx(pki, { ...quoteWish, nowMs: clock.now(), reportData, machine }).quote,
    }),
    gpu: async (nonce) =>
      Array.from({ length: gpus }, (_, place) => {
        const device = `${machine}/${place}`
        const { arch, evidence, certificate } = devGpu(pki, { nonce, device })
        return { arch, evidence, certificate: utf8(certificate) }
      }),
  }
}
