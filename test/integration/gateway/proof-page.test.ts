import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SENTENCES_RU } from '../../../src/gateway/proof-page/sentences-ru.ts'
import { bundleText } from '../../../src/tee/verify/proof/bundle.ts'
import { NOT_PROVEN_EN } from '../../../src/tee/verify/proof/sentences-en.ts'
import { hasChromium, launchChromium } from '../../support/browser.ts'
import { type MadeProof, madeProof } from '../../support/proof.ts'
import { keepProof, type ProofServer, startProofServer } from '../../support/proof-server.ts'

describe.skipIf(!hasChromium)('the proof page in a browser', () => {
  let server: ProofServer
  let browser: Browser
  let page: Page
  let made: MadeProof
  let kept: ReturnType<typeof keepProof>
  let folder: string
  const troubles: string[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chrysalis-page-'))
    server = await startProofServer()
    made = await madeProof({ gpus: 1 })
    kept = keepProof(server, made)
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser.close()
    server.close()
    rmSync(folder, { recursive: true })
  })
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 360, height: 780 }, locale: 'en-GB' })
    page.on('pageerror', (error) => troubles.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('404'))
        troubles.push(message.text())
    })
  })
  afterEach(() => page.close())

  const open = async (link: string): Promise<void> => {
    await page.goto(`${server.base}/proof${link}`)
    await ready()
  }
  const ready = () => page.locator('html[data-ready=true]').waitFor()
  const stateOf = (name: string) => page.locator(`[data-check=${name}]`).getAttribute('data-state')
  const shownText = async (): Promise<string> =>
    (await page.locator('main').innerText()).replaceAll('\u00a0', ' ')

  test('says first that a test network proves nothing, then counts, then lists eleven checks and what is not proven', async () => {
    await open(`#${kept.link}`)

    const text = await shownText()
    expect(text.trimStart().startsWith('Test network: nothing here is proven.')).toBe(true)
    expect(await page.locator('#headline').innerText()).toMatch(/^\d+ asserted, \d+ not checked$/)
    expect(await page.locator('.checks > li').count()).toBe(11)
    expect(await stateOf('receipt')).toBe('asserted')
    expect(await stateOf('hardware')).toBe('asserted')
    for (const it of ['telegram', 'physical', 'times', 'traffic', 'page'] as const)
      expect(text).toContain(NOT_PROVEN_EN[it])
    expect(await page.locator('svg[role=img] title').count()).toBe(1)
  })

  test('fits a phone of 360 points without scrolling sideways, and its words are read without colour', async () => {
    await open(`#${kept.link}`)

    const [inner, scroll] = await page.evaluate<number[]>(
      '[document.documentElement.clientWidth, document.documentElement.scrollWidth]',
    )
    expect(scroll).toBeLessThanOrEqual(inner ?? 0)
    const states = await page.locator('.checks .state').allInnerTexts()
    expect(states.every((it) => /^[✓◐○✗] (proven|asserted|not checked|refuted)$/.test(it))).toBe(
      true,
    )
  })

  test('compares the pasted answer on the device: no request carries a word of it', async () => {
    await open(`#${kept.link}`)
    const before = server.requests.length

    await page.fill('#answer', made.text)
    await page.click('#compare')
    await page.locator('#text-verdict.asserted').waitFor()
    await page.fill('#answer', made.text.replace('Saturday', 'Saturdey'))
    await page.click('#compare')
    await page.locator('#text-verdict.refuted').waitFor()

    expect(await page.locator('#headline').innerText()).toMatch(/^✗ 1 refuted/)
    expect(server.requests.length).toBe(before)
    const all = JSON.stringify(server.requests)
    expect(all).not.toContain('Saturd')
    expect(all).not.toContain(kept.link)
    expect(all).not.toContain('chair')
  })

  test('takes a changed receipt, note or evidence for refuted, and says which', async () => {
    const cases = [
      ['receipt', 'out_tokens":23', 'out_tokens":24', 'receipt', /receipt was changed/],
      ['note', '"tier":"simulated"', '"tier":"gpu-tee"', 'gateway', /note was changed/],
      ['evidence', '"site":"unknown"', '"site":"audited"', 'binding', /evidence was changed/],
    ] as const
    for (const [part, from, to, check, says] of cases) {
      const spoilt = { ...made, [part]: made[part].replace(from, to) }
      keepProof(server, { ...spoilt, receipt: made.receipt })
      const found = server.receipts.get(kept.job)
      if (found?.kind !== 'kept') throw new TypeError('not kept')
      server.receipts.set(kept.job, { ...found, document: spoilt.receipt })
      await page.goto('about:blank')

      await open(`#${kept.link}`)

      expect(await stateOf(check)).toBe('refuted')
      expect(await page.locator('.trouble').innerText()).toMatch(says)
    }
    keepProof(server, made)
  })

  test('checks a file that was saved, also when the gateway knows nothing of it', async () => {
    await open(`#${kept.link}`)
    const download = page.waitForEvent('download')
    await page.click('#save')
    const saved = await (await download).path()
    const file = join(folder, 'proof.json')
    writeFileSync(file, readFileSync(saved))
    await open('')
    await page.setInputFiles('#file', file)
    await page.locator('#headline').waitFor()

    expect(await stateOf('receipt')).toBe('asserted')
    await page.fill('#answer', made.text)
    await page.click('#compare')
    await page.locator('#text-verdict.asserted').waitFor()
  })

  test('gives the same verdict as Node on the same file', async () => {
    const file = join(folder, 'same.json')
    writeFileSync(file, bundleText(made.bundle))
    await open('')
    await page.setInputFiles('#file', file)
    await page.locator('#headline').waitFor()

    const states = await page
      .locator('.checks > li')
      .evaluateAll((items) => items.map((item) => item.getAttribute('data-state')))
    expect(states).toEqual([
      'asserted',
      'asserted',
      'asserted',
      'asserted',
      'asserted',
      'asserted',
      'not-checked',
      'not-checked',
      'asserted',
      'not-checked',
      // This browser never saw a policy before.
      'not-checked',
    ])
  })

  test('speaks Russian too', async () => {
    await open(`#${kept.link}`)

    await page.getByRole('button', { name: 'Русский' }).click()

    expect(await page.locator('html').getAttribute('lang')).toBe('ru')
    const text = await shownText()
    expect(text).toContain('Тестовая сеть: здесь ничего не доказано.')
    expect(text).toContain(SENTENCES_RU['receipt.ok'])
    expect(text).not.toContain('undefined')
  })

  test('says in words what is wrong with a link, a file or a receipt that is gone', async () => {
    const cases = [
      ['#1short', /not complete/],
      [`#${kept.link.slice(0, -43)}${'A'.repeat(43)}`, /no receipt for this link/],
    ] as const
    for (const [link, says] of cases) {
      await page.goto('about:blank')
      await open(link)
      expect(await page.locator('.trouble').innerText()).toMatch(says)
    }
    const file = join(folder, 'other.json')
    writeFileSync(file, '{"hello":1}')
    await page.setInputFiles('#file', file)
    await page.locator('.trouble', { hasText: 'not a proof' }).waitFor()
  })

  test('can be used by keyboard alone', async () => {
    await open(`#${kept.link}`)

    await page.locator('#answer').focus()
    await page.keyboard.insertText(made.text)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('#text-verdict.asserted').waitFor()
    await page.locator('[data-check=receipt] summary').focus()
    await page.keyboard.press('Enter')

    expect(await page.locator('[data-check=receipt] details').getAttribute('open')).toBe('')
    expect(await page.locator('[data-check=receipt] .more').innerText()).toContain(kept.job)
  })

  test('met no error of its own, and nothing that its content security policy refused', () => {
    expect(troubles).toEqual([])
  })
})
