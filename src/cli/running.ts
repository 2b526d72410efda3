/** @module One question to a system that runs, or to its data folder while it does not: PGlite allows one process. */
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { isProcessAlive } from '../core/process-alive.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { callControl, jsonText, readControl } from './control.ts'

/**
 * The answer of the running system's call `name`, or of `atRest` with the database opened here; the same JSON either way,
 * with sums as decimal text. Throws what either throws; `db.in-use` when another process has the folder.
 */
export async function askSystem(question: {
  readonly dataDir: string
  readonly env: Environment
  readonly name: string
  readonly args?: unknown
  readonly atRest: (db: Database) => Promise<unknown>
}): Promise<unknown> {
  const { dataDir, env, name, args } = question
  const control = runningControl(dataDir)
  if (control) return callControl(control, { name, args })
  const url = env['DATABASE_URL'] ?? `pglite:${join(dataDir, 'db')}`
  const db = await openDatabase({ url, clock: systemClock })
  try {
    return JSON.parse(jsonText(await question.atRest(db)))
  } finally {
    await db.close()
  }
}

/** The control file of a system that runs on this data folder now. */
export function runningControl(dataDir: string): ReturnType<typeof readControl> {
  const control = readControl(dataDir)
  return control && isProcessAlive({ pid: control.pid }) ? control : undefined
}
