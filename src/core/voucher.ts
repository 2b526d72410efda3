/** @module What gateway and worker tell each other about money, as both sides parse it (PAY §4). Sums are decimal text of nano. */
import { z } from 'zod'
import { unitsSchema } from './units.ts'

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${String(2 * bytes)}}$`))
/** Below 2^120, as the chain's own sums. */
const nano = z.string().regex(/^(0|[1-9]\d{0,35})$/)
/** Signed, as the chain's global id: mainnet −239, testnet −3. */
const globalId = z
  .number()
  .int()
  .min(-(2 ** 31))
  .max(2 ** 31 - 1)
const epoch = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1)
/** Raw form, base chain. */
const vault = z.string().regex(/^0:[0-9a-f]{64}$/)
const payee = hex(32)

/**
 * "Vault V owes payee P a lifetime total of T", signed by the settlement key. Not secret: whoever submits it, P is paid.
 * `sig` is over the hash of the voucher's cell; `claim` is the ready message body, base64 of a BoC.
 */
export const voucherSchema = z.strictObject({
  v: z.literal(1),
  net: globalId,
  vault,
  payee,
  total: nano,
  epoch,
  sig: hex(64),
  claim: z
    .string()
    .max(2048)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/),
})
export type Voucher = Readonly<z.infer<typeof voucherSchema>>

/** Where a payee is paid, and whose signature says how much; `key` is the settlement key's public half. */
export const payTermsSchema = z.strictObject({ net: globalId, vault, key: hex(32), epoch, payee })
export type PayTerms = Readonly<z.infer<typeof payTermsSchema>>

/** Per 1 000 000 units of each kind; a kind that is absent costs nothing. */
const ratesSchema = z.strictObject({
  job: nano.optional(),
  inTok: nano.optional(),
  cachedTok: nano.optional(),
  outTok: nano.optional(),
  reasonTok: nano.optional(),
  audioMs: nano.optional(),
})
export type WireRates = Readonly<z.infer<typeof ratesSchema>>

/** What one job earned, and from what that follows. */
export const payNoteSchema = z.strictObject({
  version: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  rates: ratesSchema,
  units: unitsSchema,
  /** False for an answer that costs nobody anything: no speech, nothing to translate. */
  charged: z.boolean(),
  amount: nano,
})
export type PayNote = Readonly<z.infer<typeof payNoteSchema>>

/** What the gateway says of the chain; nobody has to believe it. `free`: what the vault could pay out now. */
export const standingSchema = z.strictObject({ paid: nano, free: nano.optional() })
export type Standing = Readonly<z.infer<typeof standingSchema>>
