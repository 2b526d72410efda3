/** @module What the guest's own report shows without any collateral: no debugger, no page tricks, no service guest (CONF §10). */
import { allZero, toHex, u64le } from '../../../core/bytes.ts'
import type { Measurements } from '../examination.ts'
import type { Findings } from '../findings.ts'
import type { TdReport } from './quote.ts'

const DEBUG = 1n << 0n
/** Without it the host can make pages of the guest vanish and come back; Linux needs it set. */
const SEPT_VE_DISABLE = 1n << 28n
/** Bits 1–7, 8–27, 29, 32–62. What is left (30 PKS, 31 KL, 63 PERFMON) a policy allows by the exact value. */
const RESERVED = 0x7fff_ffff_2fff_fffen

/** x87 and SSE state belong to every guest; nothing outside what Intel lists as possible. */
const XFAM_FIXED = 0x3n
const XFAM_POSSIBLE = 0x0006_dbe7n

/** Notes `TDX_DEBUG`, `TDX_ATTR`, `TDX_SEPT_VE`, `TDX_XFAM`, `TDX_SERVICE_TD`. */
export function checkGuest(report: TdReport, findings: Findings): void {
  const attributes = u64le(report.tdAttributes, 0)
  findings.check((attributes & DEBUG) === 0n, 'TDX_DEBUG')
  findings.check((attributes & RESERVED) === 0n, 'TDX_ATTR')
  findings.check((attributes & SEPT_VE_DISABLE) !== 0n, 'TDX_SEPT_VE')
  const xfam = u64le(report.xfam, 0)
  const isPossible = (xfam & XFAM_FIXED) === XFAM_FIXED && (xfam & ~XFAM_POSSIBLE) === 0n
  findings.check(isPossible, 'TDX_XFAM')
  findings.check(!report.mrServiceTd || allZero(report.mrServiceTd), 'TDX_SERVICE_TD')
}

export function measurementsOf(report: TdReport): Measurements {
  const [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmr
  return {
    tee: 'tdx',
    mrTd: toHex(report.mrTd),
    rtmr0: toHex(rtmr0),
    rtmr1: toHex(rtmr1),
    rtmr2: toHex(rtmr2),
    rtmr3: toHex(rtmr3),
    mrConfigId: toHex(report.mrConfigId),
    mrOwner: toHex(report.mrOwner),
    mrOwnerConfig: toHex(report.mrOwnerConfig),
    tdAttributes: toHex(report.tdAttributes),
    xfam: toHex(report.xfam),
  }
}
