/** @module The last steps of a request: what it costs is agreed on, it is handed over, and what goes wrong is said to its asker. */
import { AppError } from '../../core/app-error.ts'
import type { Press, WorkPress } from '../buttons.ts'
import type { Services } from '../context.ts'
import type { Flow } from '../delivery/delivery.ts'
import { button } from '../replies/keyboards.ts'
import { isShort, priceQuestion, shortage } from '../replies/prices.ts'
import { sentenceOf } from '../replies/say.ts'
import type { Ask, Work } from './ask.ts'
import { type Asker, tell } from './asker.ts'

export interface Submitting {
  /** Runs `work`; what a person can understand is said to them, anything else is the update's failure. */
  readonly guarded: (asker: Asker, again: Press, work: () => Promise<void>) => Promise<void>
  /** `again`: the press that asks for the same once the price is agreed on. */
  readonly submit: (
    asker: Asker,
    order: { work: Work; flow: Flow },
    again: WorkPress,
  ) => Promise<void>
}

export function createSubmitting({
  api,
  accept,
  pricing,
  log,
}: Pick<Services, 'api' | 'accept' | 'pricing' | 'log'>): Submitting {
  async function guarded(asker: Asker, again: Press, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      log.warn('request.refused', { code: error.code })
      if (isShort(error)) return tell(api, asker, shortage(error, asker.texts))
      const { text, mayRetry } = sentenceOf(error, asker.texts)
      const sentence = error.code === 'input.too-many' ? asker.texts.input.tooMany : text
      const keyboard = mayRetry ? [[button(asker.texts.buttons.retry, again)]] : []
      await tell(api, asker, { text: sentence, keyboard })
    }
  }

  async function submit(
    asker: Asker,
    { work, flow }: { work: Work; flow: Flow },
    again: WorkPress,
  ): Promise<void> {
    const { place, ui, tag, payer } = asker
    const shown = asker.isPreview === true ? 'preview' : flow
    const ask = { place, ui, flow: shown, work, tag, class: asker.class, ...(payer && { payer }) }
    const price = await priceToAgree(asker, ask)
    if (price === undefined) await accept(ask)
    else await tell(api, asker, priceQuestion(asker, price, asker.pressed ?? again))
  }

  /** Whoever pressed a button with the price has agreed; nobody is asked what is not theirs to pay. */
  async function priceToAgree(asker: Asker, ask: Ask): Promise<bigint | undefined> {
    const isAgreed = asker.isPriceAgreed === true || asker.payer !== undefined
    if (!pricing || isAgreed || asker.isSilent === true) return undefined
    return pricing.toAgree(ask, asker.settings.askAbove)
  }

  return { guarded, submit }
}
