/** @module Which platform states a policy tolerates: the vendor's status for Intel, lowest version numbers for AMD (CONF §12). */
import type { TeeCode } from '../codes.ts'
import type { Measurements, Tcb } from '../examination.ts'
import type { Policy } from './document.ts'
import type { SnpEntry } from './entry.ts'

const dayMs = 86_400_000

/** Failed codes, and until when a tolerated platform may go on (unix ms; absent = not limited by this). */
interface TcbJudgement {
  readonly failed: readonly TeeCode[]
  readonly untilMs?: number
}

/**
 * `UpToDate` passes. `SWHardeningNeeded` passes with all of its advisories listed, of which there must be one.
 * `OutOfDate` passes for the policy's days after the level that outdated it. Nothing else does, whatever the policy says.
 */
export function judgeIntelTcb(tcb: Tcb | undefined, policy: Policy, nowMs: number): TcbJudgement {
  if (!tcb) return { failed: ['TCB_UNKNOWN'] }
  const old: TeeCode[] = tcb.evalNumber >= policy.minEvalNumber ? [] : ['COL_EVAL_NUMBER']
  switch (tcb.status) {
    case 'UpToDate':
      return { failed: old }
    case 'SWHardeningNeeded': {
      const { advisories } = tcb
      const isListed = advisories.every((one) => policy.tcb.advisories.includes(one))
      return { failed: advisories.length > 0 && isListed ? old : [...old, 'TCB_STATUS'] }
    }
    case 'OutOfDate': {
      const untilMs = tcb.newestDateMs + policy.tcb.outOfDateDays * dayMs
      const isTolerated = policy.tcb.outOfDateDays > 0 && nowMs <= untilMs
      return isTolerated ? { failed: old, untilMs } : { failed: [...old, 'TCB_STATUS'] }
    }
    case 'Revoked':
      return { failed: [...old, 'TCB_REVOKED'] }
    case 'ConfigurationNeeded':
    case 'ConfigurationAndSWHardeningNeeded':
    case 'OutOfDateConfigurationNeeded':
      return { failed: [...old, 'TCB_STATUS'] }
  }
}

/** Reported, committed and launch versions all reach the entry's minimum; a version that is not there does not. */
export function judgeAmdTcb(
  measured: Extract<Measurements, { tee: 'snp' }>,
  { snp }: SnpEntry,
): readonly TeeCode[] {
  const versions = [measured.reportedTcb, measured.committedTcb, measured.launchTcb]
  const isEnough = Object.entries(snp.minTcb).every(([part, least]) =>
    versions.every((version) => (version[part] ?? -1) >= least),
  )
  return isEnough ? [] : ['TCB_MIN']
}
