/** @module What an open batch needs next, decided from its row and what was seen on chain; nothing here reads, writes or sends (PAY §7). */
import type { Batch, BatchState, Signed } from './batch.ts'
import { type Failure, worstFailure } from './failure.ts'

/** The chain, as far as it matters to one batch; read together. */
export interface Sight {
  /** Unix seconds of the newest masterchain block. */
  readonly chainTime: number
  /** The wallet's number: that of the next message it takes. */
  readonly seqno: number
  /** Whether a wallet's transaction with our message's hash is there. */
  readonly isFound: boolean
  /** Whether the wallet's transactions were read up to the state in which `seqno` stands: a lagging node shows one without the other. */
  readonly isComplete: boolean
}

export type Move =
  | { readonly do: 'wait' }
  | { readonly do: 'send' }
  | { readonly do: 'see' }
  /** It can never be taken any more. */
  | { readonly do: 'expire' }
  /** Somebody else signs for our wallet. */
  | { readonly do: 'halt'; readonly code: 'settlement.foreign_use' }

const resendMs = 2000
/** Blocks carry times a little apart: a message is given up only so long after its end. */
const graceS = 30

/** A batch that is `signed` or `broadcast`. */
export function nextMove(
  { signed, sentAtMs }: { readonly signed: Signed; readonly sentAtMs?: number },
  { sight, nowMs }: { sight: Sight; nowMs: number },
): Move {
  if (sight.isFound) return { do: 'see' }
  if (sight.seqno > signed.seqno)
    return sight.isComplete ? { do: 'halt', code: 'settlement.foreign_use' } : { do: 'wait' }
  // The number is free still and the message's time is over: no block can take it.
  if (BigInt(sight.chainTime) > signed.validUntil + BigInt(graceS))
    return sight.isComplete && sight.seqno === signed.seqno ? { do: 'expire' } : { do: 'wait' }
  if (sentAtMs !== undefined && nowMs - sentAtMs < resendMs) return { do: 'wait' }
  return { do: 'send' }
}

/** A wallet signs only with the number that follows from our own rows: everything else is a lagging node or another hand. */
export function checkSeqno(chain: number, expected: number): 'sign' | 'wait' | 'foreign' {
  if (chain === expected) return 'sign'
  return chain < expected ? 'wait' : 'foreign'
}

export type Verdict =
  | { readonly state: 'finalized' }
  | { readonly state: 'failed'; readonly failure: Failure }

/** Of a `seen` batch all of whose messages have arrived or are known to be missing. */
export function verdictOf({ chunks }: Pick<Batch, 'chunks'>): Verdict {
  const failure = worstFailure(chunks)
  return failure ? { state: 'failed', failure } : { state: 'finalized' }
}

/** A `finalized` batch is closed when its payouts are booked and the vault's own dictionary says so. */
export function isClosable(
  { lines, chunks }: Pick<Batch, 'lines' | 'chunks'>,
  { paidTo, cursorLt }: { paidTo: (payee: string) => bigint; cursorLt: bigint },
): boolean {
  return (
    chunks.every(({ vaultLt }) => vaultLt !== undefined && vaultLt <= cursorLt) &&
    lines.every(({ payee, target }) => paidTo(payee) >= target)
  )
}

const after: Readonly<Record<BatchState, readonly BatchState[]>> = {
  planned: ['signed', 'failed'],
  signed: ['broadcast', 'seen', 'expired', 'failed'],
  broadcast: ['broadcast', 'seen', 'expired', 'failed'],
  seen: ['finalized', 'failed'],
  finalized: ['closed', 'failed'],
  closed: [],
  expired: [],
  failed: [],
}

/** Which states may follow; a store refuses others. */
export const mayFollow = (from: BatchState, to: BatchState): boolean => after[from].includes(to)
