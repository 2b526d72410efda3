/** @module What goes into the next batch: who is due, in messages that gas, caps and funds allow (PAY §5, §7). */
import type { Chunk, Line } from './batch.ts'
import { type Owed, whyNotDue } from './due.ts'

/** What vault and wallet allow now. Amounts in nano. */
export interface Limits {
  /** Payees in one message. */
  readonly chunkSize: number
  /** The vault's cap of one message. */
  readonly batchCapNano: bigint
  /** What is left of the vault's day cap. */
  readonly dayLeftNano: bigint
  /** The vault's balance above its storage reserve. */
  readonly freeNano: bigint
  /** Fee of a message that carries so many totals, already with its margin. */
  readonly valueFor: (lines: number) => bigint
}

export interface Plan {
  readonly lines: readonly Line[]
  readonly chunks: readonly Chunk[]
  readonly paidNano: bigint
  /** Due, but not in this batch: what held it back. */
  readonly left: { readonly payees: number; readonly nano: bigint; readonly why?: 'funds' | 'cap' }
}

/** More do not fit into one external message (PAY §7). */
export const maxChunks = 20
/** An entry cell holds three totals only below it (PAY §5). */
const maxTotalNano = 2n ** 72n

/**
 * Longest unpaid first; whoever is owed more than a message may pay gets a part now. Nobody gets what is left at the
 * bottom of a vault: who cannot have all that the caps allow waits until it is funded.
 */
export function planBatch(
  payees: readonly Owed[],
  { limits, nowMs, isAll = false }: { limits: Limits; nowMs: number; isAll?: boolean },
): Plan {
  const due = payees
    .filter((it) => whyNotDue(it, nowMs, isAll) === undefined && it.paidNano < maxTotalNano)
    .toSorted((a, b) => waitingSince(a) - waitingSince(b) || (a.payee < b.payee ? -1 : 1))
  const lines: Line[] = []
  const chunks: Chunk[] = []
  let inChunk = 0
  let chunkNano = 0n
  let paidNano = 0n
  let left = { payees: 0, nano: 0n }
  let why: 'funds' | 'cap' | undefined
  const endChunk = (): void => {
    if (inChunk === 0) return
    chunks.push({ chunk: chunks.length, kind: 'settle', valueNano: limits.valueFor(inChunk) })
    inChunk = 0
    chunkNano = 0n
  }
  for (const { payee, earnedNano, paidNano: before } of due) {
    const owed = earnedNano - before
    if (inChunk >= limits.chunkSize || chunkNano >= limits.batchCapNano) endChunk()
    const room = smallest(
      limits.batchCapNano,
      limits.dayLeftNano - paidNano,
      maxTotalNano - 1n - before,
    )
    const part = smallest(owed, room)
    const isFunded = part <= limits.freeNano - paidNano
    // A message that is over its cap is refused whole: the rest of this payee begins a new one.
    if (isFunded && part > limits.batchCapNano - chunkNano) endChunk()
    const isFull = chunks.length >= maxChunks
    if (part <= 0n || !isFunded || isFull) {
      left = { payees: left.payees + 1, nano: left.nano + owed }
      if (!isFull) why ??= isFunded ? 'cap' : 'funds'
      continue
    }
    lines.push({ payee, chunk: chunks.length, paidBefore: before, target: before + part })
    inChunk++
    chunkNano += part
    paidNano += part
    if (part < owed) {
      left = { payees: left.payees + 1, nano: left.nano + owed - part }
      why ??= 'cap'
    }
  }
  endChunk()
  return { lines, chunks, paidNano, left: { ...left, ...(why && { why }) } }
}

const waitingSince = ({ lastPaidAtMs, sinceMs }: Owed): number => lastPaidAtMs ?? sinceMs ?? 0

const smallest = (first: bigint, ...others: readonly bigint[]): bigint =>
  others.reduce((least, it) => (it < least ? it : least), first)
