/** @module The most that a job may be billed for: its exact source, and no answer longer than its task allows (PAY §2). */
import { noUnits } from '../../core/units.ts'
import { taskOf } from '../../tasks/index.ts'
import type { BoundOf } from './pricing.ts'

/**
 * Counts by the model's own vocabulary where that is on this machine; elsewhere by bytes, since a token is at least one.
 * The gateway's and the worker's count of the same text is the same.
 */
export const createBounds =
  (counterOf: (model: string) => Promise<((text: string) => number) | undefined>): BoundOf =>
  async ({ task, model, text = '', audioMs = 0 }) => {
    const work = taskOf(task)
    if (work.kind === 'stt') return { ...noUnits, audioMs }
    const count = await counterOf(model)
    const inTokens = count ? count(text) : Buffer.byteLength(text, 'utf8') + 1
    return { ...noUnits, inTokens, outTokens: work.maxOutTokens(inTokens) }
  }
