/** @module One process per PGlite folder: a lock file beside it, so that a dead owner is noticed. */
import { AppError } from '../core/app-error.ts'
import { takeLockFile } from '../core/lock-file.ts'

/** Takes `<folder>.lock` and returns its release. A lock whose process is gone is taken over. Throws `db.in-use`. */
export function lockFolder(folder: string): () => void {
  const taken = takeLockFile(`${folder.replace(/\/+$/, '')}.lock`)
  if (taken.release === undefined) throw new AppError('db.in-use')
  return taken.release
}
