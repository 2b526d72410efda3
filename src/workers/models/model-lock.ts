/** @module One puller per model: a lock file whose holder is known to be alive. */
import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { isProcessAlive, markOf } from '../../core/process-alive.ts'

const holderSchema = z.object({
  pid: z.number().int(),
  start: z.string().optional(),
  host: z.string(),
  token: z.string(),
})
type Holder = z.infer<typeof holderSchema>

/** The holder touches the file this often… */
const BEAT_MS = 2000
/** …and is taken for dead after this: a process that slept so long finds its lock gone and stops. */
const STALE_MS = 30_000
const POLL_MS = 300

export interface ModelLock {
  /** Aborts when the lock was lost to another process. */
  readonly signal: AbortSignal
  /** True while the file still names this holder. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

interface LockRequest {
  readonly path: string
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Called once when another process holds the lock. */
  readonly onWait?: () => void
}

/**
 * Waits until `path` can be made by this process alone. A lock is taken over when its process is gone (same host)
 * or it was not touched for 30 s (another host or container that shares the folder).
 */
export async function lockModel({ path, signal, clock, onWait }: LockRequest): Promise<ModelLock> {
  const token = randomBytes(16).toString('hex')
  const own: Holder = { ...markOf(), host: hostname(), token }
  const draft = `${path}.${token}`
  await writeFile(draft, JSON.stringify(own))
  let hasWaited = false
  try {
    while (!(await tryLink(draft, path))) {
      signal.throwIfAborted()
      if (await removeStale(path, clock)) continue
      if (!hasWaited) onWait?.()
      hasWaited = true
      await clock.sleep(POLL_MS, signal)
    }
  } finally {
    await rm(draft, { force: true })
  }
  return hold({ path, token, clock })
}

function hold({ path, token, clock }: { path: string; token: string; clock: Clock }): ModelLock {
  const lost = new AbortController()
  const isHeld = async (): Promise<boolean> => (await readHolder(path))?.token === token
  const beat = async (): Promise<void> => {
    if (!(await isHeld())) {
      lost.abort(new DOMException('the lock was taken over', 'AbortError'))
      return
    }
    const now = clock.now() / 1000
    await utimes(path, now, now).catch(() => undefined)
  }
  // A beat answers to nobody: its outcome is the signal.
  const stop = clock.every(BEAT_MS, () => void beat())
  return {
    signal: lost.signal,
    isHeld,
    release: async () => {
      stop()
      if (await isHeld()) await rm(path, { force: true })
    },
  }
}

/** A hard link exists at once with its whole content, or not at all. */
async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Removes a dead holder's lock; true when it is worth trying again at once. */
async function removeStale(path: string, clock: Clock): Promise<boolean> {
  const holder = await readHolder(path)
  const touched = (await stat(path).catch(() => undefined))?.mtimeMs
  if (touched === undefined) return true
  const isGone = holder?.host === hostname() && !isProcessAlive(holder)
  if (!isGone && clock.now() - touched < STALE_MS) return false
  // Moved away first: of two that found it dead, one moves it and the other may have moved a fresh lock.
  const aside = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await rename(path, aside)
  } catch {
    return true
  }
  const moved = await readHolder(aside)
  if (moved?.token !== holder?.token) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
  return true
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}
