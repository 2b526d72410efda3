import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { MARK } from '../../../src/bot/channels/posts.ts'
import {
  addBot,
  buttonOf,
  byId,
  type ChannelWorld,
  comments,
  edit,
  longPost,
  post,
  startChannelWorld,
  storeOf,
  summarised,
} from '../../support/channel-world.ts'
import { skewedClock } from '../../support/skewed-clock.ts'

describe('comments', () => {
  test('a long post gets one summary, as a reply to its copy in the discussion group', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })

    await post(world, longPost())
    const [comment] = await comments(world)

    const copy = (await world.sim.messages(world.group)).find((it) => !it.from_bot && it.text)
    expect(comment?.reply_to).toBe(copy?.message_id)
    expect(comment?.text).toContain('The bridge reopens on Saturday.')
    expect(comment?.text).toContain('Made by AI, may be wrong')
    expect(world.desk.jobs.map((job) => [job.request.class, job.input['to']])).toEqual([
      ['channel', 'en'],
    ])
    expect(await world.sim.answers(world.admin)).toHaveLength(1)
    expect(world.logs.join('')).not.toMatch(/bridge|Slow News/)
  })

  test('short posts, forwards, advertisements and messages of members get nothing and leave no row', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })
    const other = world.sim.room({ type: 'channel', title: 'Other', admins: [world.admin] })

    await post(world, 'Short one')
    await post(world, `${longPost()} #ad`)
    await post(world, longPost('forward'), { forward_from: { chat: String(other) } })
    await world.sim.say(world.admin, longPost('talk'), { chat: world.group })
    await post(world, longPost('last'))
    await comments(world)

    expect(world.desk.jobs.map((job) => String(job.input['text']).slice(0, 20))).toEqual([
      longPost('last').slice(0, 20),
    ])
    expect(await world.db.rows.post.count()).toBe(1)
  })

  test('an album is one post with the words of its caption', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })

    for (const [at, caption] of ['', longPost('album').slice(0, 900), ''].entries())
      await world.sim.sendFile(world.admin, 'video', {
        bytes: Buffer.from(`video ${String(at)}`),
        name: 'a.mp4',
        type: 'video/mp4',
        chat: world.channel,
        fields: { album: '77', ...(caption && { caption }) },
      })
    await comments(world)

    expect(world.desk.jobs).toHaveLength(1)
  })

  test('a post that finds no worker waits for one, also over a restart an hour later', async () => {
    const clock = skewedClock()
    await using world = await startChannelWorld({ mode: 'comment' }, { clock })
    const refused = Promise.withResolvers<void>()
    Object.defineProperty(world.desk, 'refusal', {
      configurable: true,
      get: () => {
        refused.resolve()
        return 'worker.none'
      },
    })

    await post(world, longPost())
    await refused.promise
    await world.crash()
    clock.skewMs = 3_600_000
    Object.defineProperty(world.desk, 'refusal', { value: undefined })
    await world.restart()
    const [comment] = await comments(world)

    expect(comment?.text).toContain('The bridge reopens')
    expect(world.desk.jobs).toHaveLength(1)
  })

  test('the summary is in the language the admin chose', async () => {
    await using world = await startChannelWorld({ mode: 'comment', language: 'fr' })

    await post(world, longPost())
    await comments(world)

    expect(world.desk.jobs[0]?.input).toMatchObject({ from: 'en', to: 'fr' })
  })

  test('a comment found half sent after a crash is not sent a second time', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })
    await world.sim.fault({ method: 'sendRichMessage', kind: 'close-after' })

    await post(world, longPost())
    const [comment] = await comments(world)
    const job = await world.desk.job()
    await world.desk.delivered(job)

    expect(comment?.text).toContain('The bridge reopens')
    expect(await comments(world)).toHaveLength(1)
  })

  const unsure = async (world: ChannelWorld) => {
    const asked = await world.sim.until(async () =>
      (await world.sim.messages(world.admin)).find((it) => it.text?.includes('did not tell')),
    )
    const data = buttonOf(asked, 'Try again')
    const press = async () => {
      const id = await world.sim.press(world.admin, asked.message_id, { data })
      return world.sim.until(async () => {
        const calls = await world.sim.calls('answerCallbackQuery')
        return calls.find((it) => it.params['callback_query_id'] === id)?.params['text']
      })
    }
    return { asked, press }
  }

  test('a comment that Telegram carried out and answered by 502 comes once, and its admin is asked to look', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })
    await world.sim.fault({ method: 'sendRichMessage', kind: 'error-after', error_code: 502 })

    await post(world, longPost())
    const { asked } = await unsure(world)
    await world.desk.delivered(await world.desk.job())

    expect(await comments(world)).toHaveLength(1)
    const copy = (await world.sim.messages(world.group)).find((it) => !it.from_bot && it.text)
    expect(asked.text).toContain(`/${copy?.message_id}`)
  })

  test('one that is missing comes when the admin presses, once however often, and from nobody else', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })
    await world.sim.fault({ method: 'sendRichMessage', error_code: 502 })

    await post(world, longPost())
    const { press } = await unsure(world)
    await world.desk.delivered(await world.desk.job())
    await world.sim.fault({ method: 'sendRichMessage', kind: 'close-before' })
    const toasts = [await press(), await press(), await press()]

    expect(toasts).toEqual([
      expect.stringContaining('did not tell me this time either'),
      'Sent.',
      'It was sent again already.',
    ])
    const [comment, ...more] = await comments(world)
    expect(comment?.text).toContain('The bridge reopens')
    expect(comment?.text).toContain('Made by AI, may be wrong')
    expect(more).toEqual([])
    const rows = await world.db.rows.copy.findMany()
    expect(rows.map((it) => Buffer.from(it.sealedCopy).toString())).toEqual([
      expect.not.stringContaining('bridge'),
    ])
  })

  test('one that Telegram refused for now comes by itself', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })
    await world.sim.fault({ method: 'sendRichMessage', error_code: 409 })

    await post(world, longPost())

    expect(await comments(world)).toHaveLength(1)
  })
})

describe('under the post', () => {
  test('the summary follows the post, whose own words and entities stay as they were', async () => {
    await using world = await startChannelWorld({ mode: 'append' })
    const text = `#news https://example.org ${longPost()}`

    const id = await post(world, text)
    const shown = await summarised(world, id)

    expect(shown.text?.startsWith(text + MARK)).toBe(true)
    expect(shown.text).toContain('In short\nThe bridge reopens on Saturday.')
    const covered = shown.entities?.map(
      ({ type, offset, length }) => [type, shown.text?.slice(offset, offset + length)] as const,
    )
    expect(covered?.slice(0, 3)).toEqual([
      ['hashtag', '#news'],
      ['url', 'https://example.org'],
      ['bold', 'In short'],
    ])
    expect(covered?.map(([type]) => type).slice(3)).toEqual(['expandable_blockquote', 'italic'])
    expect(await world.db.rows.post.findMany()).toMatchObject([{ sealedPost: null }])
  })

  test('our own edit coming back makes no second summary', async () => {
    await using world = await startChannelWorld({ mode: 'append' })

    const first = await post(world, longPost('first'))
    await summarised(world, first)
    const second = await post(world, longPost('second'))
    await summarised(world, second)
    await world.bot.updates.idle()

    expect(world.desk.jobs).toHaveLength(2)
    expect(await world.sim.calls('editMessageText')).toHaveLength(2)
  })

  test('an author who edits while the summary is made gets the summary of the new words only', async () => {
    await using world = await startChannelWorld({ mode: 'append' }, { script: () => undefined })

    const id = await post(world, longPost('old'))
    const old = await world.desk.job(0)
    await edit(world, id, longPost('new'))
    const fresh = await world.desk.job(1)
    world.desk.finish(fresh, { text: 'About the new.' })
    const shown = await summarised(world, id)

    expect(old.state).toBe('cancelled')
    expect(shown.text?.startsWith(`News about the new.`)).toBe(true)
    expect(shown.text).toContain('About the new.')
  })

  test('a later edit of the author gets a new summary, an edit of our part is left to them', async () => {
    const clock = skewedClock()
    await using world = await startChannelWorld(
      { mode: 'append' },
      { clock, script: (job) => ({ text: String(job.input['text']).slice(0, 20) }) },
    )

    const id = await post(world, longPost('old'))
    const shown = await summarised(world, id)
    await world.bot.updates.idle()
    await edit(world, id, `${longPost('old')}${MARK}my own words`)
    await world.bot.updates.idle()
    clock.skewMs = 11 * 60_000
    await edit(world, id, (shown.text ?? '').replace('the old.', 'the new.'))
    const again = await world.sim.until(async () => {
      const now = await byId(world, world.channel, id)
      return now.text?.includes('In short\nNews about the new.') === true && now
    })

    expect(world.desk.jobs).toHaveLength(2)
    expect(again.text?.split(MARK)).toHaveLength(2)
  })

  test('a post that has no room for a summary stays as it is, and the admin is told once', async () => {
    await using world = await startChannelWorld({ mode: 'append' })
    const full = 'word '.repeat(819).trim()

    const first = await post(world, full)
    const [, told] = await world.sim.answers(world.admin, 2)
    await post(world, full)
    await world.desk.delivered(await world.desk.job(1))

    expect(told?.text).toContain('too long for a summary at its end')
    expect(told?.text).toContain(`/${String(first)}`)
    expect((await byId(world, world.channel, first)).text).toBe(full)
    expect(await world.sim.answers(world.admin)).toHaveLength(2)
  })

  test('a caption gets its summary too', async () => {
    await using world = await startChannelWorld({ mode: 'append' })

    const id = await world.sim.sendFile(world.admin, 'video', {
      bytes: Buffer.from('video'),
      name: 'a.mp4',
      type: 'video/mp4',
      chat: world.channel,
      fields: { caption: longPost().slice(0, 700) },
    })
    const shown = await world.sim.until(async () => {
      const now = await byId(world, world.channel, id)
      return now.caption?.includes(MARK) === true && now
    })

    expect(shown.caption).toContain('The bridge reopens')
  })

  test('100 posts, edits and restarts in random order give each post one summary, and keep its entities', async () => {
    const seed = randomInt(2 ** 31)
    let state = seed
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((state / 2 ** 31) * below)
    }
    const clock = skewedClock()
    await using world = await startChannelWorld(
      { mode: 'append' },
      { clock, script: (job) => ({ text: String(job.input['text']).slice(0, 40) }) },
    )
    const sources = new Map<number, string>()
    const textOf = (topic: string): string => `#n${topic} ${longPost(topic)}`
    let versions = 0
    const shownAs = (id: number, source: string) =>
      world.sim.until(async () => {
        const shown = await byId(world, world.channel, id)
        return shown.text?.includes(`\n${source.slice(0, 40).trim()}`) === true && shown
      })

    for (let round = 0; round < 5; round++) {
      for (let at = 0; at < 20; at++) {
        const source = textOf(`${String(round)}${String(at)}`)
        sources.set(await post(world, source), source)
        versions++
        if (random(12) === 0) {
          await world.crash()
          await world.restart()
        }
      }
      for (const [id, source] of sources) await shownAs(id, source)
      clock.skewMs += 11 * 60_000
      for (let at = 0; at < 5; at++) {
        const id = [...sources.keys()][random(sources.size)] ?? 0
        if (sources.get(id)?.includes(`edited${String(round)}`) === true) continue
        const before = (await byId(world, world.channel, id)).text ?? ''
        const source = textOf(`edited${String(round)}${String(at)}`)
        // Some authors leave our part where it is, some take it away with their words.
        const kept = random(2) === 0 ? before.slice(before.indexOf(MARK)) : ''
        await edit(world, id, `${source}${kept}`)
        sources.set(id, source)
        versions++
      }
      for (const [id, source] of sources) await shownAs(id, source)
    }
    await world.bot.updates.idle()

    expect(sources.size, `seed ${seed}`).toBe(100)
    expect(world.desk.jobs, `seed ${seed}`).toHaveLength(versions)
    for (const [id, source] of sources) {
      const { text = '', entities } = await byId(world, world.channel, id)
      expect(text.split(MARK)).toHaveLength(2)
      expect(text.startsWith(source + MARK)).toBe(true)
      expect(entities?.map(({ type }) => type)).toEqual([
        'hashtag',
        'bold',
        'expandable_blockquote',
        'italic',
      ])
    }
  }, 180_000)
})

describe('rights', () => {
  test('a channel that was never set up leaves no row of its posts', async () => {
    await using world = await startChannelWorld({ mode: 'off' })

    await post(world, longPost())
    await world.sim.say(world.admin, 'Guten Morgen, wie geht es dir heute? Kommst du zum Essen?')
    await world.desk.job()

    const chats = (await world.db.rows.inbox.findMany()).map((row) => row.kind)
    expect(chats).not.toContain('channel_post')
    expect(world.desk.jobs).toHaveLength(1)
  })

  test('losing the right to edit switches the channel off and tells its admin', async () => {
    await using world = await startChannelWorld({ mode: 'append' })

    await addBot(world, world.channel, { can_post_messages: true })
    const [, told] = await world.sim.answers(world.admin, 2)

    expect(told?.text).toContain('I lost the rights I need in “Slow News”')
    expect(told?.buttons.map((it) => it.data)).toEqual([`qc${String(world.channel)}`])
    expect((await storeOf(world).get(world.channel))?.mode).toBe('off')
  })

  test('a refused edit is the same', async () => {
    await using world = await startChannelWorld({ mode: 'append' })
    await world.sim.fault({
      method: 'editMessageText',
      error_code: 400,
      description: 'Bad Request: not enough rights to edit the message',
    })

    await post(world, longPost())
    const [, told] = await world.sim.answers(world.admin, 2)

    expect(told?.text).toContain('I lost the rights I need')
    expect((await storeOf(world).get(world.channel))?.mode).toBe('off')
  })

  test('removal deletes what was known of the channel', async () => {
    await using world = await startChannelWorld({ mode: 'append' })
    await summarised(world, await post(world, longPost()))

    await world.sim.post(`chats/${world.channel}/members`, {
      user: world.sim.botId,
      status: 'kicked',
    })
    const [, told] = await world.sim.answers(world.admin, 2)

    expect(told?.text).toContain('I was removed from your channel')
    expect(await storeOf(world).get(world.channel)).toBeUndefined()
    expect(await world.db.rows.post.count()).toBe(0)
  })

  test('leaving the discussion group ends comments', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })

    await world.sim.post(`chats/${world.group}/members`, {
      user: world.sim.botId,
      status: 'kicked',
    })
    const [, told] = await world.sim.answers(world.admin, 2)

    expect(told?.text).toContain(
      'I am no longer an administrator of the discussion group of “Slow News”',
    )
    expect((await storeOf(world).get(world.channel))?.mode).toBe('off')
  })
})
