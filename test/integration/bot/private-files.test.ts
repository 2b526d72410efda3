import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TaskOutput } from '../../../src/tasks/task.ts'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import type { SeenMessage } from '../../support/simulator.ts'

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => undefined
})

const newcomer = (language = 'en') => world.sim.person('Ann', language)
const voice = { bytes: new Uint8Array(5000).fill(7), name: 'voice.ogg', type: 'audio/ogg' }
const transcript: Partial<TaskOutput> = {
  task: 'transcribe',
  text: 'Hello, this is a test.',
  language: 'en',
  segments: [{ startMs: 0, endMs: 2000, text: 'Hello, this is a test.' }],
}

const dataOf = (message: SeenMessage | undefined, label: string): string =>
  message?.buttons.find((it) => it.text.includes(label))?.data ?? ''
const toast = (press: string) =>
  world.sim.until(async () => {
    const seen = await world.sim.get<{ answered: boolean; text?: string }>(`callbacks/${press}`)
    return seen.answered && seen
  })

async function transcribed(ann: number): Promise<SeenMessage> {
  world.desk.script = (job) => (job.request.task === 'transcribe' ? transcript : undefined)
  await world.sim.sendFile(ann, 'voice', voice)
  const [answer] = await world.sim.answers(ann)
  if (!answer) throw new Error('no answer')
  return answer
}

test('a voice message goes to the desk whole and comes back as text, with time codes as a file', async () => {
  const ann = newcomer()

  const answer = await transcribed(ann)
  await world.sim.press(ann, answer.message_id, { data: dataOf(answer, '.srt') })
  const [, file] = await world.sim.answers(ann, 2)

  expect(world.desk.jobs.at(-1)?.audioBytes).toBe(5000)
  expect(answer.text).toContain('Hello, this is a test.')
  const [document] = file?.documents ?? []
  expect(document?.file_name).toBe('subtitles.srt')
  const subtitles = await (await fetch(document?.url ?? '')).text()
  expect(subtitles).toContain('00:00:00,000 --> 00:00:02,000')
})

test('a round video, a video and an audio document are transcribed as well', async () => {
  const ann = newcomer()
  world.desk.script = () => transcript
  const before = world.desk.jobs.length

  await world.sim.sendFile(ann, 'video_note', { ...voice, name: 'round.mp4', type: 'video/mp4' })
  await world.sim.answers(ann, 1)
  await world.sim.sendFile(ann, 'video', { ...voice, name: 'video.mp4', type: 'video/mp4' })
  await world.sim.answers(ann, 2)
  await world.sim.sendFile(ann, 'document', { ...voice, name: 'talk.mp3', type: 'audio/mpeg' })
  await world.sim.answers(ann, 3)

  const tasks = world.desk.jobs.slice(before).map((it) => it.request.task)
  expect(tasks).toEqual(['transcribe', 'transcribe', 'transcribe'])
})

test('a file beyond 20 MB is refused by its told size, before anything is downloaded', async () => {
  const ann = newcomer()
  const before = (await world.sim.calls('getFile')).length

  await world.sim.sendFile(ann, 'video', {
    ...voice,
    name: 'video.mp4',
    type: 'video/mp4',
    fields: { size: String(25 * 1024 * 1024) },
  })
  const [said] = await world.sim.answers(ann)

  expect(said?.text).toContain('25 MB')
  expect((await world.sim.calls('getFile')).length).toBe(before)
})

test('the summary of a transcript is made from the copy that only the button opens', async () => {
  const ann = newcomer()
  const answer = await transcribed(ann)
  const before = world.desk.jobs.length

  await world.sim.press(ann, answer.message_id, { data: dataOf(answer, 'Summarise') })
  const job = await world.desk.job(before)

  expect(job.request.task).toBe('summarize')
  expect(job.input).toMatchObject({ text: 'Hello, this is a test.', to: 'en' })
})

test('a transcript is translated into the language chosen from the menu', async () => {
  const ann = newcomer()
  const answer = await transcribed(ann)
  const before = world.desk.jobs.length

  await world.sim.press(ann, answer.message_id, { data: dataOf(answer, 'Translate to') })
  const [, menu] = await world.sim.answers(ann, 2)
  await world.sim.press(ann, menu?.message_id ?? 0, { data: dataOf(menu, 'German') })
  const job = await world.desk.job(before)

  expect(job.request.task).toBe('translate')
  expect(job.input).toMatchObject({ text: 'Hello, this is a test.', from: 'en', to: 'de' })
})

test('a dump of the database without the button does not hold the words of an answer', async () => {
  const ann = newcomer()
  world.desk.script = () => ({ ...transcript, text: 'zanzibarwhisper in the wind' })
  await world.sim.sendFile(ann, 'voice', voice)
  await world.sim.answers(ann)

  const rows = await world.db.rows.copy.findMany()

  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows)
    expect(Buffer.from(row.sealedCopy).toString('latin1')).not.toContain('zanzibar')
})

test('a forged or foreign key opens nothing and the press is answered', async () => {
  const ann = newcomer()
  const answer = await transcribed(ann)
  const id = dataOf(answer, '.txt').slice(2, 18)
  const before = (await world.sim.messages(ann)).length

  const press = await world.sim.press(ann, answer.message_id, {
    data: `fr${id}${'A'.repeat(43)}`,
  })
  const seen = await toast(press)

  expect(seen.text).toContain('no longer')
  expect((await world.sim.messages(ann)).length).toBe(before)
})

test('data of another version is answered as too old', async () => {
  const ann = newcomer()
  const answer = await transcribed(ann)

  const seen = await toast(await world.sim.press(ann, answer.message_id, { data: 'zzz' }))

  expect(seen.text).toContain('too old')
})

test('a text file is read and summarised, an unknown kind is refused with what works', async () => {
  const ann = newcomer()
  world.desk.script = () => ({ task: 'summarize', text: 'Short.' })
  const before = world.desk.jobs.length

  const words = 'The council met on Monday and decided about the new bridge. '.repeat(10)
  await world.sim.sendFile(ann, 'document', {
    bytes: new TextEncoder().encode(words),
    name: 'report.txt',
    type: 'text/plain',
  })
  await world.sim.answers(ann, 1)
  await world.sim.sendFile(ann, 'document', { ...voice, name: 'a.zip', type: 'application/zip' })
  const [, refusal] = await world.sim.answers(ann, 2)

  expect(world.desk.jobs[before]?.input['text']).toContain('The council met on Monday')
  expect(refusal?.text).toContain('I cannot do anything with this one')
})

test('a command in the caption of a file says what is done with it', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length

  await world.sim.sendFile(ann, 'document', {
    bytes: new TextEncoder().encode('Der Rat tagte am Montag und beschloss den Bau der Brücke.'),
    name: 'text.txt',
    type: 'text/plain',
    fields: { caption: '/translate' },
  })
  const job = await world.desk.job(before)

  expect(job.request.task).toBe('translate')
  expect(job.input).toMatchObject({ from: 'de', to: 'en' })
})

test('a failed download says so and offers another try, and nothing is submitted', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length
  await world.sim.fault({ method: 'file', kind: 'truncate-file' })

  await world.sim.sendFile(ann, 'voice', voice)
  const [said] = await world.sim.answers(ann)

  expect(world.desk.jobs.length).toBe(before)
  expect(said?.text).toContain('telegram.file')
  expect(said?.buttons.map((it) => it.data)).toEqual(['v'])
})
