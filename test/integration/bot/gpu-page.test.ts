/** A person on the chat page: /gpu, a wallet linked on its page, a machine whose pay appears by itself. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { Database } from '../../../src/db/database.ts'
import { createHttp } from '../../../src/gateway/http.ts'
import { createWalletRoutes } from '../../../src/gateway/wallet-endpoint.ts'
import { createWalletPage } from '../../../src/gateway/wallet-page-files.ts'
import { payeeOf, showPayout } from '../../../src/payments/wallets/address.ts'
import { testWalletOf } from '../../../src/payments/wallets/test-wallet.ts'
import { createLinking } from '../../../src/payments/wallets/wallets.ts'
import { startBotWorld } from '../../support/bot.ts'
import { hasChromium, launchChromium } from '../../support/browser.ts'
import { bringOnline, emptyGpuTables, payTask, testGpuPort } from '../../support/gpu.ts'
import { quietLog } from '../../support/quiet-log.ts'

let server: Server
let base = ''
let serve: ReturnType<typeof createHttp> | undefined

function serveWallets(db: Database): void {
  const linking = createLinking({
    db,
    domain: '127.0.0.1',
    network: '-217',
    own: () => new Set(),
    keyOnChain: async () => undefined,
    clock: systemClock,
  })
  const routes = createWalletRoutes({
    linking,
    show: (payout) => showPayout(payout, true),
    manifest: { state: 'not-https' },
    testWallet: (key) => testWalletOf(key, -217),
  })
  serve = createHttp([routes, createWalletPage()], quietLog)
}

describe.skipIf(!hasChromium)('on the chat page', () => {
  let browser: Browser
  beforeAll(async () => {
    server = createServer((request, response) => serve?.(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    browser = await launchChromium()
  }, 60_000)
  afterAll(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })

  test('an owner links a wallet, adds a machine and sees a task paid', async () => {
    const shots = process.env['CHRYSALIS_SHOTS']
    await using world = await startBotWorld({
      sample: true,
      gpu: (ground) =>
        testGpuPort({ ...ground, walletPage: (ticket) => `${base}/wallet#${ticket}` }),
    })
    const { db } = world
    await emptyGpuTables(db)
    serveWallets(db)
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 } })
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    const bubble = (text: string) => page.locator('.bubble', { hasText: text }).last()
    const write = async (text: string) => {
      await page.fill('#composer-input', text)
      await page.click('.action[data-icon=send]')
    }
    await page.goto(world.sim.base)
    await page.waitForSelector('html[data-ready=true]')
    await page.getByRole('button', { name: 'Start', exact: true }).click()

    await write('/gpu')
    await bubble('No wallet is linked').waitFor()
    await page.getByText('Link a wallet', { exact: true }).last().click()
    const opened = context.waitForEvent('page')
    await page.getByText('Open the wallet page', { exact: true }).last().click()
    const confirm = page.locator('dialog').getByRole('button', { name: /open/i })
    if (await confirm.isVisible()) await confirm.click()
    const wallet = await opened
    await wallet.locator('#sign').click()
    const address = (await wallet.locator('#address').textContent()) ?? ''
    await wallet.close()
    await bubble(`Wallet linked: ${address}`).waitFor()

    await write('/gpu')
    await bubble(`Wallet: ${address}`).waitFor()
    await page.getByText('Add machine', { exact: true }).last().click()
    await bubble('./chrysalis worker').waitFor()
    if (shots !== undefined) await page.screenshot({ path: `${shots}/gpu-command.png` })
    const { token } = await db.rows.machine.findFirstOrThrow()
    const kid = await bringOnline(db, token, { nowMs: systemClock.now() })
    await bubble('✓ online').waitFor()
    await write('/gpu')
    await bubble('Machine 1 · online').waitFor()
    const { payout } = await db.rows.owner.findFirstOrThrow()
    const payee = payeeOf(payout) ?? ''
    await payTask(db, { kid, payee, payNano: 4_738_000_000n, nowMs: systemClock.now() })
    await bubble('+4.738 GRAM').waitFor()
    if (shots !== undefined) await page.screenshot({ path: `${shots}/gpu-paid.png` })

    expect(address).toBe(showPayout(payout, true))
    expect(errors).toEqual([])
    await context.close()
  }, 120_000)
})
