/** @module How one table of prices differs from the next: what decides when the next may hold (PAY §6). */
import { type Rates, UNIT_KINDS } from '../prices/rates.ts'
import { keyOf, type PriceTable } from '../prices/table.ts'

/** A kind of job that only one of the tables has counts for neither: nobody pays more or earns less for the same job. */
export function priceChange(
  old: Pick<PriceTable, 'rows'>,
  next: Pick<PriceTable, 'rows'>,
): { readonly customerUp: boolean; readonly workerDown: boolean } {
  const before = new Map(old.rows.map((row) => [keyOf(row), row]))
  let customerUp = false
  let workerDown = false
  for (const row of next.rows) {
    const was = before.get(keyOf(row))
    if (!was) continue
    customerUp ||= rises(was.nano, row.nano) || rises(was.ustar, row.ustar)
    workerDown ||= rises(row.worker, was.worker)
  }
  return { customerUp, workerDown }
}

/** As the registry has it. */
const raiseDelayS = 24 * 3600
const lowerPayDelayS = 72 * 3600

/** Seconds that such a change waits off the dev network. */
export const priceDelayS = ({
  customerUp,
  workerDown,
}: {
  readonly customerUp: boolean
  readonly workerDown: boolean
}): number => (workerDown ? lowerPayDelayS : customerUp ? raiseDelayS : 0)

const rises = (from: Rates | undefined, to: Rates | undefined): boolean =>
  from !== undefined &&
  to !== undefined &&
  UNIT_KINDS.some((kind) => (to[kind] ?? 0n) > (from[kind] ?? 0n))
