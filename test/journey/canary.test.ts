import { rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { article, CanaryChat, german, htmlPage } from '../support/canary-chat.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { ORDERS } from '../support/echo-orders.ts'
import { ChannelWatch, searchAll, searchStores } from '../support/leak-search.ts'
import { Markers } from '../support/markers.ts'
import { writtenModel } from '../support/models/fixture-models.ts'
import { writeScriptedSpeechModel } from '../support/models/speech-fixtures.ts'
import { writeScriptedModel } from '../support/models/text-fixtures.ts'
import { plantAndSearch, plantedPlaces } from '../support/planted.ts'
import { hasPrivatePostgres } from '../support/postgres.ts'
import { babble, wavOf } from '../support/sound.ts'
import { type Site, startSite } from '../support/web.ts'

const sound = { bytes: wavOf(babble(2)), name: 'ton.wav', type: 'audio/wav' }
const speechModel = (markers: Markers) => (folder: string) =>
  writtenModel(folder, {
    id: 'fixture-speech',
    kind: 'stt',
    write: (path) =>
      writeScriptedSpeechModel(path, {
        words: [' wir', ` ${markers.of('speech')}`],
        language: 'de',
      }),
  })

describe.skipIf(!hasPrivatePostgres())(
  'with an engine that echoes (needs Postgres)',
  { timeout: 60_000 },
  () => {
    const markers = new Markers()
    let deployment: Deployment
    let chat: CanaryChat
    let watch: ChannelWatch
    let site: Site
    beforeAll(async () => {
      const speech = speechModel(markers)
      deployment = await deploy({
        workers: [
          { script: 'echo-worker.ts' },
          // Speech alone, and real: its text model is not there.
          { env: { CHRYSALIS_TEXT_MODEL: 'qwen2.5-coder-1.5b' } },
        ],
        textModel: 'echo-text',
        speechModel: 'fixture-speech',
        models: (folder) => [speech(folder)],
        crashWords: markers.of('uncaught error'),
      })
      chat = new CanaryChat(deployment, markers)
      watch = await ChannelWatch.start(deployment.redis.url)
      site = await startSite((_request, response) => {
        response.setHeader('content-type', 'text/html; charset=utf-8')
        response.end(htmlPage(markers.of('page')))
      })
    }, 180_000)
    afterAll(async () => {
      watch?.stop()
      await site?.close()
      await deployment?.close()
    })

    const openGate = (): void => writeFileSync(deployment.gate, '')
    /** A text of the route that waits at the worker; gives its chat. */
    const held = async (route: string): Promise<number> => {
      rmSync(deployment.gate, { force: true })
      const at = await chat.say(route, ORDERS.hold)
      const job = await chat.job(at)
      await deployment.role('worker-1').line('lease.taken', (line) => line['job'] === job)
      return at
    }

    test('texts, captions, buttons and edits are answered with their words', async () => {
      const { sim } = deployment
      const ann = await chat.say('text')
      const answer = await chat.answer(ann, 'text')
      const summarise = answer.buttons.find((it) => it.data?.startsWith('fs'))?.data ?? ''
      await sim.press(ann, answer.message_id, { data: summarise })
      await sim.answers(ann, 2)
      await sim.press(ann, answer.message_id, { data: markers.of('press').slice(0, 60) })

      const bob = chat.person()
      await sim.sendFile(bob, 'photo' as 'document', {
        bytes: Buffer.from('no picture'),
        name: 'bild.jpg',
        type: 'image/jpeg',
        fields: { caption: german(markers.of('caption')) },
      })
      const captioned = await chat.answer(bob, 'caption')

      const eve = chat.person()
      const asked = await sim.say(eve, german(markers.of('forwarded')), {
        forward_from: { name: markers.of('name of an author') },
      })
      const forwarded = await chat.answer(eve, 'forwarded')
      await sim.post('edits', {
        chat: eve,
        from: eve,
        message_id: asked,
        text: german(markers.of('edit')),
      })

      expect([answer.text, captioned.text, forwarded.text].every(Boolean)).toBe(true)
    })

    test('documents, pages and voices are answered with their words', async () => {
      const { sim } = deployment
      const ann = chat.person()
      await sim.sendFile(ann, 'document', {
        bytes: Buffer.from(article(markers.of('document'))),
        name: `${markers.of('file name')}.txt`,
        type: 'text/plain',
      })
      const bob = chat.person()
      await sim.say(bob, `${site.root}/${markers.of('link')}?q=${markers.of('query')}`)
      const eve = chat.person()
      await sim.sendFile(eve, 'audio', { ...sound, name: `${markers.of('sound name')}.wav` })

      const answers = await Promise.all([
        chat.answer(ann, 'document'),
        chat.answer(bob, 'page'),
        chat.answer(eve, 'speech'),
      ])

      expect(answers.map((it) => it.buttons.length > 0)).toEqual([true, true, true])
    })

    test('a channel post and a message of a group are answered where they stand', async () => {
      const { sim } = deployment
      const admin = chat.person()
      await sim.post('start', { from: admin })
      await sim.answers(admin)
      const channel = sim.room({
        type: 'channel',
        title: markers.of('title of a channel'),
        admins: [admin],
      })
      const group = sim.room({
        type: 'supergroup',
        title: markers.of('title of a group'),
        admins: [admin],
      })
      await sim.post('links', { channel, group })
      for (const room of [group, channel])
        await sim.post(`chats/${room}/members`, {
          user: sim.botId,
          status: 'administrator',
          rights: 'all',
        })
      await deployment.query(
        `INSERT INTO channels (bot_id, chat_id, mode, threshold, ui, admin_id, linked_id, updated_at)
       VALUES ($1, $2, 'comment', 500, 'en', $3, $4, now()) ON CONFLICT (bot_id, chat_id)
       DO UPDATE SET mode = 'comment', threshold = 500, linked_id = $4`,
        [sim.botId, channel, admin, group],
      )

      await sim.say(admin, german(markers.of('talk of a group')), { chat: group })
      const asked = await sim.say(admin, german(markers.of('group message')), { chat: group })
      await sim.say(admin, '/tr', { chat: group, reply_to: asked })
      await sim.say(admin, article(markers.of('channel post')), { chat: channel })
      const comment = await chat.answer(group, 'channel post')
      const reply = await chat.answer(group, 'group message', admin)

      expect(comment.reply_to).toBeGreaterThan(0)
      expect(reply.ephemeral_message_id).toBeGreaterThan(0)
    })

    test('while a job runs, its words stand nowhere', async () => {
      const ann = await held('running')

      expect(await searchStores(deployment, markers)).toEqual([])
      openGate()
      await chat.answer(ann, 'running')
    })

    test('Stop, deadline, refusal and errors are said without the words', async () => {
      const { sim } = deployment
      const stopped = await held('stop')
      await sim.until(async () =>
        (await sim.calls('sendRichMessageDraft')).some((it) => it.params['chat_id'] === stopped),
      )
      await sim.post('stop', { chat: stopped })
      const cancelled = await chat.reply(stopped)
      const late = await held('deadline')
      await deployment.query(`UPDATE jobs SET expires_at = now() WHERE id = $1`, [
        await chat.job(late),
      ])
      const expired = await chat.reply(late)
      openGate()
      const junk = chat.person()
      await sim.sendFile(junk, 'document', {
        bytes: Buffer.concat([
          Buffer.from([0, 1, 2, 3]),
          Buffer.from(markers.of('junk')),
          Buffer.alloc(900, 7),
        ]),
        name: `${markers.of('junk name')}.bin`,
      })
      const refused = await chat.reply(junk)
      const blurted = await chat.reply(await chat.say('engine error', ORDERS.blurt))
      // Three faults in a row let a worker rest for half a minute; a new one is another worker.
      await deployment.restart('worker-1')

      for (const said of [cancelled, expired, refused, blurted]) expect(said?.text).toMatch(/\w+/)
    })

    test('Telegram’s refusals and limits, also with the words in them, change nothing', async () => {
      const { sim } = deployment
      await sim.fault({
        method: 'sendRichMessage',
        error_code: 400,
        description: `Bad Request: ${markers.of('refusal')}`,
      })
      const plain = await chat.answer(await chat.say('400'), '400')
      await sim.fault({ method: 'sendRichMessage', error_code: 429, retry_after: 1 })
      const limited = await chat.answer(await chat.say('429'), '429')
      await sim.fault({
        method: 'sendRichMessageDraft',
        error_code: 400,
        times: 2,
        description: markers.of('draft refusal'),
      })
      const undrafted = await chat.answer(await chat.say('draft'), 'draft')

      expect([plain, limited, undrafted].every((it) => it.from_bot)).toBe(true)
    })

    test('a killed worker, a dying one, a killed gateway and a killed bot lose nothing', async () => {
      const ann = await held('worker killed')
      await deployment.kill('worker-1')
      await deployment.start('worker-1')
      openGate()
      await chat.answer(ann, 'worker killed')
      const bob = await held('gateway killed')
      await deployment.restart('gateway-1')
      openGate()
      await chat.answer(bob, 'gateway killed')
      const eve = await held('bot killed')
      await deployment.kill('bot-1')
      openGate()
      await deployment.start('bot-1')
      await chat.answer(eve, 'bot killed')

      const dying = await chat.say('dying worker', ORDERS.die)
      const died = chat.reply(dying)
      for (let attempt = 1; attempt <= 3; attempt++) {
        await deployment
          .role('worker-1')
          .line('process.crashed')
          .catch(() => undefined)
        await deployment.role('worker-1').kill('SIGKILL')
        await deployment.start('worker-1')
      }

      expect((await died)?.text).toMatch(/\w+/)
    })

    test('errors that nobody catches end a process without a word of theirs', async () => {
      for (const name of ['bot-1', 'gateway-1', 'worker-2']) {
        await deployment.kill(name, 'SIGUSR2')
        expect(deployment.role(name).count('process.crashed')).toBe(1)
        await deployment.start(name)
      }
    })

    test('Redis and database away are waited for', async () => {
      await deployment.redis.kill('SIGKILL')
      const ann = await chat.say('Redis away')
      await deployment.redis.start()
      const bob = await chat.reply(ann)
      await deployment.postgres.halt()
      const eve = await chat.say('database away')
      await deployment.postgres.start()
      const kim = await chat.reply(eve)

      expect([bob, kim].map((it) => it?.from_bot)).toEqual([true, true])
    })

    test('evidence, receipts and the log of releases are among the rows that are searched', async () => {
      for (const table of ['evidence', 'receipts', 'releases']) {
        const [found] = await deployment.query<{ rows: number }>(
          `SELECT count(*)::int AS rows FROM ${table}`,
        )
        expect(found?.rows).toBeGreaterThan(0)
      }
    })

    test('no word of anybody stands anywhere, in any form', async () => {
      expect(await searchAll(deployment, markers, watch)).toEqual([])
    })

    test('control: a word that is put there is found in every place', async () => {
      const found = await plantAndSearch(deployment, markers, watch)

      expect(new Set(found.map(({ place }) => place))).toEqual(new Set(plantedPlaces))
      expect(new Set(found.map(({ route }) => route))).toEqual(new Set(['planted']))
    })
  },
)

describe.skipIf(!hasPrivatePostgres())(
  'with models whose words are markers (needs Postgres)',
  { timeout: 60_000 },
  () => {
    const markers = new Markers()
    let deployment: Deployment
    let chat: CanaryChat
    let watch: ChannelWatch
    beforeAll(async () => {
      const speech = speechModel(markers)
      const words = [
        ' The',
        ` ${markers.of('model word')}`,
        ` ${markers.of('second model word')}`,
        '.',
      ]
      deployment = await deploy({
        textModel: 'fixture-words',
        models: (folder) => [
          writtenModel(folder, {
            id: 'fixture-words',
            kind: 'llm',
            write: (path) => writeScriptedModel(path, words),
          }),
          speech(folder),
        ],
      })
      chat = new CanaryChat(deployment, markers)
      watch = await ChannelWatch.start(deployment.redis.url)
    }, 180_000)
    afterAll(async () => {
      watch?.stop()
      await deployment?.close()
    })

    test('translations and transcripts bring the words of the models', async () => {
      const ann = await chat.say('text')
      const answer = await chat.answer(ann, 'model word')
      const bob = chat.person()
      await deployment.sim.sendFile(bob, 'voice', sound)
      const transcript = await chat.answer(bob, 'speech')

      expect(JSON.stringify(answer)).toContain(markers.of('second model word'))
      expect(transcript.buttons.length).toBeGreaterThan(0)
    })

    test('no word of a model stands anywhere, in any form', async () => {
      expect(await searchAll(deployment, markers, watch)).toEqual([])
    })

    test('control: a word that is put there is found in every place', async () => {
      const found = await plantAndSearch(deployment, markers, watch)

      expect(new Set(found.map(({ place }) => place))).toEqual(new Set(plantedPlaces))
    })
  },
)

test('control: the search finds a marker in every form, wherever it begins', () => {
  const markers = new Markers()
  const marker = markers.of('form')
  const around = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from('x\0{'), bytes, Buffer.from('}')])

  for (const [name, bytes] of markers.allForms('form'))
    expect(markers.leaksIn('here', around(bytes))).toContainEqual({
      place: 'here',
      route: 'form',
      form: name,
    })
  for (const before of ['', 'a', 'ab', 'abc'])
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      expect(
        markers.leaksIn('here', Buffer.from(Buffer.from(`${before}${marker}!`).toString(encoding))),
      ).not.toEqual([])
  expect(markers.leaksIn('here', Buffer.from(new Markers().of('form')))).toEqual([])
})
