/** @module The level of security versions that a platform reaches, and what several levels together say (Intel's published algorithm). */
import type { Tcb, TcbStatus } from '../examination.ts'
import type { PckExtension } from './pck-extension.ts'
import type { IsvLevel, Level, PlatformLevel } from './tcb-info.ts'

/** A matched level and the list it stands in. */
export interface Match {
  readonly level: Level
  readonly list: readonly Level[]
}

/**
 * The first level whose 16 components, PCE version and TDX versions the platform reaches. With TDX module versions
 * above 0 (`teeTcbSvn[1]`) the first two TDX components are the module's and judged by its identity instead.
 */
export function matchPlatform(
  list: readonly PlatformLevel[],
  pck: PckExtension,
  teeTcbSvn: Uint8Array,
): Match | undefined {
  const from = (teeTcbSvn[1] ?? 0) > 0 ? 2 : 0
  const level = list.find(
    ({ sgx, tdx, pceSvn }) =>
      pck.pceSvn >= pceSvn &&
      sgx.every((svn, at) => (pck.components[at] ?? -1) >= svn) &&
      tdx.every((svn, at) => at < from || (teeTcbSvn[at] ?? -1) >= svn),
  )
  return level && { level, list }
}

/** The first level that `isvSvn` reaches. */
export function matchIsv(list: readonly IsvLevel[], isvSvn: number): Match | undefined {
  const level = list.find((one) => isvSvn >= one.isvSvn)
  return level && { level, list }
}

/**
 * What platform, quoting enclave and module say together: everything that any of them lacks, and Revoked above all.
 * Undefined when one of the statuses is unknown.
 */
export function joinStatus(matches: readonly Match[]): TcbStatus | undefined {
  const statuses = matches.map(({ level }) => level.status)
  const has = (word: string): boolean => statuses.some((status) => status?.includes(word) === true)
  if (statuses.length === 0 || statuses.includes(undefined)) return undefined
  if (has('Revoked')) return 'Revoked'
  const needsConfiguration = has('Configuration')
  if (has('OutOfDate')) return needsConfiguration ? 'OutOfDateConfigurationNeeded' : 'OutOfDate'
  if (has('SWHardening'))
    return needsConfiguration ? 'ConfigurationAndSWHardeningNeeded' : 'SWHardeningNeeded'
  return needsConfiguration ? 'ConfigurationNeeded' : 'UpToDate'
}

/** State of the platform for the policy; undefined when a status is unknown. */
export function tcbOf(matches: readonly Match[], evalNumber: number): Tcb | undefined {
  const status = joinStatus(matches)
  if (!status) return undefined
  const dateMs = Math.min(...matches.map(({ level }) => level.dateMs))
  const stale = matches.filter(({ level }) => level.status?.startsWith('OutOfDate') === true)
  return {
    status,
    advisories: [...new Set(matches.flatMap(({ level }) => level.advisories))],
    dateMs,
    newestDateMs: stale.length === 0 ? dateMs : Math.min(...stale.map(outOfDateSince)),
    evalNumber,
  }
}

/** Date of the oldest level that is newer than the matched one and up to date; of the matched one where there is none. */
function outOfDateSince({ level, list }: Match): number {
  const newer = list.filter(({ status, dateMs }) => status === 'UpToDate' && dateMs > level.dateMs)
  return newer.length === 0 ? level.dateMs : Math.min(...newer.map(({ dateMs }) => dateMs))
}
