import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => undefined
})

/** A private chat of its own for each test. */
const newcomer = (language = 'en') => world.sim.person('Ann', language)

test('a message in a language the person does not read is translated, in reply to it, with facts under it', async () => {
  world.desk.script = () => ({ text: 'Good morning! I hope you slept well.' })
  const ann = newcomer()

  const asked = await world.sim.say(ann, german)
  const [answer] = await world.sim.answers(ann)

  const job = world.desk.jobs.at(-1)
  expect(job?.input).toEqual({ v: 1, text: german, from: 'de', to: 'en' })
  expect(answer?.reply_to).toBe(asked)
  expect(answer?.text).toContain('Good morning! I hope you slept well.')
  expect(answer?.text).toContain('German → English · Test network · Qwen2.5-Coder 1.5B · 60 tokens')
  expect(answer?.buttons.map((it) => it.data)).toContain(`i${job?.job}`)
})

test('Details show the facts of an answer and nothing else', async () => {
  world.desk.script = () => ({ text: 'Good morning!' })
  const ann = newcomer()
  await world.sim.say(ann, german)
  const [answer] = await world.sim.answers(ann)
  const details = answer?.buttons.find((it) => it.data?.startsWith('i'))

  const press = await world.sim.press(ann, answer?.message_id ?? 0, { data: details?.data ?? '' })
  const alert = await world.sim.until(async () => {
    const seen = await world.sim.get<{ answered: boolean; text?: string }>(`callbacks/${press}`)
    return seen.answered && seen
  })

  expect(alert.text).toContain('Test network')
  expect(alert.text).not.toContain('Good morning')
})

test('a person without settings is greeted in the language of their Telegram', async () => {
  const ivan = newcomer('ru')

  await world.sim.post('start', { from: ivan })
  const [greeting] = await world.sim.answers(ivan)

  expect(greeting?.text).toContain('Привет!')
})

test('drafts grow while the job runs, none comes after the answer, and Stop is offered', async () => {
  const ann = newcomer()
  const frames = async () =>
    (await world.sim.calls('sendRichMessageDraft')).filter((it) => it.params['chat_id'] === ann)

  await world.sim.say(ann, german)
  const job = await world.desk.job(world.desk.jobs.length)
  await world.sim.until(async () => (await frames()).length > 0)
  world.desk.draft(job, 'Good morning! I hope you slept well, my dear.')
  await world.sim.until(async () => (await frames()).length > 1)
  world.desk.finish(job, { text: 'Good morning! I hope you slept well.' })
  await world.sim.answers(ann)

  const drafts = await frames()
  const [final] = (await world.sim.calls('sendRichMessage')).slice(-1)
  expect(drafts.every((call) => call.id < (final?.id ?? 0))).toBe(true)
  expect(drafts.every((call) => call.ok && call.params['can_stop'])).toBe(true)
  expect(new Set(drafts.map((call) => call.params['draft_id'])).size).toBe(1)
})

test('Stop cancels the job, says so and leaves a way to try again', async () => {
  const ann = newcomer()

  await world.sim.say(ann, german)
  const job = await world.desk.job(world.desk.jobs.length)
  await world.sim.until(async () =>
    (await world.sim.calls('sendRichMessageDraft')).some((it) => it.params['chat_id'] === ann),
  )
  await world.sim.post('stop', { chat: ann })
  const [said] = await world.sim.answers(ann)

  expect(job.state).toBe('cancelled')
  expect(said?.text).toContain('Stopped')
  expect(said?.buttons.map((it) => it.data)).toEqual(['Ten.de'])
})

test('a message edited while its job runs is done with its new words, and only those', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length
  const asked = await world.sim.say(ann, german)
  const first = await world.desk.job(before)

  await world.sim.post('edits', {
    chat: ann,
    from: ann,
    message_id: asked,
    text: `${german} Bitte antworte mir bald!`,
  })
  const second = await world.desk.job(before + 1)
  world.desk.finish(second, { text: 'Good morning, please answer!' })
  const answers = await world.sim.answers(ann)
  await world.desk.delivered(first)

  expect(first.state).toBe('cancelled')
  expect(second.input['text']).toContain('Bitte antworte')
  expect(answers.length).toBe(1)
  expect(answers[0]?.text).toContain('please answer')
})

test('a message edited after its answer is done again only when the person says so', async () => {
  world.desk.script = () => ({ text: 'Good morning!' })
  const ann = newcomer()
  const asked = await world.sim.say(ann, german)
  await world.sim.answers(ann)
  await world.desk.delivered(await world.desk.job(world.desk.jobs.length - 1))
  const before = world.desk.jobs.length

  await world.sim.post('edits', { chat: ann, from: ann, message_id: asked, text: `${german} Ja?` })
  const [, question] = await world.sim.answers(ann, 2)
  const jobsBeforePress = world.desk.jobs.length
  await world.sim.press(ann, question?.message_id ?? 0, { data: 'ten' })
  const job = await world.desk.job(before)

  expect(jobsBeforePress).toBe(before)
  expect(job.input['text']).toContain('Ja?')
})

test('the answer to a message that was deleted meanwhile comes without a reply', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length
  const asked = await world.sim.say(ann, german)
  const job = await world.desk.job(before)

  await world.sim.post('deletions', { chat: ann, from: ann, message_id: asked })
  world.desk.finish(job, { text: 'Good morning!' })
  const [answer] = await world.sim.answers(ann)

  expect(answer?.text).toContain('Good morning!')
  expect(answer?.reply_to).toBeUndefined()
})

test('a command nobody knows is answered with where to look', async () => {
  const ann = newcomer()

  await world.sim.say(ann, '/nonsense')
  const [said] = await world.sim.answers(ann)

  expect(said?.text).toContain('/help')
})

test('a short text in a language the person reads starts no job and offers what can be done', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length

  await world.sim.say(ann, 'This is a short English message, thank you very much.')
  const [said] = await world.sim.answers(ann)

  expect(world.desk.jobs.length).toBe(before)
  expect(said?.buttons.map((it) => it.data)).toEqual(['m0', 'sen'])
})

test('a pair the model is not good at is translated only after a warning and a press', async () => {
  world.desk.script = () => ({ text: 'привет' })
  const ivan = newcomer('ru')
  const before = world.desk.jobs.length

  await world.sim.say(ivan, 'This is a short English message, thank you very much.')
  const [warning] = await world.sim.answers(ivan)
  const jobsBeforePress = world.desk.jobs.length
  await world.sim.press(ivan, warning?.message_id ?? 0, { data: 'Tru.en' })
  const job = await world.desk.job(before)

  expect(warning?.buttons.map((it) => it.data)).toEqual(['Tru.en'])
  expect(jobsBeforePress).toBe(before)
  expect(job.input).toMatchObject({ from: 'en', to: 'ru' })
})

test('a refused pair says what works instead', async () => {
  const ivan = newcomer('ru')
  const before = world.desk.jobs.length

  await world.sim.say(ivan, '今日はとても良い天気ですね。一緒に公園を散歩しませんか。')
  const [said] = await world.sim.answers(ivan)

  expect(world.desk.jobs.length).toBe(before)
  expect(said?.text).toContain('не могу')
  expect(said?.buttons.map((it) => it.data)).toEqual(['ten.ja'])
})

test('a forward with a comment is one request that does what the comment says', async () => {
  world.desk.script = () => ({ text: 'Hallo' })
  const ann = newcomer()
  const before = world.desk.jobs.length

  await world.sim.say(ann, 'in German')
  const forwarded = await world.sim.say(ann, 'This is a short English message, thank you.', {
    forward_from: { name: 'Bob' },
  })
  const answers = await world.sim.answers(ann)

  expect(world.desk.jobs.length).toBe(before + 1)
  expect(world.desk.jobs.at(-1)?.input).toMatchObject({ from: 'en', to: 'de' })
  expect(answers.map((it) => it.reply_to)).toEqual([forwarded])
})

test('a long text in a language read is summarised, a long foreign one too, with its translation a press away', async () => {
  world.desk.script = () => ({ text: 'One.\n- two\n- three', task: 'summarize' })
  const ann = newcomer()
  const before = world.desk.jobs.length

  await world.sim.say(ann, 'This is a rather long English message about nothing. '.repeat(20))
  await world.sim.answers(ann, 1)
  await world.sim.say(ann, `${german} `.repeat(40))
  const answers = await world.sim.answers(ann, 2)

  const jobs = world.desk.jobs.slice(before)
  expect(jobs.map((it) => [it.request.task, it.input['to']])).toEqual([
    ['summarize', 'en'],
    ['summarize', 'en'],
  ])
  expect(answers[1]?.buttons.map((it) => it.data)).toContain('ten.de')
})
