/** @module What Telegram tells of money, and the question it asks before a payment: answered at once, outside of every queue. */
import type { Api } from 'grammy'
import type { PreCheckoutQuery, Update } from 'grammy/types'
import { type Clock, deadline } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import type { StarsDesk } from '../../payments/stars/stars-desk-port.ts'
import type { CheckoutRefusal } from '../../payments/stars/stars-port.ts'
import { chooseUi, textsOf } from '../texts/texts.ts'

const ustarPerStar = 1_000_000n
/** Telegram waits 10 s; ours is shorter, since the answer travels too. */
const decideWithinMs = 1500

/** Payments, refunds and changes of plans: they wait for no chat and no other handler, and none of them may be lost. */
export const isMoneyNews = ({ message, subscription }: Update): boolean =>
  message?.successful_payment !== undefined ||
  message?.refunded_payment !== undefined ||
  subscription !== undefined

/**
 * Answers Telegram's question before a payment, at once: no queue, no lock, one query. Where the database does not
 * answer in time nothing is sold.
 */
export async function answerCheckout(
  deps: { api: Api; money: StarsDesk | undefined; clock: Clock; log: Log },
  query: PreCheckoutQuery,
): Promise<void> {
  const { api, money, clock, log } = deps
  const verdict = await decide({ money, clock, log }, query)
  const ok = verdict === 'ok'
  const words = textsOf(chooseUi(query.from.language_code)).money.refused
  const answer = ok ? {} : { error_message: words[verdict] }
  log.info('checkout.answered', { verdict })
  await api
    .answerPreCheckoutQuery(query.id, ok, answer)
    // Too late, or answered before: then nothing is paid, and the person may try again.
    .catch((error: unknown) => log.failure('checkout.unanswered', describe(error)))
}

async function decide(
  { money, clock, log }: { money: StarsDesk | undefined; clock: Clock; log: Log },
  { from, invoice_payload: payload, currency, total_amount: stars }: PreCheckoutQuery,
): Promise<'ok' | CheckoutRefusal> {
  if (!money) return 'closed'
  const { signal, dispose } = deadline(clock, decideWithinMs)
  const late = new Promise<'maintenance'>((resolve) => {
    signal.addEventListener('abort', () => resolve('maintenance'), { once: true })
  })
  try {
    const customer = money.stars.customerOf(from.id)
    const ustar = BigInt(stars) * ustarPerStar
    return await Promise.race([money.stars.checkout({ customer, payload, currency, ustar }), late])
  } catch (error) {
    log.failure('checkout.undecided', describe(error))
    return 'maintenance'
  } finally {
    dispose()
  }
}
