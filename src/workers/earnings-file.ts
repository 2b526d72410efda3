/** @module The file with the newest voucher and what was counted beside it: written whole or not at all, readable by its owner only. */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { isJobId, type JobId } from '../core/ids.ts'
import { replaceSecretFile } from '../core/secret-file.ts'
import { payTermsSchema, voucherSchema } from '../core/voucher.ts'

const nano = z
  .string()
  .regex(/^-?\d{1,40}$/)
  .transform((text) => BigInt(text))
/** Of credit: the owner's own limit, or what the vault could pay; then what is wrong with a voucher, a pay, terms. */
const STOP_DETAILS = [
  'own',
  'vault',
  'voucher.invalid',
  'voucher.domain',
  'voucher.sig',
  'missing',
  'rates',
  'charged',
  'units',
  'amount',
  'total',
  'other-vault',
  'other-key',
] as const
export type StopDetail = (typeof STOP_DETAILS)[number]
const stoppedSchema = z.object({
  /**
   * `credit`: enough is owed. The others want a person: a voucher that is none, a sum that does not follow from what was
   * counted here, terms other than those pinned before.
   */
  code: z.enum(['credit', 'voucher', 'pay', 'terms']),
  detail: z.enum(STOP_DETAILS),
  job: z
    .string()
    .refine((text): text is JobId => isJobId(text))
    .optional(),
  /** Milliseconds since 1970. */
  at: z.number(),
})
const recordSchema = z.object({
  v: z.literal(1),
  terms: payTermsSchema.optional(),
  voucher: voucherSchema.optional(),
  /** Jobs of this machine that were paid, and what for all of them together. */
  jobs: z.number().int().min(0),
  earnedNano: nano,
  /** Owed by word only: earned, and in no voucher yet. */
  unsignedNano: nano,
  /** What the payee was paid, and what its vault could pay now: by the owner's own endpoint, or as the gateway says. */
  paidNano: nano,
  freeNano: nano.optional(),
  isChecked: z.boolean(),
  /** Rates by version, task, model and tier, as JSON. */
  rates: z.record(z.string().max(160), z.string().max(400)),
  stopped: stoppedSchema.optional(),
})
export type EarningsRecord = Readonly<z.output<typeof recordSchema>>
export type Stopped = Readonly<z.output<typeof stoppedSchema>>

export interface EarningsFile {
  read(): EarningsRecord
  /** On disk before it returns. */
  write(record: EarningsRecord): void
}

const nothing: EarningsRecord = {
  v: 1,
  jobs: 0,
  earnedNano: 0n,
  unsignedNano: 0n,
  paidNano: 0n,
  isChecked: false,
  rates: {},
}

/** One payee's file of a folder. */
export const earningsPath = (folder: string, payee: string): string => join(folder, `${payee}.json`)

/** Throws `config.data-folder` for a file that is there and is none of ours: a voucher in it would be lost. */
export function openEarningsFile(path: string): EarningsFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  return {
    read: () => {
      const record = readEarnings(path) ?? nothing
      // Whether the owner's endpoint answers is found out anew by each process.
      return { ...record, isChecked: false }
    },
    write: (record) => {
      const known = readEarnings(path)
      // Another process of this machine may have heard of a higher total.
      const voucher = newerOf(record.voucher, known?.voucher)
      replaceSecretFile(path, JSON.stringify({ ...record, ...(voucher && { voucher }) }, asText, 1))
    },
  }
}

/** Undefined when there is no such file. Throws `config.data-folder` for one that is not ours. */
export function readEarnings(path: string): EarningsRecord | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    return recordSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new AppError('config.data-folder', {}, { cause })
  }
}

/** A record that lives as long as the process: for a worker without a data folder. */
export function earningsInMemory(): EarningsFile {
  let kept = nothing
  return {
    read: () => kept,
    write: (record) => {
      kept = record
    },
  }
}

type MaybeVoucher = EarningsRecord['voucher']

function newerOf(mine: MaybeVoucher, theirs: MaybeVoucher): MaybeVoucher {
  if (!mine || !theirs) return mine ?? theirs
  if (mine.vault !== theirs.vault || mine.epoch > theirs.epoch) return mine
  return BigInt(theirs.total) > BigInt(mine.total) ? theirs : mine
}

const asText = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value
