/** @module What one examination has found so far: failed checks, signatures still to be checked, the time for which all of it holds. */
import { type TeeCode, TeeError } from './codes.ts'
import type { Examination, SignatureCheck } from './examination.ts'

/** Lives as long as one examination. */
export class Findings {
  readonly failed: TeeCode[] = []
  readonly signatures: SignatureCheck[] = []
  #notBefore = Number.NEGATIVE_INFINITY
  #expiresAt = Number.POSITIVE_INFINITY

  /** Notes `code` unless the check is good. */
  check(isGood: boolean, code: TeeCode): void {
    if (!isGood) this.failed.push(code)
  }

  sign(check: SignatureCheck): void {
    this.signatures.push(check)
  }

  /** Something that the verdict rests on holds from `from` to `to` (unix milliseconds). */
  window(from: number, to: number): void {
    this.#notBefore = Math.max(this.#notBefore, from)
    this.#expiresAt = Math.min(this.#expiresAt, to)
  }

  /**
   * Runs `part`; a `TeeError` thrown in it is noted and ends that part only. Other errors are faults of this program
   * and pass. Gives what `part` gave, or undefined.
   */
  attempt<T>(part: () => T): T | undefined {
    try {
      return part()
    } catch (error) {
      if (!(error instanceof TeeError)) throw error
      this.failed.push(error.code)
      return undefined
    }
  }

  /** All of it, with the facts of the kind. */
  examination(
    tee: Examination['tee'],
    facts: Omit<Examination, 'tee' | 'failed' | 'signatures' | 'notBefore' | 'expiresAt'>,
  ): Examination {
    return {
      tee,
      ...facts,
      failed: [...this.failed],
      signatures: [...this.signatures],
      ...(Number.isFinite(this.#notBefore) ? { notBefore: this.#notBefore } : {}),
      ...(Number.isFinite(this.#expiresAt) ? { expiresAt: this.#expiresAt } : {}),
    }
  }
}
