/** @module Where things lie on this machine: checkout, data folder, model folder. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../core/config.ts'

/** The checkout's root. */
export const rootFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The script to run with `process.execPath` for another role. */
export const cliScript = join(rootFolder, 'src/cli.ts')

/** Option, environment, or `data/` in the checkout. Always absolute. */
export const dataFolder = (option: string | undefined, env: Environment): string =>
  resolve(option ?? env['CHRYSALIS_DATA'] ?? join(rootFolder, 'data'))

/** Weights are public and large: one folder for all data folders of this user, unless `CHRYSALIS_MODELS` says otherwise. */
export const modelsFolder = (env: Environment): string =>
  resolve(
    env['CHRYSALIS_MODELS'] ??
      join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'chrysalis/models'),
  )

/** Where a worker keeps the vouchers it was given; `option`: a data folder named on the command line. */
export const earningsFolder = (option: string | undefined, env: Environment): string =>
  option === undefined && env['CHRYSALIS_EARNINGS'] !== undefined
    ? resolve(env['CHRYSALIS_EARNINGS'])
    : join(dataFolder(option, env), 'earnings')
