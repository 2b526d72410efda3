/** @module `chrysalis test`: sets the machine up, fetches the small real models, then runs every check and test. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Environment } from '../core/config.ts'
import { pullForTests } from './models.ts'
import { modelsFolder, rootFolder } from './paths.ts'
import { setUp } from './setup.ts'
import { EXIT, type Terminal } from './terminal.ts'

const script = (path: string): string => join(rootFolder, 'node_modules', path)

/** Checks first: they are quick and find most. `args` go to vitest (`--project unit`, a file name). */
export async function runTests(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  if (!setUp('test', env, terminal)) return EXIT.missing
  const models = modelsFolder(env)
  await pullForTests(models, env, terminal)
  const testEnv = {
    ...env,
    CHRYSALIS_MODELS: models,
    CHRYSALIS_REAL_MODELS: '1',
    CHRYSALIS_THREADS: '1',
  }
  const run = (command: readonly string[]): number =>
    spawnSync(process.execPath, [...command], { cwd: rootFolder, env: testEnv, stdio: 'inherit' })
      .status ?? EXIT.failed
  if (args.length === 0 && run([join(rootFolder, 'scripts/check.mjs')]) !== 0) return EXIT.failed
  return run([script('vitest/vitest.mjs'), 'run', ...args])
}
