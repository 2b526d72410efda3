/** @module A whole system, started as a person starts it: `cli.ts start` in a process group of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'src/cli.ts')
const flags = ['--disable-warning=ExperimentalWarning']

/** Where `./chrysalis test` put the weights. */
const modelsFolder =
  process.env['CHRYSALIS_MODELS'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'chrysalis/models')

/** A reason to skip tests with the default models; undefined when they are there. */
export const defaultModelsMissing = [
  'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
  'ggml-base.bin',
  'ggml-silero-v5.1.2.bin',
].some((file) => !existsSync(join(modelsFolder, file)))

export interface System {
  readonly dataDir: string
  /** The page's address, also the base of the simulator's admin API. */
  readonly base: string
  /** Process id of `start`, the leader of its own process group. */
  readonly pid: number
  /** Everything printed so far. */
  output(): string
  /** SIGINT to the process, as Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null>
}

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `chrysalis ARGS` to its end. */
export async function runCli(args: readonly string[], input?: string): Promise<Finished> {
  const child = spawn(process.execPath, [...flags, cli, ...args], { cwd: root, env: environment() })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.end(input ?? '')
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
}

/** Starts a system on `dataDir` (a new one by default) and resolves when its screen says that it is ready. */
export async function startSystem(
  options: { dataDir?: string; args?: string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<System> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'chrysalis-system-'))
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [...flags, cli, 'start', '--data', dataDir, '--port', String(port), ...(options.args ?? [])],
    {
      cwd: root,
      env: { ...environment(), ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const output = collect(child)
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  await until(child, output, 'Chrysalis is ready')
  return {
    dataDir,
    base: `http://127.0.0.1:${String(port)}`,
    pid: child.pid ?? 0,
    output,
    stop: () => {
      child.kill('SIGINT')
      return ended
    },
  }
}

/** Ends what is left of a system and removes its data; for `onTestFinished`. */
export async function discardSystem(system: System): Promise<void> {
  await system.stop()
  rmSync(system.dataDir, { recursive: true, force: true })
}

/** Processes of this machine whose command line or environment names the data folder. */
export function processesOf(dataDir: string): number[] {
  return readdirNumbers().filter((pid) => {
    try {
      const about =
        readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8') +
        readFileSync(`/proc/${String(pid)}/environ`, 'utf8')
      return about.includes(dataDir)
    } catch {
      return false
    }
  })
}

/** Command lines of the children of `pid`, with their ids. */
export function childrenOf(pid: number): { pid: number; command: string }[] {
  return readdirNumbers().flatMap((child) => {
    try {
      const parent = Number(
        /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${String(child)}/status`, 'utf8'))?.[1],
      )
      const command = readFileSync(`/proc/${String(child)}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return parent === pid ? [{ pid: child, command }] : []
    } catch {
      return []
    }
  })
}

function readdirNumbers(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, CHRYSALIS_MODELS: modelsFolder, CHRYSALIS_THREADS: '1' }
}

function collect(child: ChildProcess): () => string {
  const parts: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => parts.push(chunk.toString()))
  }
  return () => parts.join('')
}

/** Resolves when `text` was printed; rejects with the output when the process ends before. */
function until(child: ChildProcess, output: () => string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (output().includes(text)) resolve()
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('close', (code) => reject(new Error(`ended with ${String(code)}:\n${output()}`)))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  return typeof address === 'object' && address ? address.port : 0
}
