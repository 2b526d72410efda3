/** @module What a job earned, as gateway and worker tell each other: the ledger's row on one side, the same sum done again on the other. */
import type { Captured } from '../../core/money.ts'
import type { PayNote, WireRates } from '../../core/voucher.ts'
import { payOf, type Rates, UNIT_KINDS } from '../prices/rates.ts'

/** What the ledger booked, for the worker to check. */
export const noteOf = (captured: Captured): PayNote => ({
  version: captured.priceVersion,
  rates: toWire(captured.workerRates),
  units: captured.units,
  charged: captured.isCharged,
  amount: captured.payNano.toString(),
})

/** What rates and units of a note come to: the owner's own sum. */
export const payIn = ({ rates, units, charged }: Omit<PayNote, 'amount' | 'version'>): bigint =>
  charged ? payOf(units, fromWire(rates)) : 0n

const toWire = (rates: Rates): WireRates =>
  Object.fromEntries(
    UNIT_KINDS.flatMap((kind) => {
      const rate = rates[kind]
      return rate === undefined ? [] : [[kind, rate.toString()]]
    }),
  )

const fromWire = (rates: WireRates): Rates =>
  Object.fromEntries(
    UNIT_KINDS.flatMap((kind) => {
      const rate = rates[kind]
      return rate === undefined ? [] : [[kind, BigInt(rate)]]
    }),
  )
