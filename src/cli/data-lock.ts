/** @module One running system per data folder: a pid file taken with O_EXCL; one left by a dead process is taken over. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../core/app-error.ts'

/** Takes the folder or throws `config.data-folder` with the pid that has it. Returns the release. */
export function lockDataFolder(dataDir: string): () => void {
  const file = join(dataDir, 'start.pid')
  for (let isRetry = false; ; isRetry = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 })
      return () => rmSync(file, { force: true })
    } catch (cause) {
      const pid = Number(readFileSync(file, 'utf8'))
      if (isRetry || isAlive(pid)) throw new AppError('config.data-folder', { pid }, { cause })
      rmSync(file, { force: true })
    }
  }
}

/** True when a process of this number runs; signal 0 only asks. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('cli.ts')
  } catch {
    return false
  }
}
