import { type ApiCallFn, HttpError } from 'grammy'
import { expect, test } from 'vitest'
import { retryCalls } from '../../../../src/bot/telegram/retry.ts'
import { TestClock } from '../../../support/test-clock.ts'

const lost = new HttpError('lost', new Error('socket'))
const done = { ok: true, result: true } as never
const refused = (code: number, parameters = {}) =>
  ({ ok: false, error_code: code, description: '', parameters }) as never

/** Answers one after the other; counts the calls; time passes as it is waited for. */
function world(...answers: unknown[]) {
  const clock = new TestClock()
  const started = clock.now()
  const flooded: number[] = []
  let calls = 0
  const retry = retryCalls(clock, { flooded: (_chat, ms) => flooded.push(ms) })
  const prev = (async () => {
    const answer = answers[calls++]
    if (answer instanceof Error) throw answer
    return answer
  }) as unknown as ApiCallFn
  const call = async (
    method: 'deleteWebhook' | 'sendMessage' | 'editMessageText',
    payload = {},
  ) => {
    const state = { hasEnded: false }
    const outcome = retry(prev, method as never, payload as never, undefined)
      .catch((error: unknown) => error)
      .finally(() => {
        state.hasEnded = true
      })
    while (!state.hasEnded) {
      clock.advance(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return outcome
  }
  return { call, flooded, calls: () => calls, waitedMs: () => clock.now() - started }
}

test('what is said at start is said again after a lost connection', async () => {
  const { call, calls } = world(lost, lost, done)

  expect(await call('deleteWebhook')).toBe(done)
  expect(calls()).toBe(3)
})

test('and given up after the fourth time', async () => {
  const { call, calls } = world(...Array.from({ length: 9 }, () => lost))

  expect(await call('deleteWebhook')).toBe(lost)
  expect(calls()).toBe(4)
})

test('a message whose connection was lost is not sent twice', async () => {
  const { call, calls } = world(lost, done)

  expect(await call('sendMessage')).toBe(lost)
  expect(calls()).toBe(1)
})

test('a message that was answered by 5xx is not sent twice, an edit is', async () => {
  const answer = refused(502)
  const message = world(answer, done)
  const edit = world(answer, done)

  expect(await message.call('sendMessage')).toBe(answer)
  expect(await edit.call('editMessageText')).toBe(done)
  expect([message.calls(), edit.calls()]).toEqual([1, 2])
})

test('429 waits as long as it asks and tells who else sends there', async () => {
  const { call, flooded, waitedMs } = world(refused(429, { retry_after: 7 }), done)

  expect(await call('sendMessage', { chat_id: 5 })).toBe(done)
  expect(flooded).toEqual([7000])
  expect(waitedMs()).toBeGreaterThanOrEqual(7000)
})

test('a longer wait than a minute is left to the next delivery', async () => {
  const answer = refused(429, { retry_after: 61 })
  const { call, calls } = world(answer, done)

  expect(await call('sendMessage', { chat_id: 5 })).toBe(answer)
  expect(calls()).toBe(1)
})
