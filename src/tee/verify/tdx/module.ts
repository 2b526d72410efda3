/** @module The TDX module: signed by Intel, with allowed attributes, at which version (CONF §10). */
import { sameBytes } from '../../../core/bytes.ts'
import type { Findings } from '../findings.ts'
import type { TdReport } from './quote.ts'
import { type Match, matchIsv } from './tcb.ts'
import type { ModuleMark, TcbInfo } from './tcb-info.ts'

/**
 * Judges the module by the identity of its major version (`teeTcbSvn[1]`), or by `tdxModule` for version 0, which has
 * no levels. Notes `TDX_MODULE`, `TDX_MODULE_TCB`, `TDX_SEAM`.
 */
export function checkModule(
  report: TdReport,
  info: TcbInfo,
  findings: Findings,
): Match | undefined {
  const [isvSvn = 0, major = 0] = report.teeTcbSvn
  if (major === 0) {
    findings.check(isMarked(report, info.module), 'TDX_SEAM')
    return undefined
  }
  const id = `TDX_${major.toString(16).padStart(2, '0').toUpperCase()}`
  const identity = info.modules.find((one) => one.id === id)
  findings.check(identity !== undefined, 'TDX_MODULE')
  if (!identity) return undefined
  findings.check(isMarked(report, identity), 'TDX_SEAM')
  const match = matchIsv(identity.levels, isvSvn)
  findings.check(match !== undefined, 'TDX_MODULE_TCB')
  return match
}

/** Same signer, same attributes under the mask, and no attribute outside it. */
function isMarked({ mrSignerSeam, seamAttributes }: TdReport, mark: ModuleMark): boolean {
  const isAllowed = seamAttributes.every((bits, at) => {
    const mask = mark.mask[at] ?? 0
    return (bits & mask) === ((mark.attributes[at] ?? 0) & mask) && (bits & ~mask) === 0
  })
  return isAllowed && sameBytes(mrSignerSeam, mark.mrSigner)
}
