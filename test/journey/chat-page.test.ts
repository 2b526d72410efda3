import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, launchChromium } from '../support/browser.ts'
import { defaultModelsMissing, discardSystem, type System, startSystem } from '../support/system.ts'
import { wordErrorRate } from '../support/word-error-rate.ts'

const voice = fileURLToPath(
  new URL(
    '../../node_modules/nodejs-whisper/cpp/whisper.cpp/bindings/go/samples/jfk.wav',
    import.meta.url,
  ),
)
const said =
  'And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.'

/** A real model on busy cores takes its time; what is waited for is the answer, never a time. */
const PATIENCE_MS = 240_000

describe.skipIf(defaultModelsMissing || !hasChromium)('on the chat page of a fresh system', () => {
  let system: System
  let browser: Browser
  let page: Page
  const troubles: string[] = []

  beforeAll(async () => {
    system = await startSystem()
    browser = await launchChromium()
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('pageerror', (error) => troubles.push(String(error)))
    await page.goto(system.base)
    await page.waitForSelector('html[data-ready=true]')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.locator('.bubble', { hasText: '/privacy' }).waitFor()
  }, PATIENCE_MS)
  afterAll(async () => {
    await browser.close()
    await discardSystem(system)
  })

  async function write(text: string): Promise<void> {
    await page.fill('#composer-input', text)
    await page.click('.action[data-icon=send]')
  }

  const answers = () => page.locator('.bubble', { hasText: 'Test network' })

  test('a German message comes back in English, with its link, mention and tag', async () => {
    await write(
      'Liebe Nachbarn, am Samstag treffen wir uns im Hof. Infos: https://example.org/hof @maria #hof',
    )

    await answers().first().waitFor()
    const text = (await answers().first().textContent()) ?? ''
    for (const kept of ['Saturday', 'https://example.org/hof', '@maria', '#hof'])
      expect(text).toContain(kept)
  })

  test('a voice file of a human comes back as text, and its subtitles as a file', async () => {
    await page.setInputFiles('input[type=file]', voice)
    const send = page.locator('dialog').getByRole('button', { name: /^send/i })
    if (await send.isVisible()) await send.click()

    const answer = page.locator('.bubble', { hasText: 'Whisper base' }).last()
    await answer.waitFor()
    const heard = (await answer.locator('.paragraph, p').first().textContent()) ?? ''
    expect(wordErrorRate(said, heard)).toBeLessThanOrEqual(0.15)

    const file = page.waitForEvent('download')
    await page.getByRole('button', { name: '.srt' }).last().click()
    await page.locator('a[download$=".srt"]').last().click()
    const subtitles = await readFile(await (await file).path(), 'utf8')
    expect(subtitles).toMatch(/^1\n00:00:0\d,\d{3} --> 00:00:\d{2},\d{3}\n/)
  })

  test('Stop in the draft ends the job and says so', async () => {
    await write(
      'Der Rat der Hafenstadt hat am Dienstag beschlossen, die alte Brücke zu sperren. Die Arbeiten beginnen im März und dauern acht Monate. '.repeat(
        4,
      ),
    )

    await page.getByRole('button', { name: /^stop/i }).click()

    const ending = page.locator('.bubble', { hasText: /stopped/i }).last()
    await ending.waitFor()
    expect(await ending.textContent()).not.toContain('Qwen')
  })

  test('a channel is set up from the chat, and the next long post gets its summary', async () => {
    const press = (name: RegExp) => page.locator('.press', { hasText: name }).last().click()
    await write('/channel')
    await page.locator('.reply-keyboard button').first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Slow Science' }).click()
    await press(/first comment/i)
    await press(/^500 characters$/)
    await press(/language of the post/i)
    await press(/switch on/i)
    await page.locator('.bubble', { hasText: 'Done: I summarise' }).waitFor()
    // A keyboard for one use is put away by it.
    expect(await page.locator('.reply-keyboard').count()).toBe(0)

    await page
      .getByRole('navigation', { name: 'Chats' })
      .getByRole('button', { name: /^(SS)?\s*Slow Science(?! talk)/ })
      .click()
    await page.locator('.chat-name', { hasText: 'Slow Science' }).waitFor()
    await write(
      'The town council decided on Tuesday to close the old bridge. Works begin in March and take eight months. '.repeat(
        6,
      ),
    )
    await page.locator('.comments', { hasText: '1 comment' }).click()
    const summary = page.locator('.bubble', { hasText: 'Test network' }).last()
    await summary.waitFor()
    expect(await summary.textContent()).toContain('bridge')
  })

  test('the page met no error on the way, and the bot asked for nothing the simulator does not know', async () => {
    const calls = (await (await fetch(`${system.base}/sim/calls`)).json()) as {
      method: string
      error_code?: number
    }[]

    expect(calls.length).toBeGreaterThan(10)
    expect(calls.filter((it) => it.error_code === 404).map((it) => it.method)).toEqual([])
    expect(troubles).toEqual([])
  })
})
