import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { botCalls, type CallBot } from '../../support/bot-calls.ts'
import { TestSimulator } from '../../support/simulator.ts'
import { TestClock } from '../../support/test-clock.ts'

interface Hit {
  readonly id: number
  readonly text: string
  readonly secret: string | undefined
}

let clock: TestClock
let sim: TestSimulator
let call: CallBot
let hook: Server
let url: string
let ann: number
/** What reached the hook, and how it answers the text of an update; 200 if nothing is said. */
let hits: Hit[]
let answers: Map<string, { status?: number; body?: object }>
let arrived: PromiseWithResolvers<void>

beforeEach(async () => {
  clock = new TestClock()
  sim = await TestSimulator.start({ clock })
  call = botCalls(sim)
  ann = sim.person('Ann')
  hits = []
  answers = new Map()
  arrived = Promise.withResolvers()
  hook = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => (body += String(part)))
    request.on('end', () => {
      const update = JSON.parse(body) as { update_id: number; message: { text: string } }
      const secret = request.headers['x-telegram-bot-api-secret-token']
      const { text } = update.message
      hits.push({ id: update.update_id, text, secret: secret?.toString() })
      const answer = answers.get(text)
      response.writeHead(answer?.status ?? 200, { 'content-type': 'application/json' })
      response.end(answer?.body === undefined ? '' : JSON.stringify(answer.body))
      arrived.resolve()
    })
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`
})
afterEach(async () => {
  hook.closeAllConnections()
  hook.close()
  await sim.close()
})

const texts = () => hits.map((it) => it.text)

/** Waits until the hook was called `count` times in all. */
async function heard(count: number): Promise<void> {
  while (hits.length < count) {
    await arrived.promise
    arrived = Promise.withResolvers()
  }
}

interface Info {
  readonly url: string
  readonly pending_update_count: number
  readonly last_error_date?: number
  readonly last_error_message?: string
}
const info = async () => (await call('getWebhookInfo')).result as Info

test('updates of a chat come in order, with the secret; the answer may hold a call', async () => {
  for (const text of ['one', 'two', 'three'])
    answers.set(text, { body: { method: 'sendMessage', chat_id: ann, text: `got ${text}` } })
  await call('setWebhook', { url, secret_token: 's3cret' })

  for (const text of ['one', 'two', 'three']) await sim.say(ann, text)

  await heard(3)
  expect(texts()).toEqual(['one', 'two', 'three'])
  expect(new Set(hits.map((it) => it.secret))).toEqual(new Set(['s3cret']))
  expect((await sim.answers(ann, 3)).map((it) => it.text)).toEqual([
    'got one',
    'got two',
    'got three',
  ])
  await expect.poll(async () => (await info()).pending_update_count).toBe(0)
})

test('what waited before the webhook was set goes out at once, unless it is to be dropped', async () => {
  await sim.say(ann, 'early')
  await call('setWebhook', { url })
  await heard(1)

  await call('deleteWebhook')
  await sim.say(ann, 'dropped')
  await call('setWebhook', { url, drop_pending_updates: true })
  await sim.say(ann, 'late')
  await heard(2)

  expect(texts()).toEqual(['early', 'late'])
})

test('a refused update comes again after 1 s, 2 s, 4 s and holds back its chat, but no other chat', async () => {
  const bob = sim.person('Bob')
  answers.set('refused', { status: 503 })
  await call('setWebhook', { url })

  await sim.say(ann, 'refused')
  await heard(1)
  await sim.say(ann, 'held back')
  await sim.say(bob, 'of another chat')
  await heard(2)
  await expect.poll(async () => (await info()).pending_update_count).toBe(2)
  for (const [times, pause] of [1000, 2000].entries()) {
    clock.advance(pause - 1)
    expect(hits).toHaveLength(times + 2)
    clock.advance(1)
    await heard(times + 3)
    // The answer is read before the next pause begins.
    await expect
      .poll(async () => (await info()).last_error_date)
      .toBe(Math.floor(clock.now() / 1000))
  }
  answers.clear()
  clock.advance(4000)
  await heard(6)

  expect(texts()).toEqual([
    'refused',
    'of another chat',
    'refused',
    'refused',
    'refused',
    'held back',
  ])
  expect(new Set(hits.filter((it) => it.text === 'refused').map((it) => it.id)).size).toBe(1)
  expect(await info()).toMatchObject({
    url,
    last_error_message: 'Wrong response from the webhook: 503',
  })
})

test('with a webhook set, polling is refused; deleted, what waits can be fetched', async () => {
  await call('setWebhook', { url: 'http://127.0.0.1:1/hook' })
  await sim.say(ann, 'waiting')

  expect(await call('getUpdates')).toMatchObject({
    status: 409,
    description:
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
  })
  await expect.poll(async () => (await info()).last_error_message).toBe('Connection failed')
  await call('deleteWebhook')
  expect(await call('getUpdates')).toMatchObject({
    result: [{ message: { text: 'waiting' } }],
  })
})

test.each([
  { what: 'plain http to another machine', params: { url: 'http://example.org/hook' } },
  {
    what: 'a secret of other characters',
    params: { url: 'https://example.org/hook', secret_token: 'a b' },
  },
])('refused: $what', async ({ params }) => {
  expect(await call('setWebhook', params)).toMatchObject({ ok: false, status: 400 })
})
