/** @module The gateway's own count of what a job is billed for, from the plaintext that it may open (PAY §2). */
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import type { Envelope } from '../core/frames.ts'
import type { Log } from '../core/log.ts'
import { noUnits, type Units } from '../core/units.ts'
import { taskOf } from '../tasks/index.ts'
import type { Keks } from '../tee/keys/kek.ts'
import { openEnvelope } from '../tee/sealing/envelope.ts'
import type { Lease } from './worker.ts'

/** Tokens of a text by a model's own vocabulary; undefined where its file is not on this machine. */
export type TokenCounter = (model: string) => Promise<((text: string) => number) | undefined>

export interface Recount {
  /**
   * Counts the source of a job that was just lent, while its worker runs. Undefined where it cannot be counted: a key held
   * by the asker, a model that is not on this machine, sound. Never rejects.
   */
  source(job: {
    readonly envelope: Envelope
    readonly wrappedCek?: Uint8Array | undefined
  }): Promise<number | undefined>
  /** What is billed for an answer; undefined where the receipt has to count. Never rejects. */
  answer(lease: Lease, text: string): Promise<Units | undefined>
}

export function createRecount(deps: {
  readonly net: Net
  readonly keks: Keks
  readonly counterOf: TokenCounter
  readonly clock: Clock
  readonly log: Log
}): Recount {
  const { net, keks, counterOf, clock, log } = deps

  const countSource = async (
    envelope: Envelope,
    wrappedCek: Uint8Array,
  ): Promise<number | undefined> => {
    const task = taskOf(envelope.task)
    const count = task.kind === 'llm' ? await counterOf(envelope.model) : undefined
    if (!count) return undefined
    const cek = keks.unwrap('cek', envelope.job, wrappedCek)
    try {
      const nowSeconds = Math.floor(clock.now() / 1000)
      const { content } = openEnvelope(envelope, { cek, net, nowSeconds })
      try {
        const value: unknown = JSON.parse(Buffer.from(content.reveal()).toString('utf8'))
        const input = task.input.safeParse(value)
        return input.success ? count(task.sourceOf(input.data)) : undefined
      } finally {
        content.wipe()
      }
    } finally {
      cek.fill(0)
    }
  }
  const quietly = async <T>(step: () => Promise<T | undefined>): Promise<T | undefined> => {
    try {
      return await step()
    } catch (error) {
      log.failure('recount.failed', describe(error))
      return undefined
    }
  }

  return {
    source: ({ envelope, wrappedCek }) =>
      quietly(async () => wrappedCek && countSource(envelope, wrappedCek)),
    answer: (lease, text) =>
      quietly(async () => {
        const inTokens = await lease.source
        if (inTokens === undefined) return undefined
        const count = await counterOf(lease.served.model)
        return count && { ...noUnits, inTokens, outTokens: count(text) }
      }),
  }
}
