import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import { freePort } from '../../support/stores.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'

let world: BotWorld
let port: number
beforeAll(async () => {
  port = await freePort()
  world = await startBotWorld({
    script: () => ({ text: 'Good morning!' }),
    intake: {
      kind: 'webhook',
      url: `http://127.0.0.1:${port}`,
      host: '127.0.0.1',
      port,
      key: Buffer.alloc(32, 9),
    },
  })
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())

/** What the bot told Telegram. */
async function told(): Promise<{ url: string; secret: string }> {
  const call = (await world.sim.calls('setWebhook')).at(-1)
  return { url: String(call?.params['url']), secret: String(call?.params['secret_token']) }
}

const post = async (it: { url?: string; secret?: string; body?: string; method?: string }) => {
  const { url, secret } = await told()
  const response = await fetch(it.url ?? url, {
    method: it.method ?? 'POST',
    headers: {
      'content-type': 'application/json',
      ...(it.secret !== '' && { 'x-telegram-bot-api-secret-token': it.secret ?? secret }),
    },
    ...(it.method === 'GET' ? {} : { body: it.body ?? '{"update_id":1}' }),
  })
  return response.status
}

test('what Telegram pushes is answered, and nothing is polled', async () => {
  const ann = world.sim.person('Ann', 'en')

  await world.sim.say(ann, german)
  const [answer] = await world.sim.answers(ann)

  expect(answer?.text).toContain('Good morning!')
  expect(await world.sim.calls('getUpdates')).toEqual([])
})

test('path and secret cannot be guessed, and stay the same after a restart', async () => {
  const before = await told()

  await world.crash()
  await world.restart()

  expect(before.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/telegram\/[\w-]{43}$/)
  expect(before.secret).toMatch(/^[\w-]{43}$/)
  expect(before.url).not.toContain(before.secret)
  expect(await told()).toEqual(before)
})

test.each([
  ['without the secret', { secret: '' }, 401],
  ['with another secret', { secret: 'x'.repeat(43) }, 401],
  ['with a shorter secret', { secret: 'x' }, 401],
  ['that is no update', { body: '{"a":1}' }, 400],
  ['that is no JSON', { body: 'hello' }, 400],
  ['of more than 1 MiB', { body: `{"update_id":1,"x":"${'x'.repeat(1024 * 1024)}"}` }, 413],
  ['by another method', { method: 'GET' }, 405],
] as const)('a request %s is refused and leaves no row', async (_name, request, status) => {
  const before = await world.db.rows.inbox.count()

  expect(await post(request)).toBe(status)
  expect(await world.db.rows.inbox.count()).toBe(before)
})

test('another path is not there', async () => {
  expect(await post({ url: `http://127.0.0.1:${port}/telegram/guess` })).toBe(404)
})

test('200 is said only when the update is kept: one pushed again is handled once', async () => {
  const ann = world.sim.person('Ann', 'en')
  const before = world.desk.jobs.length
  const update = {
    update_id: 900_001,
    message: {
      message_id: await world.sim.say(ann, '/start'),
      date: 1_700_000_000,
      chat: { id: ann, type: 'private', first_name: 'Ann' },
      from: { id: ann, is_bot: false, first_name: 'Ann', language_code: 'en' },
      text: german,
    },
  }

  const answered = await post({ body: JSON.stringify(update) })
  const kept = await world.db.rows.inbox.count({ where: { updateId: 900_001n } })
  await post({ body: JSON.stringify(update) })
  await world.desk.delivered(await world.desk.job(before))
  await world.bot.updates.idle()

  expect(answered).toBe(200)
  expect(kept).toBe(1)
  expect(world.desk.jobs.length).toBe(before + 1)
})

test('a push that comes while the bot is away is answered after its restart', async () => {
  const ann = world.sim.person('Ann', 'en')
  await world.crash()
  await world.sim.say(ann, german)

  await world.restart()
  const [answer] = await world.sim.answers(ann)

  expect(answer?.text).toContain('Good morning!')
})
