/** @module What every text task does with a model's answer: strip it, meter it, tell an echo from an answer. */
import { AppError } from '../core/app-error.ts'
import { addUnits, noUnits, type Units } from '../core/units.ts'
import type { Checked, RunOptions, TextAnswer, TextEngine, TextRequest } from './task.ts'

/** Most bytes of text a task takes. */
const MAX_TEXT_BYTES = 2 ** 20
/** Most chunks of one text. */
export const MAX_CHUNKS = 64

/** Throws `input.empty` and `input.too-long` with the limit. */
export function checkTextSize(text: string): void {
  if (text.trim() === '') throw new AppError('input.empty')
  const bytes = new TextEncoder().encode(text).length
  if (bytes > MAX_TEXT_BYTES)
    throw new AppError('input.too-long', { bytes, maxBytes: MAX_TEXT_BYTES })
}

/** Outer white space and one pair of code fences around all of it are the model's habit, not the answer. */
export function stripAnswer(text: string): string {
  const fenced = /^\s*```[a-z]*\n([\s\S]*?)\n?```\s*$/u.exec(text)
  return (fenced?.[1] ?? text).trim()
}

/** The engine with its units summed up over the job. Rejects with `job.cancelled` once the signal is aborted. */
export interface Meter {
  run(request: TextRequest, options?: Pick<RunOptions, 'onDelta'>): Promise<TextAnswer>
  units(): Units
}

export function meter(engine: TextEngine, signal: AbortSignal): Meter {
  let sum = noUnits
  return {
    run: async (request, options = {}) => {
      if (signal.aborted) throw new AppError('job.cancelled')
      const answer = await engine.run(request, { ...options, signal })
      sum = addUnits(sum, answer.units)
      return answer
    },
    units: () => sum,
  }
}

export const nothingChecked: Checked = {
  links: 0,
  mentions: 0,
  tags: 0,
  numbers: 0,
  dates: 0,
  names: 0,
  redone: 0,
  dropped: 0,
  missing: 0,
}

export const addChecked = (a: Checked, b: Checked): Checked => ({
  links: a.links + b.links,
  mentions: a.mentions + b.mentions,
  tags: a.tags + b.tags,
  numbers: a.numbers + b.numbers,
  dates: a.dates + b.dates,
  names: a.names + b.names,
  redone: a.redone + b.redone,
  dropped: a.dropped + b.dropped,
  missing: a.missing + b.missing,
})

export const tooManyChunks = (chunks: number): AppError =>
  new AppError('input.too-long', { chunks, maxChunks: MAX_CHUNKS })
