/** @module One role as the child process it is in production: its output kept, its events awaited, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface RoleOptions {
  readonly name: string
  /** Arguments of `node`: the script and what it gets. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** One line of a role's log. */
export interface LogLine {
  readonly level: string
  readonly event: string
  readonly [field: string]: unknown
}

/** A role that lives through several processes, one after the other. */
export class RoleProcess {
  readonly name: string
  readonly #options: RoleOptions
  readonly #output: string[] = []
  readonly #listeners = new Set<() => void>()
  #rest = ''
  #lines: LogLine[] = []
  #child: ChildProcess | undefined

  constructor(options: RoleOptions) {
    this.name = options.name
    this.#options = options
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get isRunning(): boolean {
    const child = this.#child
    return child?.exitCode === null && child.signalCode === null
  }

  /** Everything all of its processes printed. */
  get output(): string {
    return this.#output.join('')
  }

  /** Log lines of the process that runs now, or of the last one. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** Starts the process; does not wait for it to be ready. */
  start(): void {
    if (this.isRunning) throw new Error(`${this.name} runs already`)
    const { args, env } = this.#options
    this.#lines = []
    this.#rest = ''
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => this.#hear(child, data.toString()))
    child.once('close', () => this.#tell())
  }

  /** Sends a signal; for one that ends the process, resolves when it has ended and its output is read. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || !this.isRunning) return
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') {
      child.kill(signal)
      return
    }
    const closed = once(child, 'close')
    child.kill(signal)
    await closed
  }

  /** How many lines of this event the running process wrote. */
  count(event: string): number {
    return this.#lines.filter((line) => line.event === event).length
  }

  /** The first line of the running process that `fits`, now or later. Rejects with the output when the process ends before. */
  async line(event: string, fits: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const child = this.#child
    for (;;) {
      const found = this.#lines.find((line) => line.event === event && fits(line))
      if (found) return found
      if (child !== this.#child || !this.isRunning)
        throw new Error(`${this.name} ended before ${event}:\n${this.output.slice(-4000)}`)
      await this.#news()
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const listener = (): void => {
        this.#listeners.delete(listener)
        resolve()
      }
      this.#listeners.add(listener)
    })
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  #hear(child: ChildProcess, text: string): void {
    this.#output.push(text)
    if (process.env['TEST_VERBOSE']) process.stderr.write(`${this.name}: ${text}`)
    if (child !== this.#child) return
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('{')) continue
      try {
        this.#lines.push(JSON.parse(line) as LogLine)
      } catch {
        // Not one of ours.
      }
    }
    this.#tell()
  }
}
