/** @module A statement as a file: what one payee earned, job by job, up to the roots that its vault was given (PAY §15). Holds hashes, ids and numbers, and no word of anybody. */
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import { netSchema } from '../../core/config.ts'
import { unitsSchema } from '../../core/units.ts'
import { voucherSchema } from '../../core/voucher.ts'

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${String(2 * bytes)}}$`))
const hash = hex(32)
const nano = z.string().regex(/^(0|[1-9]\d{0,35})$/)
const count = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)
const path = z.array(hash).max(32)
const lt = z.string().regex(/^(0|[1-9]\d{0,19})$/)

const receiptSchema = z.strictObject({
  index: count,
  path,
  digest: hash,
  pay: nano,
  totalAfter: nano,
  priceVersion: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  /** Names the row of the price table. */
  task: z.string().max(32),
  model: z.string().max(48),
  tier: z.string().max(16),
  /** Charged for; all zero with a pay of zero for an answer that cost nothing. */
  units: unitsSchema,
  charged: z.boolean(),
  /** The worker's signed receipt in its canonical spelling; absent when it is no longer kept. */
  document: z.string().max(16_384).optional(),
})
export type StatementReceipt = Readonly<z.infer<typeof receiptSchema>>

const epochSchema = z.strictObject({
  epoch: count.min(1),
  previousRoot: hash,
  /** Leaves of the two trees. */
  receiptCount: count,
  receiptsRoot: hash,
  payeeCount: count,
  balancesRoot: hash,
  root: hash,
  /** Σ earned of all payees, as it was published. */
  total: nano,
  /** Unix milliseconds. */
  at: z.number().int().min(0),
  /** Absent before the payee earned anything. */
  balance: z.strictObject({ index: count, path, total: nano }).optional(),
  receipts: z.array(receiptSchema).max(1_000_000),
  /** The vault's transaction that took it; absent while none did. */
  lt: lt.optional(),
})
export type StatementEpoch = Readonly<z.infer<typeof epochSchema>>

const statementSchema = z.strictObject({
  v: z.literal(1),
  ctx: z.literal('chrysalis/statement/1'),
  net: netSchema,
  globalId: z
    .number()
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31 - 1),
  vault: z.string().regex(/^0:[0-9a-f]{64}$/),
  payee: hash,
  /** The settlement key, under which the voucher is signed, and its epoch. */
  key: hash,
  keyEpoch: count,
  /** Canonical text of each price table that a receipt was paid by. */
  prices: z.array(z.string().max(4_000_000)).max(10_000),
  /** Public keys of the workers that signed, as canonical text; each is named by its own hash. */
  keysets: z.array(z.string().max(16_384)).max(100_000),
  epochs: z.array(epochSchema).max(100_000),
  /** Published epochs before a gap's end, whose leaves the operator lost. Absent: none. */
  lost: z
    .array(z.strictObject({ epoch: count.min(1), root: hash }))
    .max(10_000)
    .optional(),
  /** Where the earned total jumps without a receipt: pay of a restored backup that was honoured. Absent: nowhere. */
  corrections: z
    .array(z.strictObject({ before: nano, amount: nano, at: z.number().int().min(0) }))
    .max(10_000)
    .optional(),
  /** The newest; covers what is in no epoch yet, too. */
  voucher: voucherSchema.optional(),
  paid: nano,
  payouts: z
    .array(z.strictObject({ lt, tx: hash, amount: nano, at: z.number().int().min(0) }))
    .max(100_000),
})
export type Statement = Readonly<z.infer<typeof statementSchema>>

/** Throws `statement.invalid` with the path of the first field that is wrong, such as `epochs.2.receipts.0.pay`. */
export function readStatement(value: unknown): Statement {
  const parsed = statementSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  // The name of an unknown member is somebody else's text: only where it stands is said.
  const field = (first?.path ?? []).map(String).join('.') || 'members'
  throw new AppError('statement.invalid', { field })
}
