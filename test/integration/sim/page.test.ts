import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, launchChromium } from '../../support/browser.ts'
import { type ScriptedBot, startScriptedBot } from '../../support/scripted-bot.ts'
import { TestSimulator } from '../../support/simulator.ts'

describe.skipIf(!hasChromium)('the chat page in a browser', () => {
  let browser: Browser
  let sim: TestSimulator
  let bot: ScriptedBot
  let anna: number
  const troubles: string[] = []

  beforeAll(async () => {
    browser = await launchChromium({ microphone: true })
  })
  afterAll(() => browser.close())

  beforeEach(async () => {
    troubles.length = 0
    sim = await TestSimulator.start({ sample: true })
    bot = startScriptedBot(sim)
    anna = [...sim.sim.world.people.keys()][0] ?? 0
    await bot.bot.api.setMyCommands([
      { command: 'slow', description: 'A slow answer' },
      { command: 'keys', description: 'A reply keyboard' },
    ])
  })
  afterEach(async () => {
    await Promise.all(browser.contexts().map((it) => it.close()))
    await bot.close()
    await sim.close()
    if (troubles.length > 0) throw new Error(`the page complained: ${troubles.join('; ')}`)
  })

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(40_000)
    page.on('pageerror', (error) => troubles.push(String(error)))
    page.on('console', (line) => line.type() === 'error' && troubles.push(line.text()))
    await page.goto(sim.base)
    await page.waitForSelector('html[data-ready=true]')
    return page
  }

  async function begin(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText('Hello. Write or say something.').last().waitFor()
  }

  async function write(page: Page, text: string): Promise<void> {
    await page.locator('#composer-input').waitFor()
    // In one go: the field may be drawn again while `fill` still looks at the old one.
    await page.evaluate(`{
      const field = document.querySelector('#composer-input')
      field.value = ${JSON.stringify(text)}
      field.dispatchEvent(new Event('input'))
    }`)
    await page.click('.action[data-icon=send]')
  }

  test('a written text gets the answer with its blocks, and the press of a button its note', async () => {
    const page = await open()
    await begin(page)

    await write(page, 'What about the yard?')

    await page.locator('.bubble .heading', { hasText: 'A meadow instead of a lawn' }).waitFor()
    expect(await page.locator('.bubble table td').allTextContents()).toEqual([
      '2024',
      '12',
      '2025',
      '41',
    ])
    expect(await page.locator('.bubble .rich-list li').count()).toBe(3)
    await page.getByRole('button', { name: 'Translate' }).click()
    await page.locator('.toast', { hasText: 'On its way' }).waitFor()
    await page.getByRole('button', { name: 'About this answer' }).click()
    await page.locator('dialog', { hasText: 'Made by a test bot.' }).waitFor()
  })

  test('a draft grows, Stop reaches the bot, and the draft is gone', async () => {
    const page = await open()
    await begin(page)
    await write(page, '/slow')
    await page.locator('.draft', { hasText: 'The yard was left to grow for a year' }).waitFor()

    await page.getByRole('button', { name: 'Stop' }).click()

    await page.locator('.bubble', { hasText: 'Stopped. Nothing was charged.' }).waitFor()
    await page.locator('.draft').waitFor({ state: 'detached' })
    expect(bot.stopped).toHaveLength(1)
  })

  test('the final message takes the place of the draft', async () => {
    const page = await open()
    await begin(page)
    await write(page, '/slow')
    await page.locator('.draft', { hasText: 'for a year' }).waitFor()

    bot.finish()

    await page.locator('.message:not(.draft) .bubble', { hasText: 'for a year.' }).waitFor()
    expect(await page.locator('.draft').count()).toBe(0)
  })

  test('a file from the bot is downloaded whole and under its name', async () => {
    const page = await open()
    await begin(page)
    await write(page, 'yard')
    await page.getByRole('button', { name: '.txt' }).click()
    const card = page.locator('.file-card', { hasText: 'summary.txt' })
    await card.waitFor()

    const [download] = await Promise.all([page.waitForEvent('download'), card.click()])

    expect(download.suggestedFilename()).toBe('summary.txt')
    expect(await readFile(await download.path(), 'utf8')).toBe('forty-one species')
  })

  test('text of people and bots never becomes part of the page', async () => {
    const page = await open()
    await begin(page)
    const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

    await write(page, evil)
    await bot.bot.api.sendMessage(anna, evil)

    await page.locator('.message.theirs .words', { hasText: '<script>' }).waitFor()
    expect(await page.locator('.bubble img, .bubble script').count()).toBe(0)
    expect(await page.evaluate('window.hacked')).toBeUndefined()
  })

  test('a recorded voice message arrives at the bot as Ogg with its length', async () => {
    const page = await open({ permissions: ['microphone'] })
    await begin(page)
    const heard = sim.event('update', (it) => JSON.stringify(it['update']).includes('"voice"'))

    await page.getByRole('button', { name: 'Record a voice message' }).click()
    await page.locator('.rec-time', { hasText: '0:02' }).waitFor()
    await page.getByRole('button', { name: 'Send the voice message' }).click()

    const { update } = await heard
    expect(update).toMatchObject({
      message: { voice: { mime_type: 'audio/ogg', duration: expect.any(Number) } },
    })
    await page.locator('.player.voice').waitFor()
  })

  test('commands complete by keyboard, and a chat can be used without a mouse', async () => {
    const page = await open()
    await begin(page)
    await page.focus('#composer-input')

    await page.keyboard.type('/ke')
    await page.keyboard.press('Tab')
    expect(await page.inputValue('#composer-input')).toBe('/keys ')
    await page.keyboard.press('Enter')

    await page.getByRole('button', { name: 'Choose a channel' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Slow Science' }).click()
    await page.locator('.service', { hasText: 'chose Slow Science' }).waitFor()
    await page.locator('.reply-keyboard').waitFor({ state: 'detached' })
  })

  test('arrow keys walk through the messages, Enter opens the menu of one, Escape leads back to it', async () => {
    const page = await open()
    await begin(page)
    const focused = () => page.evaluate<string>('document.activeElement?.textContent ?? ""')
    await page.focus('.messages')

    await page.keyboard.press('ArrowUp')
    expect(await focused()).toContain('Hello. Write or say something.')
    await page.keyboard.press('ArrowUp')
    expect(await focused()).toContain('/start')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor()
    await page.keyboard.press('Escape')

    expect(await page.getByRole('menu').count()).toBe(0)
    expect(await focused()).toContain('Hello. Write or say something.')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.closest(".composer-box") !== null')).toBe(
      true,
    )
  })

  test('a wide table scrolls in its frame and breaks no word; a long word stays in its bubble', async () => {
    const page = await open({ viewport: { width: 360, height: 740 } })
    await page.locator('.chat-line').first().click()
    await begin(page)
    const cells = [['Year', 'Species', 'A long column title', 'Notes', 'Even more notes', 'Last']]
    await bot.bot.api.raw.sendRichMessage({
      chat_id: anna,
      rich_message: {
        blocks: [
          {
            type: 'table',
            cells: cells.map((row) =>
              row.map((text) => ({ text, align: 'left' as const, valign: 'top' as const })),
            ),
          },
          { type: 'paragraph', text: 'Donaudampfschifffahrtsgesellschaft'.repeat(9) },
        ],
      },
    })
    await page.locator('td', { hasText: 'Species' }).waitFor()

    const [pageOver, tableOver, heights] = await page.evaluate<[number, number, number[]]>(`[
      document.documentElement.scrollWidth - innerWidth,
      document.querySelector('.table-wrap').scrollWidth - document.querySelector('.table-wrap').clientWidth,
      ['Year', 'Species'].map((word) => {
        const range = document.createRange()
        range.selectNodeContents([...document.querySelectorAll('td')].find((it) => it.textContent === word))
        return range.getClientRects().length
      }),
    ]`)
    expect(pageOver).toBeLessThanOrEqual(0)
    expect(tableOver).toBeGreaterThan(0)
    expect(heights).toEqual([1, 1])
  })

  test('a newcomer sends a sample with one click: a text, a file, and a human voice where one is installed', async () => {
    const page = await open()
    await begin(page)
    const { samples } = await sim.get<{ samples: { recording: string | null } }>('world')
    const names = ['A foreign message', 'A text file']
    if (samples.recording !== null) names.push('A recorded speech')

    for (const name of names) {
      await page.getByRole('button', { name: 'Things to try' }).click()
      await page.getByRole('menuitem', { name }).click()
    }

    const sent = await sim.until(async () => {
      const seen = (await sim.messages(anna)).filter((it) => !it.from_bot)
      return seen.length > names.length && seen.slice(1)
    })
    expect(sent[0]?.text).toMatch(/^Liebe Nachbarn/)
    expect(sent[1]?.documents[0]?.file_name).toBe('A year without a lawn.txt')
    expect(sent[2]?.documents[0]?.size).toBe(samples.recording === null ? undefined : 352_078)
  })

  test('who types keeps text, place and focus when the chat changes around the field', async () => {
    const page = await open()
    await begin(page)
    await page.focus('#composer-input')
    await page.keyboard.type('half a sentence')
    await page.keyboard.press('ArrowLeft')
    const drawn = await page.evaluateHandle<{ isConnected: boolean }>(
      'document.querySelector("#composer-input")',
    )

    await bot.bot.api.sendMessage(anna, 'Choose', {
      reply_markup: { keyboard: [[{ text: 'One' }]] },
    })
    await page.locator('.reply-keyboard').waitFor()

    expect(await drawn.evaluate((it) => it.isConnected)).toBe(false)
    await page.keyboard.type('!')
    expect(await page.inputValue('#composer-input')).toBe('half a sentenc!e')
  })

  test('an edited and a deleted message change in place; a reply shows what it answers', async () => {
    const page = await open()
    await begin(page)
    await write(page, 'first words')
    const mine = page.locator('.message.mine', { hasText: 'first words' })
    await page.locator('.bubble .heading').waitFor()

    await mine.hover()
    await mine.getByRole('button', { name: 'Reply', exact: true }).click()
    await write(page, 'second words')
    const second = page.locator('.message.mine', { hasText: 'second words' })
    expect(await second.locator('.reply-quote').textContent()).toContain('first words')
    await second.hover()
    await second.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Edit' }).click()
    await page.fill('#composer-input', 'other words')
    await page.keyboard.press('Enter')
    const edited = page.locator('.message.mine', { hasText: 'other words' })
    expect(await edited.locator('.foot').textContent()).toContain('edited')
    await edited.hover()
    await edited.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await edited.waitFor({ state: 'detached' })
  })

  test('an admin adds the bot to a channel with rights, posts, and the post reaches bot and group', async () => {
    const page = await open()
    await page
      .locator('.chat-list')
      .getByRole('button', { name: /Slow Science No messages/ })
      .click()
    await page.locator('.chat-name', { hasText: 'Slow Science' }).waitFor()
    await page.getByRole('button', { name: 'Members, bot and rights' }).click()
    await page.getByLabel('Delete messages of others').uncheck()
    await page.getByRole('button', { name: 'Add as an admin' }).click()
    await page.getByText('is an admin here').waitFor()
    await page.keyboard.press('Escape')
    const posted = sim.event('update', (it) =>
      JSON.stringify(it['update']).includes('channel_post'),
    )

    await write(page, 'A post about patience')

    await page.locator('.bubble', { hasText: 'A post about patience' }).waitFor()
    await page.getByRole('button', { name: /^(1 comment|Leave a comment)$/ }).click()
    await page.locator('.chat-name', { hasText: 'Slow Science talk' }).waitFor()
    await page.locator('.bubble', { hasText: 'A post about patience' }).first().waitFor()
    expect((await posted)['update']).toMatchObject({
      channel_post: { text: 'A post about patience', sender_chat: { title: 'Slow Science' } },
    })
  })

  test('a link that adds the bot to a channel stays here: a chat is picked, the rights are given', async () => {
    const page = await open()
    await begin(page)
    const url = 'https://t.me/chrysalis_bot?startchannel=s&admin=edit_messages+post_messages'
    await bot.bot.api.sendMessage(anna, 'Add me', {
      reply_markup: { inline_keyboard: [[{ text: 'Add to a channel', url }]] },
    })

    await page.getByRole('link', { name: 'Add to a channel' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Slow Science' }).click()

    await page.locator('.chat-state', { hasText: 'the bot is an admin' }).waitFor()
    const channel = sim.sim.world.rooms.values().find((it) => it.chat.type === 'channel')
    expect(channel?.members.get(sim.botId)?.rights).toMatchObject({
      can_edit_messages: true,
      can_post_messages: true,
      can_delete_messages: false,
    })
  })

  test.each([
    { width: 360, height: 740 },
    { width: 390, height: 844 },
  ])('at $width px the list and the chat take turns and nothing sticks out', async (viewport) => {
    const page = await open({ viewport, hasTouch: true, isMobile: true })
    expect(await page.locator('.chat').isVisible()).toBe(false)

    await page.locator('.chat-line').first().click()
    await begin(page)
    await write(page, 'on the phone')
    await page.locator('.bubble .heading').waitFor()

    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(overflow).toBeLessThanOrEqual(0)
    await page.getByRole('button', { name: 'Back to the chats' }).click()
    expect(await page.locator('.chat-list').isVisible()).toBe(true)
  })

  test('a group becomes a supergroup, and its chat goes on there', async () => {
    const page = await open()
    await page.getByRole('button', { name: /Weekend hikers/ }).click()
    await page.getByRole('button', { name: 'Members, bot and rights' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make it a supergroup' }).click()

    await page.locator('.service', { hasText: 'became a supergroup' }).waitFor()
    const made = [...sim.sim.world.rooms.values()].find((it) => it.migratedTo !== undefined)
    await bot.bot.api.sendMessage(made?.migratedTo ?? 0, 'still with you')

    await page.locator('.bubble', { hasText: 'still with you' }).waitFor()
    expect(await page.locator('.chat-line', { hasText: 'Weekend hikers' }).count()).toBe(1)
  })

  test('another person sees another chat, and only their own ephemeral messages', async () => {
    const page = await open()
    const group = [...sim.sim.world.rooms.values()].find(
      (it) => it.chat.type === 'supergroup' && it.linked !== undefined,
    )
    const id = group?.chat.id ?? 0
    await bot.bot.api.raw.sendMessage({
      chat_id: id,
      text: 'for Anna alone',
      ephemeral_message_parameters: { receiver_user_id: anna },
    })

    await page
      .locator('.chat-list')
      .getByRole('button', { name: /Slow Science talk/ })
      .click()
    await page.locator('.only-you').waitFor()
    await page.getByRole('radio', { name: /Лев/ }).click()

    await page.locator('.chat-name', { hasText: 'Slow Science talk' }).waitFor()
    expect(await page.getByText('for Anna alone').count()).toBe(0)
  })
})
