/** Wallet apps on the wallet page: TON Connect's own library in a browser, a bridge and a wallet of this machine. */
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { ERRORS } from '../../../src/core/errors.ts'
import type { Database } from '../../../src/db/database.ts'
import { createHttp } from '../../../src/gateway/http.ts'
import { WALLET_APPS } from '../../../src/gateway/wallet-apps.ts'
import { createWalletRoutes } from '../../../src/gateway/wallet-endpoint.ts'
import { createManifest } from '../../../src/gateway/wallet-manifest.ts'
import { createWalletPage } from '../../../src/gateway/wallet-page-files.ts'
import { showPayout } from '../../../src/payments/wallets/address.ts'
import { createLinking, createPayouts } from '../../../src/payments/wallets/wallets.ts'
import { hasChromium, launchChromium } from '../../support/browser.ts'
import { quietLog } from '../../support/quiet-log.ts'
import { openTestDatabase } from '../../support/stores.ts'
import { testWallet } from '../../support/wallet.ts'
import {
  answerFrom,
  type Bridge,
  connectEvent,
  readLink,
  refusalEvent,
  startBridge,
} from '../../support/wallet-bridge.ts'

const network = '-3'
const domain = 'gpu.example.org'
let db: Database
let server: Server
let bridge: Bridge
let base: string

beforeAll(async () => {
  db = await openTestDatabase()
  bridge = await startBridge()
  const manifest = createManifest(`https://${domain}/wallet`)
  const linking = createLinking({
    db,
    domain,
    network,
    own: () => new Set(),
    keyOnChain: async () => undefined,
    clock: systemClock,
  })
  const apps = [
    { name: 'Stand-in', link: 'https://wallet.example/tc', bridge: bridge.url, key: 'standIn' },
  ]
  const routes = [
    createWalletRoutes({ linking, show: (payout) => showPayout(payout, true), manifest }),
    createWalletPage(apps),
    manifest.route,
  ]
  server = createServer(createHttp(routes, quietLog))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}, 180_000)
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await bridge.close()
  await db.close()
}, 60_000)
beforeEach(async () => {
  const { owner, payoutChange, walletTicket, walletNonce } = db.rows
  for (const table of [owner, payoutChange, walletTicket, walletNonce])
    await (table.deleteMany as () => Promise<unknown>)()
})

const payouts = () => createPayouts({ db, clock: systemClock })

describe('what wallet apps and the page are told', () => {
  test('the manifest names this site, for every origin', async () => {
    const response = await fetch(`${base}/tonconnect-manifest.json`)

    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({
      url: `https://${domain}`,
      name: 'Chrysalis',
      iconUrl: `https://${domain}/wallet/wallet-page/icon.png`,
    })
    const icon = await fetch(`${base}/wallet/wallet-page/icon.png`)
    expect(icon.headers.get('content-type')).toBe('image/png')
  })

  test('without a public https address there is no manifest, and it says why', () => {
    expect(createManifest(undefined)).toMatchObject({ state: 'no-address' })
    expect(createManifest('http://127.0.0.1:4810/wallet')).toMatchObject({ state: 'not-https' })
    expect(createManifest('http://127.0.0.1:4810/wallet').url).toBeUndefined()
  })

  test('the listed wallets are as the library knows them, and the page may speak to no other host', async () => {
    const bundle = await (await fetch(`${base}/wallet/tonconnect-sdk.js`)).text()
    const facts = WALLET_APPS.flatMap(({ link, bridge: url, key }) => [link, url, key ?? link])
    const served = createServer(createHttp([createWalletPage()], quietLog))
    await new Promise<void>((resolve) => served.listen(0, '127.0.0.1', resolve))
    const { port } = served.address() as AddressInfo
    const page = await fetch(`http://127.0.0.1:${String(port)}/wallet`)
    await page.text()
    served.closeAllConnections()
    served.close()

    expect(facts.filter((fact) => !bundle.includes(`"${fact}"`))).toEqual([])
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' https://bridge.tonapi.io https://tonconnectbridge.mytonwallet.org https://connect.tonhubapi.com https://walletbot.me; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
  })

  test('every refusal of a proof has its sentence, in both languages', async () => {
    const file = new URL('../../../src/gateway/wallet-page/words.js', import.meta.url)
    const { WORDS } = (await import(file.href)) as {
      WORDS: Record<string, { codes: Record<string, string>; networks: Record<string, string> }>
    }
    const own = new Set(['wallet.proof.network', 'wallet.change-unknown'])
    const codes = Object.keys(ERRORS).filter((code) => code.startsWith('wallet.') && !own.has(code))

    for (const words of Object.values(WORDS)) {
      expect(codes.filter((code) => words.codes[code] === undefined)).toEqual([])
      expect(Object.keys(words.networks)).toEqual(['-239', '-3', 'other'])
    }
    expect(await readFile(file, 'utf8')).not.toContain('innerHTML')
  })
})

describe.skipIf(!hasChromium)('in a browser', () => {
  let browser: Browser
  let context: BrowserContext
  let page: Page
  const errors: string[] = []
  const origins = new Set<string>()
  beforeAll(async () => {
    browser = await launchChromium()
  }, 60_000)
  afterAll(() => browser.close())
  beforeEach(async () => {
    errors.length = 0
    origins.clear()
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 390, height: 900 } })
    page = await context.newPage()
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    return () => context.close()
  })

  const wallet = testWallet('v4r2', 33)
  const choose = async () => {
    await page.locator('.app').click()
    return readLink((await page.locator('#open').getAttribute('href')) ?? '')
  }
  const open = async () => {
    await page.goto(`${base}/wallet#${await payouts().ticket('tg-1')}`)
    return choose()
  }
  const signed = (
    request: ReturnType<typeof readLink>,
    other: { domain?: string; network?: string; hasProof?: boolean } = {},
  ) => connectEvent(request, { wallet, network, nowMs: systemClock.now(), ...other })
  const alert = () => page.getByRole('alert').textContent()

  test('a wallet app that signs is linked, and is let go again', async () => {
    const shots = process.env['CHRYSALIS_SHOTS']
    const request = await open()
    if (shots !== undefined) await page.screenshot({ path: `${shots}/wallet-app.png` })
    const app = await answerFrom(bridge, request.app, signed(request))
    await page.locator('#address').waitFor()

    expect(request).toMatchObject({
      manifestUrl: `https://${domain}/tonconnect-manifest.json`,
      network,
    })
    expect(request.nonce).toMatch(/^[0-9a-f]{64}$/)
    expect(await page.locator('#address').textContent()).toBe(showPayout(wallet.address, true))
    expect(await payouts().payoutOf('tg-1')).toMatchObject({
      payout: wallet.address,
      isProven: true,
    })
    expect(await app.next()).toMatchObject({ method: 'disconnect' })
    expect([...origins].toSorted()).toEqual([base, new URL(bridge.url).origin].toSorted())
    expect(errors).toEqual([])
  })

  test('a refusal in the wallet links nothing, and the next try is a fresh one', async () => {
    const first = await open()
    await answerFrom(bridge, first.app, refusalEvent(300, 'User declined the connection'))
    expect(await alert()).toContain('You refused in the wallet')
    expect((await payouts().payoutOf('tg-1')).payout).toBe('')

    const second = await choose()
    await answerFrom(bridge, second.app, signed(second))
    await page.locator('#address').waitFor()
    expect(second.nonce).not.toBe(first.nonce)
    expect(second.app).not.toBe(first.app)
  })

  test('a wallet on another network is told to switch', async () => {
    const request = await open()
    await answerFrom(bridge, request.app, signed(request, { network: '-239' }))

    expect(await alert()).toContain('Switch the wallet to testnet')
    expect((await payouts().payoutOf('tg-1')).payout).toBe('')
  })

  test.each([
    ['signs for another site', { domain: 'elsewhere.example.org' }, 'signed for another site'],
    ['signs nothing', { hasProof: false }, 'does not sign proofs'],
  ])('a wallet that %s is not linked', async (_what, other, sentence) => {
    const request = await open()
    await answerFrom(bridge, request.app, signed(request, other))

    expect(await alert()).toContain(sentence)
    expect((await payouts().payoutOf('tg-1')).payout).toBe('')
  })

  test('a wallet that cannot read the manifest says whose fault that is', async () => {
    const request = await open()
    await answerFrom(bridge, request.app, refusalEvent(2, 'App manifest not found'))

    expect(await alert()).toContain('/tonconnect-manifest.json')
  })

  test('another wallet can be chosen instead of waiting', async () => {
    await open()
    await page.locator('#cancel').click()
    await page.locator('.app').waitFor()

    expect(await page.getByRole('alert').count()).toBe(0)
    expect(errors).toEqual([])
  })

  test('an extension in this browser is asked without a bridge', async () => {
    let asked = { manifestUrl: '', nonce: '' }
    await page.exposeFunction(
      'signForTest',
      (request: { manifestUrl: string; items: { payload?: string }[] }) => {
        asked = {
          manifestUrl: request.manifestUrl,
          nonce: request.items.find(({ payload }) => payload !== undefined)?.payload ?? '',
        }
        return connectEvent(asked, { wallet, network, nowMs: systemClock.now() })
      },
    )
    await page.addInitScript(() => {
      const world = globalThis as unknown as Record<string, unknown>
      const sign = (_version: number, request: unknown) =>
        (world['signForTest'] as (request: unknown) => Promise<unknown>)(request)
      const tonconnect = {
        deviceInfo: {},
        walletInfo: {},
        protocolVersion: 2,
        isWalletBrowser: false,
        connect: sign,
        restoreConnection: async () => undefined,
        send: async () => ({ id: '1', result: {} }),
        listen: () => () => undefined,
      }
      world['standIn'] = { tonconnect }
    })
    await page.goto(`${base}/wallet#${await payouts().ticket('tg-1')}`)
    await page.locator('.app').click()
    await page.locator('#address').waitFor()

    expect(asked.nonce).toMatch(/^[0-9a-f]{64}$/)
    expect(await page.locator('#address').textContent()).toBe(showPayout(wallet.address, true))
    expect([...origins]).toEqual([base])
  })
})
