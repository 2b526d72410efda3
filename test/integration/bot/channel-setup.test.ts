import { describe, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import {
  buttonOf,
  byId,
  longPost,
  type SeenMessage,
  startChannelWorld,
  storeOf,
} from '../../support/channel-world.ts'

describe('setting up', () => {
  /** The question that stands now: the last message of the bot with buttons. */
  const question = async (world: BotWorld, admin: number, text: string): Promise<SeenMessage> =>
    world.sim.until(async () => {
      const last = (await world.sim.messages(admin)).filter((it) => it.from_bot).at(-1)
      return last?.text?.includes(text) === true && last
    })
  const press = async (world: BotWorld, admin: number, it: { on: string; label: string }) => {
    const message = await question(world, admin, it.on)
    await world.sim.press(admin, message.message_id, { data: buttonOf(message, it.label) })
  }

  test('from the chooser to the first summary, in Russian', async () => {
    await using world = await startBotWorld({ script: () => ({ text: 'Коротко.' }) })
    const { sim } = world
    const admin = sim.person('Анна', 'ru')
    const channel = sim.room({ type: 'channel', title: 'Канал', admins: [admin] })

    await sim.say(admin, '/channel')
    await question(world, admin, 'Какой канал пересказывать?')
    await sim.post('shares', { from: admin, request_id: 1, chat: channel })
    await press(world, admin, { on: 'где показывать пересказ', label: 'Под постом' })
    await question(world, admin, 'С какой длины')
    await sim.say(admin, '300')
    await press(world, admin, { on: 'На каком языке', label: 'На языке поста' })
    await press(world, admin, { on: 'посты от 300 знаков', label: 'Включить' })
    await question(world, admin, 'Готово: теперь я пересказываю')

    expect(await storeOf(world).get(channel)).toEqual({
      chatId: channel,
      mode: 'append',
      threshold: 300,
      ui: 'ru',
      adminId: admin,
    })
    expect(await world.db.rows.dialogue.count()).toBe(0)
    const text = 'Старый мост снова откроют в субботу, после трёх лет ремонта. '.repeat(6).trim()
    const id = await sim.say(admin, text, { chat: channel })
    await sim.until(
      async () => (await byId(world, channel, id)).text?.includes('🦋 Коротко') === true,
    )
  })

  test('what is missing is said, and looked at again', async () => {
    await using world = await startBotWorld()
    const { sim } = world
    const admin = sim.person('Ann', 'en')
    const channel = sim.room({ type: 'channel', title: 'Slow News', admins: [admin] })
    const group = sim.room({ type: 'supergroup', title: 'Talk', admins: [admin] })
    await sim.post('links', { channel, group })

    await sim.say(admin, '/channel')
    await question(world, admin, 'Which channel')
    await sim.post('shares', { from: admin, request_id: 1, chat: channel })
    await press(world, admin, { on: 'where shall the summary', label: 'First comment' })
    const missing = await question(
      world,
      admin,
      'I am not an administrator of the discussion group',
    )
    await sim.post(`chats/${group}/members`, { user: sim.botId, status: 'administrator' })
    await press(world, admin, {
      on: 'I am not an administrator of the discussion group',
      label: 'Check again',
    })
    await press(world, admin, { on: 'where shall the summary', label: 'First comment' })
    await press(world, admin, { on: 'From which length', label: '500' })
    await press(world, admin, { on: 'In which language', label: 'The language of the post' })
    await press(world, admin, { on: 'summary as first comment', label: 'Switch on' })
    await question(world, admin, 'Done: I summarise')

    expect(missing.message_id).toBeGreaterThan(0)
    expect(await storeOf(world).get(channel)).toMatchObject({ mode: 'comment', linkedId: group })
  })

  test('a preview is shown to the admin only and switches nothing on', async () => {
    await using world = await startChannelWorld({ mode: 'off' })
    const { sim, admin } = world

    await sim.say(admin, '/channel')
    await press(world, admin, { on: 'Your channels', label: 'Slow News' })
    await press(world, admin, { on: 'where shall the summary', label: 'Under the post' })
    await press(world, admin, { on: 'From which length', label: '1,000' })
    await press(world, admin, { on: 'In which language', label: 'French' })
    await press(world, admin, { on: 'summaries in French', label: 'Preview' })
    await question(world, admin, 'Forward me a post')
    await sim.say(admin, longPost(), { forward_from: { chat: String(world.channel) } })
    const job = await world.desk.job()
    await sim.until(async () =>
      (await sim.messages(admin)).some(
        (it) => it.from_bot && it.text?.includes('The bridge reopens'),
      ),
    )
    const asked = await sim.until(async () =>
      (await sim.messages(admin)).find((it) => it.text?.includes('Shall I switch it on?')),
    )
    await sim.press(admin, asked.message_id, { data: buttonOf(asked, 'Cancel') })
    await sim.until(async () =>
      (await sim.messages(admin)).some((it) => it.text === 'All right, cancelled.'),
    )

    expect(job.input).toMatchObject({ to: 'fr' })
    expect((await storeOf(world).get(world.channel))?.mode).toBe('off')
  })

  test('a stranger cannot set up a channel of others', async () => {
    await using world = await startChannelWorld({ mode: 'off' })
    const stranger = world.sim.person('Eve', 'en')

    await world.sim.say(stranger, '/channel')
    const first = await question(world, stranger, 'Which channel')
    await world.sim.say(stranger, '/cancel')
    await question(world, stranger, 'All right, cancelled.')
    await world.sim.post('callbacks', {
      chat: stranger,
      from: stranger,
      message_id: first.message_id,
      data: `qc${String(world.channel)}`,
    })
    await question(world, stranger, 'You need to be its owner')

    expect((await storeOf(world).get(world.channel))?.adminId).toBe(world.admin)
  })

  test('three previews a day are free, and the fourth is refused before anything is asked', async () => {
    await using world = await startChannelWorld({ mode: 'off' })
    const { sim, admin } = world
    await sim.post('callbacks', {
      chat: admin,
      from: admin,
      message_id: (await sim.answers(admin))[0]?.message_id,
      data: `qc${String(world.channel)}`,
    })
    await press(world, admin, { on: 'where shall the summary', label: 'First comment' })
    await press(world, admin, { on: 'From which length', label: '500' })
    await press(world, admin, { on: 'In which language', label: 'language of the post' })

    const find = (words: string) =>
      sim.until(async () =>
        (await sim.messages(admin)).findLast(
          (it) => it.from_bot && it.text?.includes(words) === true && it.buttons.length > 0,
        ),
      )
    const tryOut = async (words: string): Promise<void> => {
      const asked = await find(words)
      await sim.press(admin, asked.message_id, { data: buttonOf(asked, 'Preview') })
    }
    for (const at of [0, 1, 2]) {
      await tryOut(at === 0 ? 'posts from' : 'in a moment')
      await find('Forward me a post')
      await sim.say(admin, longPost(String(at)))
      await world.desk.job(at)
      await find('in a moment')
    }
    await tryOut('in a moment')
    await find('I made 3 previews')

    expect(world.desk.jobs).toHaveLength(3)
    expect(await world.db.rows.post.count()).toBe(0)
  })

  test('another command leaves the dialogue, and other messages are handled as usual', async () => {
    await using world = await startBotWorld({ script: () => ({ text: 'Good morning' }) })
    const { sim } = world
    const admin = sim.person('Ann', 'en')

    await sim.say(admin, '/channel')
    await question(world, admin, 'Which channel')
    await sim.say(admin, 'Guten Morgen, wie geht es dir heute? Kommst du zum Essen?')
    await sim.until(async () =>
      (await sim.messages(admin)).some((it) => it.text?.includes('Good morning')),
    )
    expect(await world.db.rows.dialogue.count()).toBe(1)
    await sim.say(admin, '/help')
    await question(world, admin, 'Just send me something')
    await world.bot.updates.idle()

    expect(await world.db.rows.dialogue.count()).toBe(0)
  })

  test('whoever adds the bot by hand is asked in private', async () => {
    await using world = await startBotWorld()
    const { sim } = world
    const admin = sim.person('Ann', 'en')
    await sim.post('start', { from: admin })
    await sim.answers(admin)
    const channel = sim.room({ type: 'channel', title: 'Slow News', admins: [admin] })

    await sim.post(`chats/${channel}/members`, {
      user: sim.botId,
      status: 'administrator',
      rights: 'all',
      by: admin,
    })
    const invitation = await question(world, admin, 'You made me an administrator of “Slow News”')

    expect(buttonOf(invitation, 'Set up')).toBe(`qc${String(channel)}`)
  })

  test('deleting one’s data deletes the channels one set up', async () => {
    await using world = await startChannelWorld({ mode: 'comment' })

    await world.sim.say(world.admin, '/delete_data')
    await question(world, world.admin, 'Type DELETE')
    await world.sim.say(world.admin, 'DELETE')
    await question(world, world.admin, 'I know nothing about you')

    expect(await storeOf(world).get(world.channel)).toBeUndefined()
  })
})
