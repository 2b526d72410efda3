/** @module `chrysalis doctor`: looks at this machine and says in plain words what is wrong and what to do. */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { readControl } from './control.ts'
import { modelStates } from './models.ts'
import { dataFolder, modelsFolder, rootFolder } from './paths.ts'
import { chromium, ffmpeg, isInstalled, onPath, redisServer } from './system-packages.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions } from './usage.ts'

interface Finding {
  readonly state: 'ok' | 'note' | 'bad'
  readonly about: string
  readonly says: string
}

const GIB = 1024 ** 3

/** Prints one line a check; exit code 1 when something stops Chrysalis from running. */
export async function runDoctor(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { values } = parseOptions(args, { data: { type: 'string' }, port: { type: 'string' } })
  const data = dataFolder(values.data, env)
  const port = Number(values.port ?? env['CHRYSALIS_PORT'] ?? 4800)
  const findings = [
    checkNode(),
    ...checkPrograms(env),
    checkProcessor(),
    checkMemory(),
    checkFolder(data),
    checkDisk(data),
    checkClock(),
    checkRunning(data),
    await checkPort(port, data),
    ...(await checkModels(modelsFolder(env))),
  ]
  const mark = { ok: 'ok  ', note: 'note', bad: 'BAD ' } as const
  for (const { state, about, says } of findings) {
    terminal.out(`${mark[state]}  ${about.padEnd(12)} ${says}`)
  }
  return findings.some(({ state }) => state === 'bad') ? EXIT.failed : EXIT.ok
}

function checkNode(): Finding {
  const isRight = Number(process.versions.node.split('.')[0]) >= 24
  return {
    state: isRight ? 'ok' : 'bad',
    about: 'Node',
    says: isRight
      ? process.versions.node
      : `${process.versions.node} is too old; ./chrysalis brings Node 24.`,
  }
}

function checkPrograms(env: Environment): Finding[] {
  const redis = env['CHRYSALIS_REDIS'] ?? 'redis-server'
  const version = /v=(\d+)\.(\d+)/.exec(
    spawnSync(redis, ['--version'], { encoding: 'utf8' }).stdout ?? '',
  )
  const isNew = version !== null && Number(version[1]) * 100 + Number(version[2]) >= 602
  return [
    {
      state: isNew ? 'ok' : 'bad',
      about: 'Redis',
      says: isNew
        ? `redis-server ${version.slice(1).join('.')}`
        : `redis-server 6.2 or newer is needed. ./chrysalis start installs it on Debian; else: apt-get install ${redisServer.debian.join(' ')}`,
    },
    isInstalled(ffmpeg, env)
      ? { state: 'ok', about: 'ffmpeg', says: 'there: all kinds of sound can be read' }
      : {
          state: 'note',
          about: 'ffmpeg',
          says: 'missing: voice notes work, mp3, m4a and video do not. apt-get install ffmpeg',
        },
    onPath('chromium', env)
      ? { state: 'ok', about: 'Chromium', says: 'there: the tests of the chat page run' }
      : {
          state: 'note',
          about: 'Chromium',
          says: `only the tests need it. apt-get install ${chromium.debian.join(' ')}`,
        },
  ]
}

function checkProcessor(): Finding {
  const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : ''
  const isFast = /\bavx2\b/.test(flags) || process.arch === 'arm64'
  return isFast
    ? {
        state: 'ok',
        about: 'Processor',
        says: 'has the vector instructions the engines are built for',
      }
    : {
        state: 'note',
        about: 'Processor',
        says: 'has no AVX2: everything works, many times slower',
      }
}

function checkMemory(): Finding {
  const free = freemem() / GIB
  if (free >= 4) return { state: 'ok', about: 'Memory', says: `${free.toFixed(1)} GB free` }
  return {
    state: 'note',
    about: 'Memory',
    says: `${free.toFixed(1)} GB free; the usual model wants 4. Use ./chrysalis start --small, which translates badly.`,
  }
}

function checkFolder(data: string): Finding {
  const probe = join(data, `.doctor-${String(process.pid)}`)
  try {
    mkdirSync(data, { recursive: true })
    writeFileSync(probe, '')
    rmSync(probe)
    return { state: 'ok', about: 'Data folder', says: data }
  } catch {
    return {
      state: 'bad',
      about: 'Data folder',
      says: `${data} cannot be written. Choose another: --data DIR`,
    }
  }
}

function checkDisk(data: string): Finding {
  const at = existsSync(data) ? data : rootFolder
  const { bavail, bsize } = statfsSync(at)
  const free = (bavail * bsize) / GIB
  if (free >= 5) return { state: 'ok', about: 'Disk', says: `${free.toFixed(0)} GB free` }
  return {
    state: free >= 1 ? 'note' : 'bad',
    about: 'Disk',
    says: `${free.toFixed(1)} GB free; models and data want 5. Free some space or choose another folder.`,
  }
}

/** Keys and deadlines follow the clock; one that is behind the checkout's own files is certainly wrong. */
function checkClock(): Finding {
  const newest = statSync(join(rootFolder, 'package.json')).mtimeMs
  const isBehind = systemClock.now() + 60_000 < newest
  return isBehind
    ? {
        state: 'bad',
        about: 'Clock',
        says: 'is behind the files of this checkout. Set it (timedatectl set-ntp true).',
      }
    : { state: 'ok', about: 'Clock', says: new Date(systemClock.now()).toISOString() }
}

function checkRunning(data: string): Finding {
  const running = readControl(data)
  return running
    ? {
        state: 'ok',
        about: 'Running',
        says: `a system runs on this data folder (process ${String(running.pid)})`,
      }
    : {
        state: 'note',
        about: 'Running',
        says: 'no system runs on this data folder. ./chrysalis start',
      }
}

async function checkPort(port: number, data: string): Promise<Finding> {
  const isFree = await new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
  if (isFree) return { state: 'ok', about: 'Port', says: `${String(port)} is free` }
  return readControl(data)
    ? { state: 'ok', about: 'Port', says: `${String(port)} is used by the running system` }
    : {
        state: 'bad',
        about: 'Port',
        says: `${String(port)} is in use by another program. Use --port N.`,
      }
}

async function checkModels(folder: string): Promise<Finding[]> {
  const states = await modelStates(folder)
  return states.map(
    ({ id, state }): Finding => ({
      state:
        state === 'present' || state === 'verified' ? 'ok' : state === 'absent' ? 'note' : 'bad',
      about: 'Model',
      says: `${id}: ${state}${state === 'present' || state === 'verified' ? '' : '. ./chrysalis models pull fetches it.'}`,
    }),
  )
}
