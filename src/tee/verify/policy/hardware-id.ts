/** @module The name of a machine in policies, enrolments and records: a hash, so that lists of machines are no lists of serial numbers (CONF §12). */
import { domain, fromHex, toHex, utf8 } from '../../../core/bytes.ts'
import type { Hashes } from '../examination.ts'

/** `hw = H("chrysalis/hw/1" ‖ 0 ‖ tee ‖ id)`, hex; `id` as the verdict gives it (PPID or chip id, hex). Undefined for what is no hex. */
export function hardwareHash(tee: 'tdx' | 'snp', id: string, hashes: Hashes): string | undefined {
  const raw = fromHex(id)
  if (!raw || raw.length === 0) return undefined
  return toHex(hashes.sha256(domain('chrysalis/hw/1', utf8(tee), raw)))
}
