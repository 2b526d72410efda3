/** @module What a job used, counted by its worker and recounted by the gateway; in receipts only what is billed (PAY §2). */
import { z } from 'zod'

const count = z
  .number()
  .int()
  .min(0)
  .max(2 ** 40)

/** Tokens by the model's own tokenizer; `cachedTokens` of `inTokens` were already evaluated; `audioMs` = decoded samples ÷ 16. */
export const unitsSchema = z.strictObject({
  inTokens: count,
  cachedTokens: count,
  outTokens: count,
  audioMs: count,
})
export type Units = Readonly<z.infer<typeof unitsSchema>>

export const noUnits: Units = { inTokens: 0, cachedTokens: 0, outTokens: 0, audioMs: 0 }

export const addUnits = (a: Units, b: Units): Units => ({
  inTokens: a.inTokens + b.inTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  outTokens: a.outTokens + b.outTokens,
  audioMs: a.audioMs + b.audioMs,
})
