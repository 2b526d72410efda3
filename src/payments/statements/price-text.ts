/** @module What workers were paid by, as a price table's text says. Reads no more of it than a statement needs. */
import { z } from 'zod'
import { type Rates, UNIT_KINDS } from '../prices/rates.ts'

export interface StatedRow {
  readonly version: number
  readonly task: string
  readonly model: string
  readonly tier: string
  readonly worker: Rates
}

const rate = z
  .string()
  .regex(/^(0|[1-9]\d{0,17})$/)
  .transform((text) => BigInt(text))
const tableSchema = z.object({
  version: z.number().int().min(1),
  rows: z.array(
    z.object({
      task: z.string(),
      model: z.string(),
      tier: z.string(),
      worker: z.partialRecord(z.enum(UNIT_KINDS), rate),
    }),
  ),
})

/** Undefined for what is no price table. */
export function rowsOf(text: string): readonly StatedRow[] | undefined {
  try {
    const { version, rows } = tableSchema.parse(JSON.parse(text))
    return rows.map((row) => ({ ...row, version }))
  } catch {
    return undefined
  }
}
