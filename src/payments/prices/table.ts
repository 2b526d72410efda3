/** @module A price table as it is written, checked and hashed; a bad one is refused by the row that is wrong (PAY §2). */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import { canonicalText, parseStrictJson } from '../../core/canonical.ts'
import { tierSchema } from '../../core/tier.ts'
import { type Rates, UNIT_KINDS, type UnitKind } from './rates.ts'

/** Which tasks and models there are; a price for anything else is a mistake. */
export interface PriceWorld {
  /** Engine of each task. */
  readonly tasks: ReadonlyMap<string, 'llm' | 'stt'>
  /** Engine of each model. */
  readonly models: ReadonlyMap<string, 'llm' | 'stt'>
}

/** What one kind of job costs and pays. A missing side cannot be paid in. */
export interface PriceRow {
  readonly task: string
  readonly model: string
  readonly tier: string
  readonly nano?: Rates
  readonly ustar?: Rates
  /** In nano, always. */
  readonly worker: Rates
}

/** What a table's rates were made from, where that was the coin's price. */
export interface Basis {
  /** Millionths of a US dollar for one coin. */
  readonly coinMicroUsd: bigint
  readonly atMs: number
  readonly feeds: readonly {
    readonly name: string
    readonly coinMicroUsd: bigint
    readonly atMs: number
  }[]
}

export interface PriceTable {
  readonly version: number
  readonly rows: readonly PriceRow[]
  /** Absent for rates that a person chose. */
  readonly basis?: Basis
  /** Canonical JSON of it. */
  readonly text: string
  /** SHA-256 of `text`, hex. */
  readonly hash: string
}

/** Why a table is refused; stands in the details of `price.invalid`. */
type PriceFault =
  | 'json'
  | 'shape'
  | 'too-many'
  | 'task'
  | 'model'
  | 'tier'
  | 'twice'
  | 'rate'
  | 'negative'
  | 'too-high'
  | 'missing'
  | 'unused'
  | 'worker-above'
  | 'version-gap'
  | 'changed'

const maxRows = 10_000
/** Per 1 000 000 units; far above any price, far below what overflows a sum. */
const maxRate = 10n ** 15n

const ratesSchema = z.partialRecord(z.enum(UNIT_KINDS), z.string())
const rowSchema = z.strictObject({
  task: z.string(),
  model: z.string(),
  tier: z.string(),
  nano: ratesSchema.optional(),
  ustar: ratesSchema.optional(),
  worker: ratesSchema,
})
const microUsd = z
  .string()
  .regex(/^[1-9]\d{0,17}$/)
  .transform(BigInt)
const atMs = z
  .number()
  .int()
  .min(0)
  .max(2 ** 52)
const tableSchema = z.strictObject({
  v: z.literal(1),
  version: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  rows: z.array(z.unknown()).min(1),
  basis: z
    .strictObject({
      coinMicroUsd: microUsd,
      atMs,
      feeds: z
        .array(
          z.strictObject({
            name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,31}$/),
            coinMicroUsd: microUsd,
            atMs,
          }),
        )
        .max(16),
    })
    .optional(),
})

/** Kinds that a row of an engine must price; the others it must not, except those that no model uses yet. */
const needed = {
  llm: ['job', 'inTok', 'cachedTok', 'outTok'],
  stt: ['job', 'audioMs'],
} as const satisfies Record<string, readonly UnitKind[]>

/**
 * Reads a table. Throws `price.invalid` with `row` (from 1, in the order of the file) and `reason`, a `PriceFault`; where it
 * is one rate, also `rate`, e.g. `worker.outTok`. Does not compare it with other versions.
 */
export function readTable(text: string, world: PriceWorld): PriceTable {
  const table = parse(text)
  if (table.rows.length > maxRows) throw invalid({ reason: 'too-many', max: maxRows })
  const seen = new Set<string>()
  const rows = table.rows.map((value, at) => {
    const row = readRow(value, at + 1, world)
    const key = keyOf(row)
    if (seen.has(key)) throw invalid({ row: at + 1, reason: 'twice' })
    seen.add(key)
    return row
  })
  const { version, basis } = table
  const canonical = tableText({ version, rows, ...(basis && { basis }) })
  return {
    version,
    rows,
    ...(basis && { basis }),
    text: canonical,
    hash: createHash('sha256').update(canonical, 'utf8').digest('hex'),
  }
}

/** Canonical JSON of a table; rates are decimal text. */
export const tableText = ({
  version,
  rows,
  basis,
}: Pick<PriceTable, 'version' | 'rows' | 'basis'>): string =>
  canonicalText({
    v: 1,
    version,
    basis: basis && {
      coinMicroUsd: basis.coinMicroUsd.toString(),
      atMs: basis.atMs,
      feeds: basis.feeds.map((feed) => ({ ...feed, coinMicroUsd: feed.coinMicroUsd.toString() })),
    },
    rows: rows.map(({ task, model, tier, nano, ustar, worker }) => ({
      task,
      model,
      tier,
      nano: nano && written(nano),
      ustar: ustar && written(ustar),
      worker: written(worker),
    })),
  })

export const keyOf = ({ task, model, tier }: { task: string; model: string; tier: string }) =>
  `${task} ${model} ${tier}`

/** Rates as they stand in JSON. */
export const written = (rates: Rates): Record<string, string> =>
  Object.fromEntries(Object.entries(rates).map(([kind, rate]) => [kind, rate.toString()]))

function parse(text: string): z.infer<typeof tableSchema> {
  let value: unknown
  try {
    value = parseStrictJson(text)
  } catch {
    throw invalid({ reason: 'json' })
  }
  const parsed = tableSchema.safeParse(value)
  if (!parsed.success) throw invalid({ reason: 'shape' })
  return parsed.data
}

function readRow(value: unknown, row: number, world: PriceWorld): PriceRow {
  const parsed = rowSchema.safeParse(value)
  if (!parsed.success) throw invalid({ row, reason: 'shape' })
  const { task, model, tier } = parsed.data
  const kind = world.tasks.get(task)
  if (kind === undefined) throw invalid({ row, reason: 'task' })
  if (world.models.get(model) !== kind) throw invalid({ row, reason: 'model' })
  if (!tierSchema.safeParse(tier).success) throw invalid({ row, reason: 'tier' })
  const read = (side: 'nano' | 'ustar' | 'worker', rates: Partial<Record<UnitKind, string>>) =>
    readRates(rates, { row, side, kinds: needed[kind] })
  const { nano, ustar } = parsed.data
  const worker = read('worker', parsed.data.worker)
  const result: PriceRow = {
    task,
    model,
    tier,
    ...(nano && { nano: read('nano', nano) }),
    ...(ustar && { ustar: read('ustar', ustar) }),
    worker,
  }
  if (!result.nano && !result.ustar) throw invalid({ row, reason: 'missing' })
  if (result.nano)
    for (const unit of UNIT_KINDS)
      if ((worker[unit] ?? 0n) > (result.nano[unit] ?? 0n))
        throw invalid({ row, reason: 'worker-above', rate: `worker.${unit}` })
  return result
}

interface Place {
  readonly row: number
  readonly side: 'nano' | 'ustar' | 'worker'
  readonly kinds: readonly UnitKind[]
}

function readRates(rates: Partial<Record<UnitKind, string>>, { row, side, kinds }: Place): Rates {
  for (const kind of kinds)
    if (rates[kind] === undefined)
      throw invalid({ row, reason: 'missing', rate: `${side}.${kind}` })
  const read: Partial<Record<UnitKind, bigint>> = {}
  for (const kind of UNIT_KINDS) {
    const text = rates[kind]
    if (text === undefined) continue
    const rate = `${side}.${kind}`
    if (/^-\d+$/.test(text)) throw invalid({ row, reason: 'negative', rate })
    if (!/^(0|[1-9]\d{0,30})$/.test(text)) throw invalid({ row, reason: 'rate', rate })
    if (BigInt(text) > maxRate) throw invalid({ row, reason: 'too-high', rate })
    if (kind !== 'reasonTok' && !kinds.includes(kind))
      throw invalid({ row, reason: 'unused', rate })
    read[kind] = BigInt(text)
  }
  return read
}

const invalid = (details: {
  reason: PriceFault
  row?: number
  rate?: string
  max?: number
}): AppError => new AppError('price.invalid', details)
