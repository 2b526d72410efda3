import { randomBytes, randomInt } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import { dumpRows } from '../../support/rows-dump.ts'
import type { SeenMessage } from '../../support/simulator.ts'
import { skewedClock } from '../../support/skewed-clock.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'
const voice = { bytes: new Uint8Array(2000).fill(7), name: 'voice.ogg', type: 'audio/ogg' }
const dayMs = 24 * 3_600_000

const clock = skewedClock()
let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld({ clock })
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => ({ text: 'Good morning!' })
})

const marker = (): string =>
  Array.from(randomBytes(20), (byte) => String.fromCharCode(97 + (byte % 26))).join('')

const dataOf = (message: SeenMessage | undefined, label: string): string => {
  const data = message?.buttons.find((it) => it.text.includes(label))?.data
  if (data === undefined) throw new Error(`no button ${label}`)
  return data
}

/** Presses and waits for the answer to the press, which every press gets. */
async function press(
  from: number,
  it: { message: number; data: string; chat?: number },
): Promise<{ text?: string }> {
  const { data, chat } = it
  const id = await world.sim.press(from, it.message, { data, ...(chat && { chat }) })
  return world.sim.until(async () => {
    const seen = await world.sim.get<{ answered: boolean; text?: string }>(`callbacks/${id}`)
    return seen.answered && seen
  })
}

const segments = (text: string) => [{ startMs: 0, endMs: 1500, text }]

/** A transcript of `text` in a private chat of its own. */
async function transcript(text: string): Promise<{ ann: number; message: SeenMessage }> {
  world.desk.script = (job) =>
    job.request.task === 'transcribe'
      ? { task: 'transcribe', text, segments: segments(text) }
      : { text: 'In short.' }
  const ann = world.sim.person('Ann', 'en')
  await world.sim.sendFile(ann, 'voice', voice)
  const message = await world.sim.until(async () =>
    (await world.sim.answers(ann)).find((it) => it.buttons.length > 0),
  )
  await world.bot.updates.idle()
  return { ann, message }
}

test('the buttons of a transcript work from a copy that nobody can read without the button', async () => {
  const word = marker()
  // Long enough for a random word to leave no doubt about the language.
  const { ann, message } = await transcript(
    `We meet at the ${word} tomorrow, and afterwards we all go home together and have a good dinner with the children.`,
  )

  const copies = await world.db.rows.copy.count({ where: { userId: BigInt(ann) } })
  const rows = await dumpRows(world.db)
  await press(ann, { message: message.message_id, data: dataOf(message, '.srt') })
  await press(ann, { message: message.message_id, data: dataOf(message, '.txt') })
  const files = (await world.sim.answers(ann, 3)).flatMap((it) => it.documents)
  const before = world.desk.jobs.length
  await press(ann, { message: message.message_id, data: dataOf(message, 'Summarise') })
  const job = await world.desk.job(before)

  expect(copies).toBe(1)
  expect(rows).not.toContain(word)
  expect(rows).not.toContain(dataOf(message, '.srt').slice(18))
  expect(files.map((it) => it.file_name)).toEqual(['subtitles.srt', 'text.txt'])
  expect(await (await fetch(files[0]?.url ?? '')).text()).toContain(word)
  expect(job.input['text']).toContain(word)
})

test('after 24 hours the buttons say that the text is gone, unless it still stands in the message', async () => {
  const short = await transcript('We meet at the station tomorrow.')
  const long = await transcript(
    `We meet at the station tomorrow. ${'It is a long way. '.repeat(2000)}`,
  )
  const before = world.desk.jobs.length

  clock.skewMs += dayMs + 1000
  const srt = await press(short.ann, {
    message: short.message.message_id,
    data: dataOf(short.message, '.srt'),
  })
  const summary = await press(long.ann, {
    message: long.message.message_id,
    data: dataOf(long.message, 'Summarise'),
  })
  const unchanged = world.desk.jobs.length
  await press(short.ann, {
    message: short.message.message_id,
    data: dataOf(short.message, 'Summarise'),
  })
  const job = await world.desk.job(before)

  expect(srt.text).toContain('I no longer have this text')
  expect(summary.text).toContain('I no longer have this text')
  expect(unchanged).toBe(before)
  expect(job.input['text']).toBe('We meet at the station tomorrow.')
})

/** One of each kind of data, with ids and keys that are not the presser's. */
const forgeries = (job: string): string[] => {
  const copy = `${randomBytes(12).toString('base64url')}${randomBytes(32).toString('base64url')}`
  const kinds = `i${job} x${job} tde Tde.en m0 nde0 sen v ven kde fs${copy} ft${copy}de fm${copy} fx${copy} fr${copy}`
  const more = `aa ap aa${copy} cm curu crde ctde cs0 coff ccoff cnde b0 b1 d1 d0 gv gl ga gtde gt- gm qc qo-100 q1.0 p ${copy}`
  return [...kinds.split(' '), ...more.split(' ')]
}

test('data forged by others in a group or channel is answered and changes nothing', async () => {
  world.desk.script = () => undefined
  const ann = world.sim.person('Ann', 'en')
  const eve = world.sim.person('Eve', 'en')
  const group = world.sim.room({
    type: 'supergroup',
    admins: [ann],
    members: [eve, world.sim.botId],
  })
  const channel = world.sim.room({ type: 'channel', admins: [ann] })
  const before = world.desk.jobs.length
  await world.sim.say(ann, german)
  const job = await world.desk.job(before)
  await world.sim.say(ann, '/help', { chat: group })
  const [inGroup] = await world.sim.answers(group)
  await world.sim.post(`chats/${channel}/members`, {
    user: world.sim.botId,
    status: 'administrator',
    rights: 'all',
  })
  const posted = await fetch(`${world.sim.base}/bot${world.sim.token}/sendMessage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ chat_id: channel, text: 'A post.' }),
  }).then((response) => response.json() as Promise<{ result: { message_id: number } }>)
  await world.bot.updates.idle()
  const { inbox: _inbox, ...tables } = world.db.rows
  const count = async () =>
    Promise.all([
      tables.delivery.count({ where: { state: 'planned' } }),
      tables.botUser.count(),
      tables.group.count(),
      tables.channel.count(),
      tables.copy.count(),
    ])
  const rows = await count()

  const answers: string[] = []
  for (const data of forgeries(job.job)) {
    const inRoom = await press(eve, { message: inGroup?.message_id ?? 0, data, chat: group })
    const onPost = await press(eve, { message: posted.result.message_id, data, chat: channel })
    answers.push(inRoom.text ?? '', onPost.text ?? '')
  }

  expect(answers.filter((text) => text !== '').length).toBeGreaterThan(70)
  expect(await count()).toEqual(rows)
  expect(job.state).toBe('queued')
  expect(world.desk.jobs.length).toBe(before + 1)
}, 60_000)

test('ids and keys of others do nothing in a private chat either', async () => {
  world.desk.script = () => undefined
  const ann = world.sim.person('Ann', 'en')
  const eve = world.sim.person('Eve', 'en')
  const before = world.desk.jobs.length
  await world.sim.say(ann, german)
  const job = await world.desk.job(before)
  await world.sim.say(eve, '/help')
  const [help] = await world.sim.answers(eve)
  const message = help?.message_id ?? 0

  const cancel = await press(eve, { message, data: `x${job.job}` })
  const copy = await press(eve, {
    message,
    data: `fx${randomBytes(12).toString('base64url')}${randomBytes(32).toString('base64url')}`,
  })

  expect(cancel.text).toContain('too old')
  expect(copy.text).toContain('I no longer have this text')
  expect(job.state).toBe('queued')
})

test('any data at all is answered', async () => {
  const eve = world.sim.person('Eve', 'en')
  await world.sim.say(eve, '/help')
  const [help] = await world.sim.answers(eve)
  const seed = randomInt(2 ** 31)
  const letters = 'aicdefgkmnpqstvx0123456789-._'

  let answered = 0
  for (let at = 0; at < 60; at++) {
    const data = Array.from(
      { length: 1 + ((seed + at) % 20) },
      (_, place) => letters[(seed + at * 31 + place * place * 7) % letters.length],
    ).join('')
    answered += (await press(eve, { message: help?.message_id ?? 0, data })) ? 1 : 0
  }

  expect(answered, `seed ${seed}`).toBe(60)
}, 60_000)
