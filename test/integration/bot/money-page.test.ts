import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import { hasChromium, launchChromium } from '../../support/browser.ts'
import { booked } from '../../support/stars.ts'

const shots = process.env['CHRYSALIS_SHOTS']

describe.skipIf(!hasChromium)('buying Stars on the chat page', () => {
  let browser: Browser
  let world: BotWorld
  const troubles: string[] = []

  beforeAll(async () => {
    browser = await launchChromium()
    world = await startBotWorld({ sample: true, money: {} })
  }, 180_000)
  afterAll(async () => {
    await browser.close()
    await world[Symbol.asyncDispose]()
    if (troubles.length > 0) throw new Error(`the page complained: ${troubles.join('; ')}`)
  })

  async function open(): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } })
    page.setDefaultTimeout(40_000)
    page.on('pageerror', (error) => troubles.push(String(error)))
    await page.goto(world.sim.base)
    await page.waitForSelector('html[data-ready=true]')
    return page
  }

  async function write(page: Page, text: string): Promise<void> {
    await page.evaluate(`{
      const field = document.querySelector('#composer-input')
      field.value = ${JSON.stringify(text)}
      field.dispatchEvent(new Event('input'))
    }`)
    await page.click('.action[data-icon=send]')
  }

  const shoot = async (page: Page, name: string): Promise<void> => {
    if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}.png` })
  }

  test('an invoice is a card that says what it is; one press pays it, and the receipt and the balance follow', async () => {
    const page = await open()
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText('Three things to try').last().waitFor()
    await write(page, '/buy')
    await page.getByRole('button', { name: '⭐ 50', exact: true }).click()

    const card = page.locator('.invoice', { hasText: '50 Stars of credit' })
    await card.waitFor()
    expect(await card.locator('.test-tag').textContent()).toBe('test Stars')
    await page.getByRole('button', { name: 'Pay ⭐50' }).click()
    const dialog = page.locator('dialog', { hasText: 'Pay with test Stars' })
    await dialog.getByText('Nothing is charged').waitFor()
    await shoot(page, 'pay')
    await dialog.getByRole('button', { name: 'Pay ⭐ 50' }).click()

    await page.locator('.service', { hasText: 'You paid ⭐ 50 (test Stars)' }).waitFor()
    await page.getByText('50 ⭐ are on your balance, which is now 50 ⭐').last().waitFor()
    await page.getByRole('button', { name: 'Pay ⭐50' }).click()
    await page.locator('dialog').getByRole('button', { name: 'Pay ⭐ 50' }).click()
    await page.locator('dialog', { hasText: 'This invoice is paid already' }).waitFor()
    await page.getByRole('button', { name: 'OK' }).click()
    await write(page, '/balance')
    await page.getByText('Balance: 50 ⭐').last().waitFor()
    await shoot(page, 'balance')
    expect(await booked(world, 'stars')).toBeLessThanOrEqual(-50)
    await page.close()
  })

  test('a plan is paid behind its link, renewed and ended in the purse, and the bot says so', async () => {
    const page = await open()
    await page.locator('#composer-input').waitFor()
    await write(page, '/start')
    await page.getByText('Three things to try').last().waitFor()
    await write(page, '/plan')
    await page.getByRole('button', { name: '⭐ 100 a month' }).last().click()
    await page.getByRole('link', { name: '⭐ 100 a month' }).last().click()
    await page.locator('dialog').getByRole('button', { name: 'Pay ⭐ 100 a month' }).click()
    await page.getByText('Your plan is paid until').last().waitFor()

    await page.getByRole('button', { name: 'My test Stars' }).click()
    await page.locator('dialog').getByRole('button', { name: 'Renew now' }).click()
    await page.locator('.service', { hasText: 'You renewed a plan for ⭐ 100' }).waitFor()
    await shoot(page, 'purse')
    await page.locator('dialog').getByRole('button', { name: 'Cancel', exact: true }).click()

    await page.getByText('Your plan will not be renewed').last().waitFor()
    const again = page.locator('dialog').getByRole('button', { name: 'Take up again' })
    await again.waitFor()
    expect(await again.count()).toBe(1)
    await page.close()
  })
})
