/** @module Ports of this machine that stay the same from one start to the next, so that links which people kept still lead somewhere. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

export interface KeptPort {
  /** The port of last time if nobody has it now, else 0: any. */
  readonly wanted: number
  /** Remembers what was taken. */
  keep(port: number): void
}

/** The port `name` of a data folder, remembered in `<data>/<name>.port`; asks the system on the loopback interface only. */
export async function keptPort(dataDir: string, name: string): Promise<KeptPort> {
  const file = join(dataDir, `${name}.port`)
  const last = readPort(file)
  return {
    wanted: last !== 0 && (await isFree(last)) ? last : 0,
    keep: (port) => writeFileSync(file, `${String(port)}\n`, { mode: 0o600 }),
  }
}

function readPort(file: string): number {
  try {
    const port = Number(readFileSync(file, 'utf8').trim())
    return Number.isInteger(port) && port >= 1024 && port <= 65_535 ? port : 0
  } catch {
    return 0
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
