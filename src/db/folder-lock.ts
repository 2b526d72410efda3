/** @module One process per PGlite folder: a lock file with the owner's pid and start time, so that a dead owner is noticed. */
import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '../core/app-error.ts'

/**
 * Takes `<folder>.lock` and returns its release. A lock whose process is gone is taken over.
 * Throws `db.in-use`. Not checked: processes in another PID namespace that share the folder.
 */
export function lockFolder(folder: string): () => void {
  const file = `${folder.replace(/\/+$/, '')}.lock`
  mkdirSync(dirname(file), { recursive: true })
  const mine = `${process.pid} ${startOf(process.pid) ?? ''} ${randomUUID()}`
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, mine, { mode: 0o600, flag: 'wx' })
  try {
    while (!takeLock(draft, file)) removeStale(file)
  } finally {
    rmSync(draft, { force: true })
  }
  return () => {
    if (readIfThere(file) === mine) rmSync(file, { force: true })
  }
}

/** `link` fails when the name exists and shows the whole content at once when not, unlike create-then-write. */
function takeLock(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Removes the lock of a dead process, or throws `db.in-use`. Renamed first: only one of two rivals gets the file. */
function removeStale(file: string): void {
  const seen = readIfThere(file)
  if (seen === undefined) return
  if (isAlive(seen)) throw new AppError('db.in-use')
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  // A rival may have replaced the stale lock between our read and the rename: its lock is put back.
  if (readIfThere(aside) !== seen) linkSync(aside, file)
  rmSync(aside, { force: true })
}

function isAlive(lock: string): boolean {
  const [pid = '', started = ''] = lock.split(' ')
  if (!/^\d+$/.test(pid)) return false
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const now = startOf(Number(pid))
  return started === '' || now === undefined || now === started
}

/** Start time of a process in clock ticks since boot, where /proc exists: tells a reused pid from its first owner. */
function startOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  // Field 22; the command name in parentheses may hold spaces.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
