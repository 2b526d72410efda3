/** @module Any other sound through a confined ffmpeg child that reads a file without a name (ENG A7). */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import type { DecodeOptions } from './decode-options.ts'

const MEMORY_FOLDER = '/dev/shm'
/** f_type of tmpfs, linux/magic.h. */
const TMPFS_MAGIC = 0x01021994
/** Address space of the child: ffmpeg needs about 300 MB with its libraries. */
const MAX_CHILD_KIB = 1024 * 1024
/** The shell's exit code when there is no such program. */
const NOT_FOUND = 127
/** Containers that may be opened: none of them can name another file, as playlists do. */
const FORMATS = 'ogg,mov,mp3,matroska,wav,flac,aac'

/** The arguments after the program's name. The order matters to ffmpeg. */
export const ffmpegArguments = (maxSeconds: number): readonly string[] =>
  [
    '-nostdin -hide_banner -loglevel error',
    `-protocol_whitelist file,pipe -format_whitelist ${FORMATS}`,
    '-i file:/proc/self/fd/3 -map 0:a:0 -vn -sn -dn',
    `-t ${maxSeconds} -ac 1 -ar 16000 -f f32le pipe:1`,
  ].flatMap((line) => line.split(' '))

/**
 * Decodes `bytes` in a child that can open nothing else, write no file, and use 0.2 × `maxSeconds` + 20 s of CPU.
 * One second more than `maxSeconds` is decoded, so that the caller sees sound that is too long.
 */
export function decodeWithFfmpeg(
  bytes: Uint8Array,
  options: DecodeOptions,
): { pieces: AsyncIterable<Float32Array>; position: () => number } {
  let child: ChildProcess | undefined
  async function* pieces(): AsyncGenerator<Float32Array> {
    const file = namelessFile(bytes, options.allowDisk ?? false)
    try {
      child = start(file, options)
    } finally {
      closeSync(file)
    }
    yield* samplesOf(child, options)
  }
  return {
    pieces: pieces(),
    position: () => Math.min(1, filePosition(child) / Math.max(1, bytes.length)),
  }
}

function start(file: number, { maxSeconds, ffmpeg = 'ffmpeg' }: DecodeOptions): ChildProcess {
  const cpuSeconds = Math.ceil(0.2 * maxSeconds + 20)
  // Node cannot set limits itself: a shell sets them and becomes ffmpeg. Nothing of the user stands on its command line.
  const limits = `ulimit -t ${cpuSeconds}; ulimit -v ${MAX_CHILD_KIB}; ulimit -c 0; ulimit -f 0; exec "$0" "$@"`
  return spawn('/bin/sh', ['-c', limits, ffmpeg, ...ffmpegArguments(maxSeconds + 1)], {
    stdio: ['ignore', 'pipe', 'ignore', file],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin' },
  })
}

async function* samplesOf(
  child: ChildProcess,
  { signal }: DecodeOptions,
): AsyncGenerator<Float32Array> {
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(NOT_FOUND))
  })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  signal.addEventListener('abort', kill, { once: true })
  let samples = 0
  try {
    let rest = Buffer.alloc(0)
    for await (const chunk of child.stdout ?? []) {
      const bytes = Buffer.concat([rest, Buffer.from(chunk)])
      const count = Math.floor(bytes.length / 4)
      rest = bytes.subarray(count * 4)
      if (count === 0) continue
      samples += count
      yield toFloats(bytes, count)
    }
    const code = await exited
    if (signal.aborted) throw new AppError('job.cancelled')
    // Other failures count only when nothing came: damaged ends are common.
    if (code === NOT_FOUND) throw new AppError('input.unsupported')
    if (samples === 0) throw new AppError('audio.undecodable')
  } finally {
    signal.removeEventListener('abort', kill)
    kill()
  }
}

function toFloats(bytes: Buffer, count: number): Float32Array {
  const floats = new Float32Array(count)
  for (let at = 0; at < count; at++) floats[at] = bytes.readFloatLE(at * 4)
  return floats
}

/** A descriptor of a file that holds `bytes` and has no name any more: nothing is left behind, whatever happens. */
function namelessFile(bytes: Uint8Array, allowDisk: boolean): number {
  const path = join(folder(allowDisk), `chrysalis-${randomBytes(12).toString('hex')}`)
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
    unlinkSync(path)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    return file
  } catch {
    if (file !== undefined) closeSync(file)
    throw new AppError('engine.oom')
  }
}

function folder(allowDisk: boolean): string {
  try {
    if (statfsSync(MEMORY_FOLDER).type === TMPFS_MAGIC) return MEMORY_FOLDER
  } catch {
    // Another system: no such folder.
  }
  if (!allowDisk) throw new AppError('input.unsupported')
  return tmpdir()
}

/** Where the child reads in its file; 0 where the system does not tell. */
function filePosition(child: ChildProcess | undefined): number {
  if (child === undefined) return 0
  if (child.exitCode !== null || child.signalCode !== null) return Number.POSITIVE_INFINITY
  try {
    // The file was opened again by its descriptor's path, so it stands under a number of its own.
    const infos = readdirSync(`/proc/${child.pid}/fdinfo`)
    return Math.max(0, ...infos.map((info) => positionOf(`/proc/${child.pid}/fdinfo/${info}`)))
  } catch {
    return 0
  }
}

const positionOf = (info: string): number =>
  Number(/^pos:\s*(\d+)/m.exec(readFileSync(info, 'utf8'))?.[1] ?? 0)
