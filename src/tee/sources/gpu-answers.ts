/** @module The common form in which agents hand out GPU evidence: a list of texts, hex or base64. */
import { z } from 'zod'
import { fromBase64, fromHex, utf8 } from '../../core/bytes.ts'
import { TeeError } from '../verify/codes.ts'
import type { GpuAnswer } from './source.ts'

/** The limits of one worker's evidence (CONF §3). */
const MAX_GPUS = 16
const MAX_TEXT = 65_536

const shape = z
  .array(
    z.object({
      arch: z.string().max(32),
      evidence: z.string().max(MAX_TEXT),
      certificate: z.string().max(MAX_TEXT),
    }),
  )
  .max(MAX_GPUS)

/** Throws `SRC_IO` for another form. */
export function gpuAnswersOf(value: unknown): readonly GpuAnswer[] {
  const parsed = shape.safeParse(value)
  if (!parsed.success) throw new TeeError('SRC_IO')
  return parsed.data.map(({ arch, evidence, certificate }) => ({
    arch: arch.toUpperCase(),
    evidence: bytesOf(evidence),
    certificate: certificate.startsWith('-----BEGIN') ? utf8(certificate) : bytesOf(certificate),
  }))
}

/** Hex where it can be read as such: no base64 of evidence is free of letters beyond f. */
function bytesOf(text: string): Uint8Array {
  const bytes = fromHex(text.toLowerCase()) ?? fromBase64(text)
  if (!bytes) throw new TeeError('SRC_IO')
  return bytes
}
