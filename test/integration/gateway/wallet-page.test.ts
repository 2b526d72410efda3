/** The wallet page in a browser, against its real endpoints and a real database. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { Database } from '../../../src/db/database.ts'
import { createHttp } from '../../../src/gateway/http.ts'
import { createWalletRoutes } from '../../../src/gateway/wallet-endpoint.ts'
import { createWalletPage } from '../../../src/gateway/wallet-page-files.ts'
import { showPayout } from '../../../src/payments/wallets/address.ts'
import { testWalletOf } from '../../../src/payments/wallets/test-wallet.ts'
import { createLinking, createPayouts } from '../../../src/payments/wallets/wallets.ts'
import { hasChromium, launchChromium } from '../../support/browser.ts'
import { quietLog } from '../../support/quiet-log.ts'
import { openTestDatabase } from '../../support/stores.ts'
import { testWallet, walletProof } from '../../support/wallet.ts'

let db: Database
let server: Server
let base: string
const requests: string[] = []

beforeAll(async () => {
  db = await openTestDatabase()
  const linking = createLinking({
    db,
    domain: '127.0.0.1',
    network: '-217',
    own: () => new Set(),
    keyOnChain: async () => undefined,
    clock: systemClock,
  })
  const routes = [
    createWalletRoutes({
      linking,
      show: (payout) => showPayout(payout, true),
      manifest: { state: 'not-https' },
      testWallet: (key) => testWalletOf(key, -217),
    }),
    createWalletPage(),
  ]
  const handle = createHttp(routes, quietLog)
  server = createServer((request, response) => {
    requests.push(request.url ?? '')
    handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}, 180_000)
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await db.close()
}, 60_000)
beforeEach(async () => {
  requests.length = 0
  const { owner, payoutChange, walletTicket, walletNonce } = db.rows
  for (const table of [owner, payoutChange, walletTicket, walletNonce])
    await (table.deleteMany as () => Promise<unknown>)()
})

const payouts = () => createPayouts({ db, clock: systemClock })
const post = async (step: string, body: unknown) => {
  const response = await fetch(`${base}/v1/wallet/${step}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('the endpoints', () => {
  test('link a wallet that signs what they offer', async () => {
    const ticket = await payouts().ticket('tg-1')
    const wallet = testWallet('v4r2', 21)

    const offer = await post('offer', { ticket })
    const proof = walletProof({
      wallet,
      domain: String(offer.body['domain']),
      timestamp: Math.floor(systemClock.now() / 1000),
      payload: String(offer.body['nonce']),
    })
    const linked = await post('link', { ticket, wallet: proof })

    expect(offer.body).toMatchObject({ domain: '127.0.0.1', network: '-217', payout: '' })
    expect(linked).toEqual({
      status: 200,
      body: { state: 'linked', address: showPayout(wallet.address, true) },
    })
    expect(await payouts().payoutOf('tg-1')).toMatchObject({ payout: wallet.address })
  })

  test('refuse by code, and repeat nothing of what was sent', async () => {
    const ticket = await payouts().ticket('tg-1')

    expect(await post('offer', { ticket: 'a'.repeat(43) })).toMatchObject({
      status: 410,
      body: { error: { code: 'wallet.ticket' } },
    })
    expect(await post('offer', { ticket: 'a' })).toMatchObject({ status: 400 })
    expect(await post('link', { ticket, wallet: { address: 'secret' } })).toMatchObject({
      status: 400,
      body: { error: { code: 'wallet.proof.shape' } },
    })
    expect(await post('link', { ticket, wallet: 'x'.repeat(20_000) })).toMatchObject({
      status: 413,
    })
  })

  test('take no form and no visit for a word of the page', async () => {
    const form = { method: 'POST', body: new URLSearchParams({ ticket: 'a' }) }

    expect((await fetch(`${base}/v1/wallet/offer`, form)).status).toBe(405)
    expect((await fetch(`${base}/v1/wallet/offer`)).status).toBe(405)
    expect((await fetch(`${base}/v1/wallet/nothing`)).status).toBe(404)
  })
})

test('the page loads own files only, and nobody may frame it', async () => {
  const page = await fetch(`${base}/wallet`)
  const policy = page.headers.get('content-security-policy')

  expect(policy).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/,
  )
  expect(policy).toContain("frame-ancestors 'none'")
  expect((await fetch(`${base}/wallet/../main.ts`)).status).toBe(404)
  expect((await fetch(`${base}/wallet/other.js`)).status).toBe(404)
})

describe.skipIf(!hasChromium)('in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  }, 60_000)
  afterAll(() => browser.close())

  test('the test wallet signs, keeps its key, and a second one has to be confirmed in the chat', async () => {
    const shots = process.env['CHRYSALIS_SHOTS']
    const context = await browser.newContext({
      locale: 'en-US',
      viewport: { width: 390, height: 800 },
    })
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    const ticket = await payouts().ticket('tg-1')

    await page.goto(`${base}/wallet#${ticket}`)
    await page.locator('#sign').waitFor()
    if (shots !== undefined) await page.screenshot({ path: `${shots}/wallet-ask.png` })
    await page.locator('#sign').click()
    const shown = await page.locator('#address').textContent()
    if (shots !== undefined) await page.screenshot({ path: `${shots}/wallet-linked.png` })
    const { payout, isProven } = await payouts().payoutOf('tg-1')

    expect(isProven).toBe(true)
    expect(shown).toBe(showPayout(payout, true))
    expect(page.url()).toBe(`${base}/wallet`)
    expect(requests.join()).not.toContain(ticket)

    await page.goto(`${base}/wallet#${await payouts().ticket('tg-1')}`)
    await page.reload()
    await page.goto(`${base}/wallet#${await payouts().ticket('tg-1')}`)
    await page.locator('#current').waitFor()
    await page.locator('#sign').click()
    await page.locator('#address').waitFor()
    expect(await page.locator('#address').textContent()).toBe(shown)
    await context.close()

    const second = await browser.newContext({
      locale: 'ru-RU',
      viewport: { width: 360, height: 740 },
    })
    const other = await second.newPage()
    await other.goto(`${base}/wallet#${await payouts().ticket('tg-1')}`)
    await other.locator('#sign').click()
    await other.getByText('Почти готово').waitFor()
    if (shots !== undefined) await other.screenshot({ path: `${shots}/wallet-asked-ru.png` })
    expect((await payouts().payoutOf('tg-1')).change?.state).toBe('proven')
    await second.close()
    expect(errors).toEqual([])
  })

  test('an old link says where a new one is', async () => {
    const page = await browser.newPage()

    await page.goto(`${base}/wallet#${'a'.repeat(43)}`)
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('/gpu')
    await page.close()
  })
})
