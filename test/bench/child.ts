/** @module A process of a bench: started with settings, awaited by its first line, ended with the bench. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Child {
  readonly pid: number
  /** Lines of its standard output, as they come. */
  readonly onLine: (listener: (line: string) => void) => void
  write(line: string): void
  kill(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/** What a child inherits, beside its own settings. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG']

/** Starts a script of this folder (or, with a slash, of the checkout); resolves after its first line of output. */
export async function startChild(
  script: string,
  settings: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<Child> {
  const root = join(import.meta.dirname, '../..')
  const path = script.includes('/') ? join(root, script) : join(import.meta.dirname, script)
  const own = Object.fromEntries(inherited.map((key) => [key, process.env[key] ?? '']))
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...profiling(script), path, ...args],
    { cwd: root, env: { ...own, ...settings }, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const listeners = new Set<(line: string) => void>()
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error('no pipes')
  const first = Promise.withResolvers<string>()
  createInterface({ input: stdout }).on('line', (line) => {
    first.resolve(line)
    for (const listener of listeners) listener(line)
  })
  child.once('exit', () => first.reject(new Error(`${script} ended before it was ready`)))
  await first.promise
  return {
    pid: child.pid ?? 0,
    onLine: (listener) => void listeners.add(listener),
    write: (line) => void stdin.write(`${line}\n`),
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      stdin.end()
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** `BENCH_PROFILE=<folder>` writes a CPU profile of each child there. */
function profiling(script: string): string[] {
  const folder = process.env['BENCH_PROFILE']
  if (folder === undefined) return []
  const name = `${script.replaceAll('/', '-')}-${process.hrtime.bigint()}.cpuprofile`
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`]
}
