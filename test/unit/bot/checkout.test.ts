import type { Api } from 'grammy'
import type { PreCheckoutQuery } from 'grammy/types'
import { expect, test } from 'vitest'
import { answerCheckout } from '../../../src/bot/features/checkout.ts'
import type { StarsDesk } from '../../../src/payments/stars/stars-desk-port.ts'
import { quietLog as log } from '../../support/quiet-log.ts'
import { TestClock } from '../../support/test-clock.ts'

const query: PreCheckoutQuery = {
  id: 'q',
  from: { id: 7, is_bot: false, first_name: 'A', language_code: 'ru' },
  currency: 'XTR',
  total_amount: 50,
  invoice_payload: 'p',
}

/** A Telegram that keeps what it is answered. */
function telegram(isAway = false) {
  const answers: unknown[][] = []
  const api = {
    answerPreCheckoutQuery: async (...given: unknown[]) => {
      answers.push(given)
      if (isAway) throw new Error('late')
    },
  } as unknown as Api
  return { api, answers }
}

const deskThat = (checkout: StarsDesk['stars']['checkout']): StarsDesk =>
  ({ stars: { customerOf: () => 'c', checkout } }) as unknown as StarsDesk

test('what the money side decides is answered, with a sentence in the language of the person', async () => {
  const { api, answers } = telegram()
  const asked: unknown[] = []
  const money = deskThat(async (it) => {
    asked.push(it)
    return asked.length === 1 ? 'ok' : 'expired'
  })
  const clock = new TestClock()

  await answerCheckout({ api, money, clock, log }, query)
  await answerCheckout({ api, money, clock, log }, query)

  expect(asked[0]).toEqual({ customer: 'c', payload: 'p', currency: 'XTR', ustar: 50_000_000n })
  expect(answers).toEqual([
    ['q', true, {}],
    ['q', false, { error_message: expect.stringMatching(/больше часа/) as string }],
  ])
})

test('a database that does not answer sells nothing, and the answer is out within two seconds', async () => {
  const { api, answers } = telegram()
  const clock = new TestClock()
  const money = deskThat(() => new Promise(() => undefined))

  const done = answerCheckout({ api, money, clock, log }, query)
  clock.advance(1500)
  await done

  expect(answers).toEqual([['q', false, { error_message: expect.any(String) as string }]])
})

test.each([
  ['a database that fails', deskThat(async () => Promise.reject(new Error('down')))],
  ['no money side at all', undefined],
])('%s sells nothing', async (_what, money) => {
  const { api, answers } = telegram()

  await answerCheckout({ api, money, clock: new TestClock(), log }, query)

  expect(answers[0]?.[1]).toBe(false)
})

test('an answer that comes too late for Telegram is no failure of the update', async () => {
  const { api } = telegram(true)
  const money = deskThat(async () => 'ok')

  await expect(
    answerCheckout({ api, money, clock: new TestClock(), log }, query),
  ).resolves.toBeUndefined()
})
