/** @module The cryptography the desk needs, as functions: `tee/` has them, a `main.ts` passes them (wings never import each other). */
import type { Envelope } from '../core/frames.ts'
import type { BlobId, JobId, Kid, ModelId } from '../core/ids.ts'
import type { Plaintext } from '../core/plaintext.ts'
import type { Tier } from '../core/tier.ts'

export interface SealRequest {
  readonly job: JobId
  readonly task: string
  readonly model: ModelId
  readonly tier: Tier
  /** Unix seconds. */
  readonly iat: number
  readonly exp: number
  readonly maxAttempts: number
  readonly content: Plaintext
  /** Sound that is sealed chunk by chunk into `store` before the envelope. */
  readonly audio?: {
    readonly source: AsyncIterable<Uint8Array>
    readonly maxBytes: number
    readonly store: (id: BlobId, chunks: AsyncIterable<Uint8Array>) => Promise<void>
  }
}

export interface SealedJob {
  readonly envelope: Envelope
  /** The job's key under the hour's KEK. */
  readonly wrappedCek: Uint8Array
  /** H(input record), hex. */
  readonly inputHash: string
  /** Salt of the input record under the hour's KEK. */
  readonly wrappedSalt: Uint8Array
}

/** One attempt whose answer is to be opened. */
export interface AttemptKeys {
  readonly job: JobId
  readonly attempt: number
  readonly kid: Kid
  readonly wrappedResult: Uint8Array
}

/** An answer, and the salts of both records where they are known: the asker gets them, nobody keeps them. */
interface OpenedAnswer {
  readonly output: Plaintext
  readonly salts?: { readonly input: Uint8Array; readonly output: Uint8Array }
}

type DraftStep =
  | { readonly kind: 'draft'; readonly text: string }
  | { readonly kind: 'progress'; readonly percent: number }
  | { readonly kind: 'nothing' }

export interface DraftReader {
  push(header: string, chunk: Uint8Array): DraftStep
  discard(): void
}

export interface DeskSealing {
  /** Wipes `content`. Throws `env.size`, `input.too-large`, `input.empty`. */
  seal(request: SealRequest): Promise<SealedJob>
  /** Throws `release.key-gone`, `env.open`, `result.*`. */
  openResult(
    keys: AttemptKeys,
    sealed: { readonly result: Uint8Array; readonly salt?: Uint8Array },
  ): OpenedAnswer
  /** Follows a running answer. Throws `release.key-gone`, `env.open`. */
  followDraft(keys: AttemptKeys): DraftReader
}
