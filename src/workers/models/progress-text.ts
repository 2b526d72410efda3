/** @module Words and bars for bytes on their way: pure functions of numbers. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Three significant digits, decimal units as disks and providers count: `1.12 GB`, `540 MB`, `885 kB`. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${UNITS[unit] ?? 'B'}`
}

/** `8 s`, `2 min 5 s`, `1 h 3 min`; rounded up, since a promise of 0 s is never kept. */
export function durationText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  if (seconds < 60) return `${String(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${String(minutes)} min ${String(seconds % 60)} s`
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`
}

/** Whole percent, never 100 before the end. */
export const percentOf = (done: number, total: number): number =>
  total <= 0 || done <= 0 ? 0 : Math.floor((Math.min(done, total) / total) * 100)

export interface Progress {
  readonly title: string
  readonly phase: 'check' | 'fetch' | 'convert'
  readonly done: number
  readonly total: number
  /** Bytes a second over the last seconds; absent until there is a measure. */
  readonly rate?: number
}

const PHASES = {
  check: 'checking',
  fetch: 'fetching',
  convert: 'converting',
} as const
const CELL_PARTS = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const
const MAX_BAR = 30
const MIN_BAR = 8
/** Two blanks on each side of the bar, and its two ends. */
const MARGINS = 6

/** One terminal line of at most `columns` − 1 characters; the bar gives way before the numbers do. */
export function barLine(progress: Progress, columns: number): string {
  const { title, phase, done, total } = progress
  const percent = `${String(percentOf(done, total)).padStart(3)} %`
  const doing = phase === 'fetch' ? '' : `, ${PHASES[phase]}`
  const numbers = `${percent}  ${amounts(progress)}${doing}`
  const room = columns - 1 - title.length - numbers.length - MARGINS
  const line =
    room >= MIN_BAR
      ? `${title}  ${bar(done / total, Math.min(room, MAX_BAR))}  ${numbers}`
      : `${title} ${numbers}`
  return line.slice(0, Math.max(0, columns - 1))
}

/** The same for a log file. */
export function plainLine(progress: Progress): string {
  const { title, phase, done, total } = progress
  return `${title}: ${PHASES[phase]}, ${String(percentOf(done, total))} % (${amounts(progress)})`
}

function amounts({ phase, done, total, rate }: Progress): string {
  const amount = `${bytesText(done)} of ${bytesText(total)}`
  if (phase !== 'fetch' || rate === undefined || rate <= 0) return amount
  const left = done < total ? `, ${durationText(((total - done) / rate) * 1000)} left` : ''
  return `${amount}, ${bytesText(rate)}/s${left}`
}

/** Eighths of a cell, so that a slow line moves visibly. */
function bar(share: number, width: number): string {
  const eighths = Math.floor(Math.min(1, Math.max(0, share)) * width * 8)
  const full = Math.floor(eighths / 8)
  const rest = full < width ? (CELL_PARTS[eighths % 8] ?? '') : ''
  return `▕${('█'.repeat(full) + rest).padEnd(width)}▏`
}
