/** @module A lock file that names its owner: taken whole or not at all, and taken over when its owner is gone. */
import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isProcessAlive, markOf } from './process-alive.ts'

type Taken =
  | { readonly release: () => void }
  /** The running process that has the file. */
  | { readonly release: undefined; readonly pid: number }

/** Takes `file` for this process, or says who has it. Not checked: processes of another PID namespace that share the folder. */
export function takeLockFile(file: string): Taken {
  mkdirSync(dirname(file), { recursive: true })
  const { pid, start } = markOf()
  const mine = `${pid} ${start ?? ''} ${randomUUID()}`
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, mine, { mode: 0o600, flag: 'wx' })
  try {
    while (!tryLink(draft, file)) {
      const owner = removeStale(file)
      if (owner !== undefined) return { release: undefined, pid: owner }
    }
  } finally {
    rmSync(draft, { force: true })
  }
  return {
    release: () => {
      if (readIfThere(file) === mine) rmSync(file, { force: true })
    },
  }
}

/** `link` fails when the name exists and shows the whole content at once when not, unlike create-then-write. */
function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Removes the lock of a dead process, or gives the living owner. Renamed first: only one of two rivals gets the file. */
function removeStale(file: string): number | undefined {
  const seen = readIfThere(file)
  if (seen === undefined) return undefined
  const [pid = '', start = ''] = seen.split(' ')
  const owner = { pid: Number(pid), start: start === '' ? undefined : start }
  if (isProcessAlive(owner)) return owner.pid
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
  } catch {
    return undefined
  }
  // A rival may have replaced the stale lock between our read and the rename: its lock is put back.
  if (readIfThere(aside) !== seen) linkSync(aside, file)
  rmSync(aside, { force: true })
  return undefined
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
