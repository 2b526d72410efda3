/** @module What a request would cost and what is missing for it, as a sentence with its buttons. */
import type { AppError } from '../../core/app-error.ts'
import { formatStars } from '../../core/coin.ts'
import type { WorkPress } from '../buttons.ts'
import type { Settings } from '../people/settings.ts'
import type { Place } from '../place.ts'
import type { Texts } from '../texts/texts.ts'
import type { Keyboard } from './answer.ts'
import { button } from './keyboards.ts'

interface Sentence {
  readonly text: string
  readonly keyboard?: Keyboard
}

/** "Translate for n": one press, and it starts. */
export function priceQuestion(
  asker: { readonly place: Place; readonly settings: Settings; readonly texts: Texts },
  ustar: bigint,
  again: WorkPress,
): Sentence {
  const { ask } = asker.texts.money
  const stars = formatStars(ustar)
  // In a group nobody else should press what one of them pays.
  if (asker.place.kind !== 'private') return { text: ask.priceInGroup(stars) }
  return {
    text: ask.price(stars, formatStars(asker.settings.askAbove)),
    keyboard: [[button(labelOf(ask, again)(stars), { kind: 'priced', press: again })]],
  }
}

function labelOf(ask: Texts['money']['ask'], again: WorkPress): (stars: string) => string {
  switch (again.kind) {
    case 'translate':
      return ask.translate
    case 'summarize':
      return ask.summarize
    case 'transcribe':
      return ask.transcribe
    case 'copy':
      return again.action === 'summarize' ? ask.summarize : ask.translate
  }
}

/** Neither the balance nor the day's allowance covers it. */
export const isShort = ({ code }: AppError): boolean =>
  code === 'funds.insufficient' || code === 'quota.spent'

/** What is missing, when it renews, and the ways on. */
export function shortage({ code, details }: AppError, { money }: Texts): Sentence {
  const { need, have, renewsAtMs } = details
  const { short, buttons } = money
  const text =
    code === 'quota.spent' && typeof renewsAtMs === 'number'
      ? `${short.spent(renewsAtMs)} ${short.buy}`
      : short.need(starsIn(need), starsIn(have))
  return {
    text,
    keyboard: [
      [
        button(buttons.buy, { kind: 'money', act: 'buy' }),
        button(buttons.balance, { kind: 'money', act: 'balance' }),
      ],
    ],
  }
}

const starsIn = (amount: unknown): string =>
  formatStars(typeof amount === 'string' && /^\d{1,18}$/.test(amount) ? BigInt(amount) : 0n)
