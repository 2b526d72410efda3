/** @module Whether a process still runs, also when its number has since been given to another one. */
import { readFileSync } from 'node:fs'

/** A process as a file names it for later: number, and start time where the machine tells it. */
export interface ProcessMark {
  readonly pid: number
  /** Clock ticks since boot, from `/proc`; tells a number used again from its first owner. */
  readonly start?: string | undefined
}

/** The mark of a running process, this one by default. */
export const markOf = (pid: number = process.pid): ProcessMark => ({
  pid,
  start: statOf(pid)?.start,
})

/**
 * True while the marked process runs, also under another user. A process that ended and whose parent has not asked
 * for it yet counts as gone: it holds nothing. Not checked: processes of another PID namespace; without `/proc`, numbers used again.
 */
export function isProcessAlive({ pid, start }: ProcessMark): boolean {
  // 0 and negative numbers would ask for whole groups.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  const now = statOf(pid)
  if (now === undefined) return true
  if (now.state === 'Z' || now.state === 'X') return false
  return start === undefined || start === now.start
}

/** State letter and start time out of `/proc/<pid>/stat`; undefined where there is none. */
function statOf(pid: number): { state: string; start: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    // The command name in parentheses may hold spaces and parentheses; after it come the fields from the third on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', start: fields[19] }
  } catch {
    return undefined
  }
}
