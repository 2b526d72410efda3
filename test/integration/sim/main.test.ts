import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { Ground } from '../../../src/core/ground.ts'
import { Lifetime } from '../../../src/core/lifetime.ts'
import { createLog } from '../../../src/core/log.ts'
import { main } from '../../../src/sim/main.ts'

let data: string
const lives: Lifetime[] = []

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sim-'))
})
afterEach(async () => {
  await Promise.all(lives.splice(0).map((it) => it.close()))
  await rm(data, { recursive: true })
})

function ground(env: Record<string, string>): Ground {
  const clock = systemClock
  const log = createLog(
    'sim',
    () => {},
    () => clock.now(),
  )
  const life = new Lifetime({ log, clock })
  lives.push(life)
  return { env: { CHRYSALIS_DATA: data, CHRYSALIS_PORT: '0', ...env }, log, clock, life }
}

test('the file for tools is readable by its owner only, tells where the simulator is, and goes with it', async () => {
  const it = ground({})
  const { pageUrl, apiRoot, token } = await main(it)
  const file = join(data, 'sim.json')

  const facts = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>

  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(facts).toEqual({
    base: apiRoot,
    page: pageUrl,
    token: token.reveal(),
    bot: { id: 7700000001, username: 'chrysalis_bot' },
    pid: process.pid,
  })
  await it.life.close()
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('the sample world is there, the token can be set, and the bot answers to it', async () => {
  const given = '7700000009:given-token-given-token-given-to'
  const { apiRoot } = await main(ground({ CHRYSALIS_SIM_TOKEN: given }))

  const me = await (await fetch(`${apiRoot}/bot${given}/getMe`)).json()
  const world = (await (await fetch(`${apiRoot}/sim/world`)).json()) as {
    people: unknown[]
    rooms: { chat: { type: string } }[]
  }

  expect(me).toMatchObject({
    ok: true,
    result: { id: 7700000009, can_read_all_group_messages: false },
  })
  expect(world.people).toHaveLength(2)
  expect(world.rooms.map((it) => it.chat.type)).toEqual([
    'group',
    'supergroup',
    'supergroup',
    'channel',
  ])
})

test('a port in use is a code with the port, and leaves no file', async () => {
  const { apiRoot } = await main(ground({ CHRYSALIS_DATA: data }))
  const { port } = new URL(apiRoot)
  const other = await mkdtemp(join(tmpdir(), 'sim-'))

  await expect(main(ground({ CHRYSALIS_PORT: port, CHRYSALIS_DATA: other }))).rejects.toMatchObject(
    {
      code: 'config.port-in-use',
      details: { port: Number(port) },
    },
  )
  await expect(stat(join(other, 'sim.json'))).rejects.toMatchObject({ code: 'ENOENT' })
  await rm(other, { recursive: true })
})

test('a bad setting is named', async () => {
  await expect(main(ground({ CHRYSALIS_PORT: 'soon' }))).rejects.toMatchObject({
    code: 'config.invalid',
    lines: [expect.stringMatching(/^CHRYSALIS_PORT: /)],
  })
})

test('a later start goes on counting messages, updates and new people, and keeps the sample people', async () => {
  const token = '7700000009:given-token-given-token-given-to'
  let now = Date.parse('2026-11-24T20:00:00Z')
  const numbers: { anna: number; newcomer: number; message: number; update: number }[] = []
  for (let start = 0; start < 2; start += 1) {
    const it = ground({ CHRYSALIS_SIM_TOKEN: token })
    const { apiRoot } = await main({ ...it, clock: { ...systemClock, now: () => now } })
    const post = async (path: string, body: object) =>
      (await (
        await fetch(`${apiRoot}/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      ).json()) as Record<string, never>
    const world = (await (await fetch(`${apiRoot}/sim/world`)).json()) as {
      people: { id: number }[]
    }
    const anna = world.people[0]?.id ?? 0
    const newcomer = (await post('sim/users', { first_name: 'New' }))['id'] ?? 0
    const message =
      (await post('sim/messages', { chat: anna, from: anna, text: 'x' }))['message_id'] ?? 0
    const { result } = (await post(`bot${token}/getUpdates`, {})) as unknown as {
      result: { update_id: number }[]
    }
    numbers.push({ anna, newcomer, message, update: result[0]?.update_id ?? 0 })
    await it.life.close()
    now += 10_000
  }

  const [first, second] = numbers
  expect(second?.anna).toBe(first?.anna)
  expect(second?.newcomer).toBeGreaterThan(first?.newcomer ?? 0)
  expect(second?.message).toBeGreaterThan(first?.message ?? 0)
  expect(second?.update).toBeGreaterThan(first?.update ?? 0)
})

test('after a kill people and chats are known again by number, and no word of theirs was kept', async () => {
  const secret = 'Zwetschgenkuchen'
  const first = ground({})
  const one = await main(first)
  const post = async (base: string, path: string, body: object) => {
    const response = await fetch(`${base}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return (await response.json()) as Record<string, number>
  }
  const { id: person = 0 } = await post(one.apiRoot, 'sim/users', {
    first_name: secret,
    language_code: 'de',
  })
  await post(one.apiRoot, 'sim/messages', { chat: person, from: person, text: `${secret} bitte` })
  const bot = 7700000001
  const { id: channel = 0 } = await post(one.apiRoot, 'sim/chats', {
    type: 'channel',
    title: secret,
    admins: [person, bot],
  })
  const kept = await readFile(join(data, 'sim-memory.jsonl'), 'utf8')

  // The first start is not closed in order: a killed process writes nothing more.
  const second = await main(ground({}))
  const token = second.token.reveal()

  expect(kept).not.toContain(secret)
  expect((await stat(join(data, 'sim-memory.jsonl'))).mode & 0o777).toBe(0o600)
  expect(
    await post(second.apiRoot, `bot${token}/sendMessage`, {
      chat_id: person,
      text: 'here is your answer',
    }),
  ).toMatchObject({ ok: true })
  expect(
    await post(second.apiRoot, `bot${token}/sendMessage`, { chat_id: channel, text: 'a post' }),
  ).toMatchObject({ ok: true })
  const messages = (await (
    await fetch(`${second.apiRoot}/sim/chats/${person}/messages`)
  ).json()) as { text: string }[]
  expect(messages.map((it) => it.text)).toEqual(['here is your answer'])
})

test('a memory cut in mid-line is read as far as it goes', async () => {
  const it = ground({})
  await main(it)
  await it.life.close()
  const file = join(data, 'sim-memory.jsonl')
  await writeFile(
    file,
    `{"kind":"person","id":5200000001,"language":"fr"}\n{"kind":"person","id":52000`,
  )

  const { apiRoot } = await main(ground({}))

  const world = (await (await fetch(`${apiRoot}/sim/world`)).json()) as {
    people: { id: number; language_code: string }[]
  }
  expect(world.people.at(-1)).toMatchObject({ id: 5200000001, language_code: 'fr' })
  expect(world.people).toHaveLength(3)
})
