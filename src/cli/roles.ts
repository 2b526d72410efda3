/** @module One role as a process of its own: the shape production runs in, each role with its own database connection. */
import { mkdirSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { systemClock } from '../core/clock.ts'
import { type Environment, loadConfig, secret } from '../core/config.ts'
import type { Ground } from '../core/ground.ts'
import { Lifetime } from '../core/lifetime.ts'
import { createLog, stderrSink } from '../core/log.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { dataFolder, modelsFolder } from './paths.ts'
import { untilStopped } from './stop.ts'
import { EXIT, type Terminal } from './terminal.ts'

export async function runBot(
  _args: readonly string[],
  env: Environment,
  _terminal: Terminal,
): Promise<number> {
  const { main } = await import('../bot/main.ts')
  return runRole('bot', env, async (ground) => {
    await main(ground)
  })
}

export async function runGateway(
  _args: readonly string[],
  env: Environment,
  _terminal: Terminal,
): Promise<number> {
  const { main } = await import('../gateway/main.ts')
  const { main: openPayments } = await import('../payments/main.ts')
  const { openRegistry } = await import('../payments/registry/open-registry.ts')
  return runRole('gateway', env, async (ground) => {
    const registry = await openRegistry(ground)
    const { vouchers, wallets } = await openPayments(ground, { settles: false })
    await main({ ...ground, vouchers, wallets, ...(registry && { registry }) })
  })
}

/** Several may run: one of them has the sender lease. */
export async function runSettlement(
  _args: readonly string[],
  env: Environment,
  _terminal: Terminal,
): Promise<number> {
  const { main } = await import('../payments/main.ts')
  return runRole('settlement', env, async (ground) => {
    await main(ground, { settles: true })
  })
}

/** What a role on its own cannot do without; its `main.ts` reads the rest. */
const roleConfig = z.object({ DATABASE_URL: secret() })

async function runRole(
  role: 'bot' | 'gateway' | 'settlement',
  env: Environment,
  main: (ground: Ground & { readonly db: Database }) => Promise<void>,
): Promise<number> {
  const settings = withFolders(env)
  const { DATABASE_URL } = loadConfig(roleConfig, settings)
  const log = createLog(role, stderrSink, () => systemClock.now())
  const life = new Lifetime({ log, clock: systemClock })
  const stopped = untilStopped(life)
  try {
    const db = await openDatabase({ url: DATABASE_URL.reveal(), clock: systemClock })
    life.keep('database', db, (it) => it.close())
    await main({ env: settings, log, clock: systemClock, life, db })
    log.info('role.started', { pid: process.pid })
    await stopped
    return EXIT.ok
  } finally {
    await life.close()
  }
}

/** The data folder exists and every role of one machine sees the same folders. */
export function withFolders(env: Environment): Environment {
  const data = dataFolder(undefined, env)
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new AppError('config.data-folder', {}, { cause })
  }
  return { ...env, CHRYSALIS_DATA: data, CHRYSALIS_MODELS: modelsFolder(env) }
}
