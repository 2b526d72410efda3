/** @module `chrysalis setup start|test`: everything a command needs on this machine, said before it is installed. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../core/config.ts'
import { ensureGeneratedClient } from './generated-client.ts'
import { rootFolder } from './paths.ts'
import { chromium, ensurePackages, ffmpeg, postgres, redisServer } from './system-packages.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { UsageError } from './usage.ts'

const needs = {
  start: [redisServer, ffmpeg],
  test: [redisServer, ffmpeg, chromium, postgres],
} as const

/** Installs what `command` needs; safe and quick to run again. True when everything required is there. */
export function setUp(command: keyof typeof needs, env: Environment, terminal: Terminal): boolean {
  const isReady = ensurePackages(needs[command], env, terminal)
  removeGpuBuilds()
  ensureGeneratedClient()
  return isReady
}

export async function runSetup(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const [command = 'start'] = args
  if (command !== 'start' && command !== 'test') throw new UsageError('setup takes start or test.')
  if (!setUp(command, env, terminal)) return EXIT.missing
  terminal.out('ok')
  return EXIT.ok
}

/** GPU builds of the engines are 0.8 GB; without an NVIDIA driver or a Vulkan device nothing can load them. */
function removeGpuBuilds(): void {
  if (existsSync('/proc/driver/nvidia') || existsSync('/dev/dri')) return
  const builds = [
    '@node-llama-cpp/linux-x64-cuda',
    '@node-llama-cpp/linux-x64-cuda-ext',
    '@node-llama-cpp/linux-x64-vulkan',
    '@fugood/node-whisper-linux-x64-cuda',
    '@fugood/node-whisper-linux-x64-vulkan',
  ]
  for (const build of builds) {
    rmSync(join(rootFolder, 'node_modules', build), { recursive: true, force: true })
  }
}
