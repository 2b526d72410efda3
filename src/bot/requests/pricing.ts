/** @module What a request may use at most, who pays for it, and whether its asker wants to be asked first. */
import type { ModelId } from '../../core/ids.ts'
import type { Tier } from '../../core/tier.ts'
import type { Units } from '../../core/units.ts'
import type { StarsDesk, Who } from '../../payments/stars/stars-desk-port.ts'
import type { PaidBy } from '../../queue/desk-port.ts'
import type { Place } from '../place.ts'
import type { Ask, Work } from './ask.ts'

export interface Pricing {
  paidBy(ask: Ask): Promise<PaidBy>
  /** The price to be agreed on first; undefined when the request may start at once: it is free, or cheap enough for its asker. */
  toAgree(ask: Ask, limitUstar: bigint): Promise<bigint | undefined>
}

/** The most that a job may use: the exact input and the task's own limit of output. */
export type BoundOf = (job: {
  readonly task: string
  readonly model: ModelId
  readonly text?: string
  readonly audioMs?: number
}) => Promise<Units>

export interface PricingDeps {
  readonly desk: StarsDesk
  readonly boundOf: BoundOf
  readonly textModel: ModelId
  readonly speechModel: ModelId
  readonly tier: Tier
}

/** Longer recordings are refused by the task. */
const maxSeconds = 3 * 3600
/** Speech is hardly ever sent in fewer bytes: 6 kbit/s. */
const leastBytesPerSecond = 750
/** Telegram cuts a recording's length to whole seconds. */
const roundingMs = 1000

export function createPricing(deps: PricingDeps): Pricing {
  const { desk, tier } = deps
  const modelOf = ({ task }: Work): ModelId =>
    task === 'transcribe' ? deps.speechModel : deps.textModel
  const boundOf = (work: Work): Promise<Units> => {
    const job = { task: work.task, model: modelOf(work) }
    return deps.boundOf(
      work.task === 'transcribe'
        ? { ...job, audioMs: audioBound(work) }
        : { ...job, text: work.text },
    )
  }
  return {
    paidBy: async (ask) => ({
      payer: desk.payerOf(whoPays(ask)),
      bound: await boundOf(ask.work),
    }),
    toAgree: async ({ work, place }, limit) => {
      const units = await boundOf(work)
      const amount = desk.quote({ task: work.task, model: modelOf(work), tier, units })
      if (amount <= limit || place.userId === undefined) return undefined
      const { freeLeft, freeJobsLeft } = await desk.walletOf(place.userId)
      return freeJobsLeft > 0 && freeLeft >= amount ? undefined : amount
    },
  }
}

/** Where nobody asked by name, the place has a small purse of its own: its free allowance. */
const whoPays = ({ payer, place }: Ask): Who => payer ?? askerOrPurse(place)

function askerOrPurse({ userId, chatId }: Place): Who {
  return userId === undefined ? { kind: 'purse', name: `c${chatId}` } : { kind: 'person', userId }
}

function audioBound({ seconds, file }: Extract<Work, { task: 'transcribe' }>): number {
  const guess = Math.ceil((file.bytes ?? maxSeconds * leastBytesPerSecond) / leastBytesPerSecond)
  return Math.min(seconds ?? guess, maxSeconds) * 1000 + roundingMs
}
