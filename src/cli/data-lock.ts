/** @module One running system per data folder: a lock file with its pid; one left by a dead process is taken over. */
import { join } from 'node:path'
import { AppError } from '../core/app-error.ts'
import { takeLockFile } from '../core/lock-file.ts'

/** Takes the folder or throws `config.data-folder` with the pid that has it. Returns the release. */
export function lockDataFolder(dataDir: string): () => void {
  const taken = takeLockFile(join(dataDir, 'start.pid'))
  if (taken.release === undefined) throw new AppError('config.data-folder', { pid: taken.pid })
  return taken.release
}
