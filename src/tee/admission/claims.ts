/** @module What a worker claims about itself, and the bytes that bind the claims to its quote and its signature (CONF §4). */
import { createHash } from 'node:crypto'
import { canonicalBytes } from '../../core/canonical.ts'
import type { Claims, FrameOf } from '../../core/frames.ts'
import { domain, fromBase64url, sha256, sha256Hex, u32be } from '../crypto/binary.ts'

export type GpuEvidence = FrameOf<'evidence'>['gpu'][number]

/** SHA-512, 64 bytes: the whole report data of a CPU quote. */
export const reportData = (claims: Claims): Uint8Array =>
  createHash('sha512')
    .update(domain('chrysalis/rd/1', canonicalBytes(claims)))
    .digest()

/** 32 bytes: the nonce GPUs are asked with; the claims without `gpus`, which is filled from the answers. */
export function gpuNonce(claims: Omit<Claims, 'gpus'> & { gpus?: unknown }): Uint8Array {
  const { gpus: _gpus, ...rest } = claims
  return sha256(domain('chrysalis/gpu/1', canonicalBytes(rest)))
}

/** Hex hash of one GPU's evidence as it stands in `claims.gpus`; undefined when a member is not strict base64url. */
export function gpuHash({ evidence, certificate }: GpuEvidence): string | undefined {
  const report = fromBase64url(evidence)
  const chain = fromBase64url(certificate)
  if (!report || !chain) return undefined
  return sha256Hex(u32be(report.length), report, u32be(chain.length), chain)
}

/** What the receipt key signs to admit the worker: shows that it holds the fresh keys now. */
export const admitBytes = (claims: Claims): Uint8Array =>
  domain('chrysalis/admit/1', sha256(canonicalBytes(claims)))
