import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NOT_PROVEN_EN } from '../../src/tee/verify/proof/sentences-en.ts'
import { hasChromium, launchChromium } from '../support/browser.ts'
import {
  defaultModelsMissing,
  discardSystem,
  runCli,
  type System,
  startSystem,
} from '../support/system.ts'

/** A real model on busy cores takes its time; what is waited for is the answer, never a time. */
const PATIENCE_MS = 240_000
const question = 'Guten Morgen! Die Lieferung mit 12 Kisten kommt am Freitag um 9 Uhr.'
/** Where screenshots go, for people who want to look at them. */
const pictures = process.env['CHRYSALIS_PICTURES']

describe.skipIf(defaultModelsMissing || !hasChromium)('the Proof button of a real answer', () => {
  let system: System
  let browser: Browser
  let context: BrowserContext
  let chat: Page
  let proof: Page
  /** The whole bubble, as somebody selects and copies it, and the answer's first paragraph in it. */
  let answer = ''
  let words = ''
  const sent: string[] = []

  beforeAll(async () => {
    system = await startSystem()
    browser = await launchChromium()
    context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB' })
    context.setDefaultTimeout(PATIENCE_MS)
    chat = await context.newPage()
    await chat.setViewportSize({ width: 1280, height: 900 })
    await chat.goto(system.base)
    await chat.waitForSelector('html[data-ready=true]')
    await chat.getByRole('button', { name: 'Start', exact: true }).click()
    await chat.locator('.bubble', { hasText: '/privacy' }).waitFor()
    await chat.fill('#composer-input', question)
    await chat.click('.action[data-icon=send]')
    const bubble = chat.locator('.bubble', { hasText: 'Test network' }).last()
    await bubble.waitFor()
    answer = await bubble.innerText()
    words = await bubble.locator('.paragraph, p').first().innerText()
    const opened = context.waitForEvent('page')
    await chat.getByRole('link', { name: /Proof/ }).last().click()
    proof = await opened
    proof.setDefaultTimeout(30_000)
    proof.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
    await proof.locator('html[data-ready=true]').waitFor()
  }, PATIENCE_MS)
  afterAll(async () => {
    await browser.close()
    await discardSystem(system)
  })

  const stateOf = (name: string) => proof.locator(`[data-check=${name}]`).getAttribute('data-state')
  const picture = async (name: string): Promise<void> => {
    if (pictures === undefined) return
    mkdirSync(pictures, { recursive: true })
    await proof.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  }

  test('opens a page that says first that nothing is proven here, refutes nothing, and names the model', async () => {
    const text = await proof.locator('main').innerText()

    await picture('journey')
    expect(text.trimStart().startsWith('Test network: nothing here is proven.')).toBe(true)
    expect(await proof.locator('[data-state=refuted]').count()).toBe(0)
    for (const name of ['receipt', 'binding', 'hardware', 'policy', 'weights', 'gateway'])
      expect([name, await stateOf(name)]).toEqual([name, 'asserted'])
    expect(text).toContain('qwen2.5-coder-1.5b')
    expect(text).toContain(NOT_PROVEN_EN.telegram)
    expect(text).toContain(NOT_PROVEN_EN.physical)
  })

  test('takes the answer as it is copied from the chat, and refuses it with one letter changed', async () => {
    await proof.fill('#answer', answer)
    await proof.click('#compare')
    await proof.locator('#text-verdict.asserted').waitFor()

    const changed = `${words.slice(0, -3)}#${words.slice(-2)}`
    await proof.fill('#answer', answer.replace(words, changed))
    await proof.click('#compare')
    await proof.locator('#text-verdict.refuted').waitFor()
    await picture('journey-refuted')

    expect(await proof.locator('#headline').innerText()).toMatch(/^✗ 1 refuted/)
  })

  test('asks its own origin alone, and no request carries the text or the secret of the link', async () => {
    const link = new URL(proof.url())
    const all = sent.join('\n')

    expect(link.hash).toMatch(/^#1[\w-]{108}$/)
    expect(sent.every((it) => it.startsWith(`${link.origin}/`))).toBe(true)
    expect(all).not.toContain(link.hash.slice(24, 60))
    for (const word of ['Friday', 'boxes', 'Kisten']) expect(all).not.toContain(word)
  })

  test('saves a file that the command line verifies offline, and refuses after one changed byte', async () => {
    const download = proof.waitForEvent('download')
    await proof.click('#save')
    const file = join(system.dataDir, 'saved-proof.json')
    const saved = readFileSync(await (await download).path(), 'utf8')
    writeFileSync(file, saved)
    const text = join(system.dataDir, 'answer.txt')
    writeFileSync(text, answer)

    const right = await runCli(['verify', file, '--text', text])
    writeFileSync(file, saved.replace('"outcome": "ok"', '"outcome": "no"'))
    const shape = await runCli(['verify', file])
    writeFileSync(
      file,
      saved.replace(/"served_at": (\d+)/, (_, at) => `"served_at": ${String(Number(at) + 1)}`),
    )
    const changed = await runCli(['verify', file])

    expect(right.err).toBe('')
    expect(right.code).toBe(0)
    expect(right.out).toContain('letter for letter, the answer')
    expect([shape.code, changed.code]).toEqual([10, 10])
    expect(shape.out).toContain('The receipt is damaged')
    expect(changed.out).toContain('The receipt was changed after it was signed')
  })

  test('left the salts and the credential in no log', () => {
    const log = readFileSync(join(system.dataDir, 'chrysalis.log'), 'utf8')
    const link = new URL(proof.url()).hash.slice(1)

    expect(log).not.toContain(link.slice(23, 66))
    expect(log).not.toContain(link.slice(66))
    expect(log).not.toContain('/v1/receipts')
  })
})
