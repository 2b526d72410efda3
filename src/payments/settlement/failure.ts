/** @module What a refusal of the vault asks for (PAY §7): each exit code leads to one thing, and only some of them to another try. */
import type { Chunk } from './batch.ts'

type Remedy =
  /** New totals at once, in a new batch. */
  | { readonly do: 'plan-again' }
  | { readonly do: 'smaller-chunks' }
  | { readonly do: 'more-value' }
  /** Somebody has to do something that we see on chain; looked at again later. */
  | { readonly do: 'wait'; readonly forMs: number; readonly alert: boolean }
  /** Wrong key, vault or network: nothing is sent until a person has looked. */
  | { readonly do: 'halt' }

export interface Failure {
  readonly code: FailureCode
  readonly remedy: Remedy
}

const minuteMs = 60_000

/** Numbers of `contracts/vault/errors.tolk` and of the TVM, by what they mean to a sender. */
const known = {
  [-14]: { code: 'vault.out-of-gas', remedy: { do: 'smaller-chunks' } },
  13: { code: 'vault.out-of-gas', remedy: { do: 'smaller-chunks' } },
  37: { code: 'vault.value', remedy: { do: 'more-value' } },
  38: { code: 'vault.value', remedy: { do: 'more-value' } },
  401: { code: 'vault.signature', remedy: { do: 'halt' } },
  403: { code: 'vault.paused', remedy: { do: 'wait', forMs: 10 * minuteMs, alert: false } },
  404: { code: 'vault.domain', remedy: { do: 'halt' } },
  405: { code: 'vault.expired', remedy: { do: 'plan-again' } },
  406: { code: 'vault.cap', remedy: { do: 'wait', forMs: 60 * minuteMs, alert: false } },
  407: { code: 'vault.funds', remedy: { do: 'wait', forMs: minuteMs, alert: true } },
  // Of a commitment: the chain has this epoch already, or a later one.
  408: { code: 'vault.stale', remedy: { do: 'plan-again' } },
  412: { code: 'vault.payees', remedy: { do: 'wait', forMs: 60 * minuteMs, alert: true } },
  413: { code: 'vault.epoch', remedy: { do: 'halt' } },
} as const satisfies Readonly<Record<number, { code: string; remedy: Remedy }>>

/** Why a batch failed, as halts and waits are kept and said. */
export type FailureCode =
  | (typeof known)[keyof typeof known]['code']
  | 'vault.refused'
  | 'vault.chunk-missing'

const byCode: Readonly<Record<number, Failure>> = known

/** The message that the wallet should have sent is not there: it had too little, and sends on regardless (mode +2). */
const missingChunk: Failure = {
  code: 'vault.chunk-missing',
  remedy: { do: 'wait', forMs: minuteMs, alert: true },
}

/** Undefined: the vault took it. */
function failureOf({ vaultLt, exitCode, actionCode }: Chunk): Failure | undefined {
  if (vaultLt === undefined) return missingChunk
  // Skipped before it began: no value left for gas.
  if (exitCode === undefined) return { code: 'vault.value', remedy: { do: 'more-value' } }
  if (exitCode !== 0 && exitCode !== 1)
    return byCode[exitCode] ?? { code: 'vault.refused', remedy: { do: 'halt' } }
  if (actionCode === undefined || actionCode === 0) return undefined
  return byCode[actionCode] ?? { code: 'vault.refused', remedy: { do: 'halt' } }
}

const strength = {
  halt: 4,
  wait: 3,
  'smaller-chunks': 2,
  'more-value': 1,
  'plan-again': 0,
} as const

/** The one that says most about what comes next. */
export const worstFailure = (chunks: readonly Chunk[]): Failure | undefined =>
  chunks
    .flatMap((chunk) => failureOf(chunk) ?? [])
    .toSorted((a, b) => strength[b.remedy.do] - strength[a.remedy.do])[0]

/** After so many in a row without one that went well, only a person goes on. */
export const maxFailures = 5
