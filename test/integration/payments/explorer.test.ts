import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { comment, internal, SendMode } from '@ton/core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { showCoin } from '../../../src/core/coin.ts'
import { settleCell } from '../../../src/payments/contracts/cells.ts'
import { cellSigner } from '../../../src/payments/contracts/sign.ts'
import { Vault } from '../../../src/payments/contracts/vault.ts'
import { DEFAULT_CAPS } from '../../../src/payments/contracts/vault-config.ts'
import { settleBody } from '../../../src/payments/contracts/vault-messages.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import { hasChromium, launchChromium } from '../../support/browser.ts'
import {
  COIN,
  plainClient,
  sendCoins,
  soon,
  testLocalnet,
  testWallet,
} from '../../support/localnet.ts'

/** Where screenshots go, for people who want to look at them. */
const pictures = process.env['CHRYSALIS_PICTURES']
const relayer = testWallet(1)
const key = cellSigner(Buffer.alloc(32, 5))
const payee = (number: number): string =>
  createHash('sha256')
    .update(`payee ${String(number)}`)
    .digest('hex')

/** A network with a funded vault. Wallets' messages last by the machine's clock. */
async function networkWithVault(): Promise<{ net: Localnet; vault: Vault }> {
  const net = await testLocalnet({ clock: systemClock })
  const { address } = relayer.wallet
  await net.chain.faucet(address, 1000n * COIN)
  await net.chain.mineUntilIdle()
  const vault = Vault.createFromConfig({
    settlementKey: key.publicKey,
    owner: address,
    guardian: address,
    caps: DEFAULT_CAPS,
    createdAt: Math.floor(net.chain.head().ms / 1000),
  })
  const client = plainClient(net)
  const via = client.open(relayer.wallet).sender(relayer.secretKey)
  await client.open(vault).sendDeploy(via, 100n * COIN)
  await net.chain.mineUntilIdle()
  return { net, vault }
}

async function settle(
  net: Localnet,
  vault: Vault,
  { batch, totals }: { readonly batch: bigint; readonly totals: readonly bigint[] },
): Promise<void> {
  const domain = { net: net.globalId, vault: vault.address, epoch: 1 }
  const entries = totals.map((total, index) => ({ payee: payee(index), total }))
  const cell = settleCell(domain, { validUntil: soon(net), batch, entries })
  const client = plainClient(net)
  const via = client.open(relayer.wallet).sender(relayer.secretKey)
  const body = settleBody({ queryId: batch, signature: key.sign(cell), cell })
  await client.open(vault).sendBody(via, { value: COIN / 2n, body })
  await net.chain.mineUntilIdle()
}

describe('the explorer as JSON', () => {
  test('names what is known: wallet, vault, batch and payouts, with sums a person reads', async () => {
    const { net, vault } = await networkWithVault()
    await settle(net, vault, { batch: 7n, totals: [COIN, 2n * COIN, COIN / 2n] })
    await sendCoins(net, relayer, {
      to: testWallet(2).wallet.address,
      value: COIN,
      comment: 'for tea',
    })
    const state = await (await fetch(new URL('/explorer/state.json', net.url))).json()
    const address = vault.address.toRawString()
    const query = `/explorer/account.json?address=${encodeURIComponent(address)}`
    const account = await (await fetch(new URL(query, net.url))).json()
    const nobody = await fetch(new URL('/explorer/account.json?address=nobody', net.url))

    const [contract] = (state as { contracts: Record<string, unknown>[] }).contracts
    expect(contract).toMatchObject({ kind: 'vault', address, transactions: 2 })
    expect(contract?.['facts']).toContainEqual(['Paid in all', expect.stringMatching(/^3\.5 /)])
    expect(contract?.['facts']).toContainEqual(['Payees', '3'])
    expect(contract?.['tables']).toContainEqual({
      name: 'Last batches',
      more: 0,
      rows: [[expect.stringContaining('batch 7'), expect.stringMatching(/^3\.5 \w+ to 3 payees$/)]],
    })
    expect(contract?.['tables']).toContainEqual({
      name: 'Paid to',
      more: 0,
      rows: [1, 0, 2].map((number) => [`0:${payee(number)}`, expect.any(String)]),
    })
    const { transactions } = state as { transactions: { account: string; in: object }[] }
    const ops = (op: string) => transactions.filter((it) => 'op' in it.in && it.in.op === op)
    expect(ops('Payout').length).toBe(3)
    expect(ops('comment')[0]?.in).toMatchObject({ comment: 'for tea' })
    expect(ops('Settle')[0]).toMatchObject({ account: address, result: 'ok' })
    expect(account).toMatchObject({ kind: 'vault', history: [{ in: { op: 'Settle' } }, {}] })
    expect(nobody.status).toBe(404)
    await net.close()
  })

  test('coins that no code ran on are credited all the same, however few', async () => {
    const { net, vault } = await networkWithVault()
    await sendCoins(net, relayer, { to: testWallet(2).wallet.address, value: 1n })
    await net.chain.faucet(testWallet(3).wallet.address, COIN)
    await net.chain.mineUntilIdle()
    await sendCoins(net, testWallet(3), { to: relayer.wallet.address, value: 5042n })
    const state = (await (await fetch(new URL('/explorer/state.json', net.url))).json()) as {
      transactions: {
        account: string
        in: { op: string; peer?: string }
        result: string
        why?: string
      }[]
    }

    const arrived = state.transactions.filter(
      ({ in: { op, peer } }) => op === 'transfer' && peer !== vault.address.toRawString(),
    )
    expect(arrived.length).toBe(4)
    expect(arrived.map(({ result }) => result)).toEqual(arrived.map(() => 'credited'))
    expect(arrived.map(({ why }) => why)).toEqual([
      'too little to run its code',
      'wallet not deployed yet',
      'wallet not deployed yet',
      'wallet not deployed yet',
    ])
    await net.close()
  })

  test('says by name why the vault refused', async () => {
    const { net, vault } = await networkWithVault()
    const client = plainClient(net)
    const via = client.open(relayer.wallet).sender(relayer.secretKey)
    const cell = settleCell(
      { net: -3, vault: vault.address, epoch: 1 },
      { validUntil: soon(net), batch: 1n, entries: [{ payee: payee(1), total: COIN }] },
    )
    const body = settleBody({ signature: key.sign(cell), cell })
    await client.open(vault).sendBody(via, { value: COIN / 2n, body })
    await net.chain.mineUntilIdle()
    const state = (await (await fetch(new URL('/explorer/state.json', net.url))).json()) as {
      transactions: { in: { op: string }; result: string; why?: string }[]
    }

    expect(state.transactions.find((it) => it.in.op === 'Settle')).toMatchObject({
      result: 'failed',
      why: 'exit 404 Domain',
    })
    expect(state.transactions[0]?.in.op).toBe('bounced')
    await net.close()
  })
})

describe.skipIf(!hasChromium)('the explorer page in a browser', () => {
  let browser: Browser
  let net: Localnet
  let vault: Vault
  const troubles: string[] = []

  beforeAll(async () => {
    const made = await Promise.all([launchChromium(), networkWithVault()])
    browser = made[0]
    net = made[1].net
    vault = made[1].vault
    await settle(net, vault, { batch: 1n, totals: [COIN, 2n * COIN, 3n * COIN] })
  })
  afterAll(async () => {
    await browser.close()
    await net.close()
  })

  const open = async (options: BrowserContextOptions): Promise<Page> => {
    const context = await browser.newContext({ locale: 'en-GB', ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(40_000)
    page.on('pageerror', (error) => troubles.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') troubles.push(message.text())
    })
    await page.goto(net.explorerUrl)
    await page.waitForSelector('html[data-ready=true]')
    return page
  }
  const picture = async (page: Page, name: string): Promise<void> => {
    if (pictures === undefined) return
    mkdirSync(pictures, { recursive: true })
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  }

  test('shows the payout that has just happened without being loaded again, and says that it is no real money', async () => {
    const page = await open({ viewport: { width: 1280, height: 900 } })
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page
      .locator('section[data-kind=vault] summary', { hasText: 'Last batches (1)' })
      .waitFor()
    await settle(net, vault, { batch: 2n, totals: [COIN, 2n * COIN, 10n * COIN, 4n * COIN] })
    const card = page.locator('section[data-kind=vault]')
    await card.getByText('batch 2').waitFor()
    const text = await page.locator('body').innerText()
    await picture(page, 'explorer-desktop')

    expect(text).toContain('Local test network, not real money')
    expect(await card.innerText()).toContain(`${showCoin(11n * COIN)} to 2 payees`)
    expect(await page.locator('li[data-op=Payout]').count()).toBeGreaterThanOrEqual(2)
    const origin = new URL(net.explorerUrl).origin
    expect(asked.every((url) => url.startsWith(`${origin}/explorer/`))).toBe(true)
    expect(troubles).toEqual([])
    await page.context().close()
  })

  test('fits a phone, dark, and opens an account from a link of its own', async () => {
    const page = await open({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
    const wide = () => page.evaluate('document.documentElement.scrollWidth')
    const overview = await wide()
    await picture(page, 'explorer-phone')
    await page.locator('section[data-kind=vault] a').first().click()
    await page.locator('h1', { hasText: 'vault' }).waitFor()
    const account = await wide()
    await picture(page, 'explorer-phone-vault')
    const address = await page.locator('dd .mono').first().innerText()
    await page.goBack()
    await page.locator('#accounts').waitFor()

    expect([overview, account]).toEqual([390, 390])
    expect(address).toBe(vault.address.toRawString())
    expect(troubles).toEqual([])
    await page.context().close()
  })

  test('shows words of strangers as words', async () => {
    const nasty = '<img src=x onerror=alert(1)>'
    const client = plainClient(net)
    const opened = client.open(relayer.wallet)
    await opened.sendTransfer({
      seqno: await opened.getSeqno(),
      secretKey: relayer.secretKey,
      sendMode: SendMode.PAY_GAS_SEPARATELY,
      messages: [internal({ to: vault.address, value: COIN, bounce: false, body: comment(nasty) })],
    })
    await net.chain.mineUntilIdle()
    const page = await open({ viewport: { width: 1280, height: 900 } })
    await page.getByText(nasty).first().waitFor()

    expect(await page.locator('img').count()).toBe(0)
    expect(troubles).toEqual([])
    await page.context().close()
  })

  test('its policy lets it load its own files and talk to its own origin alone', async () => {
    const response = await fetch(net.explorerUrl)
    const policy = response.headers.get('content-security-policy') ?? ''

    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(await response.text()).not.toMatch(/<script(?! type="module" src="\/explorer\/)/)
    expect((await fetch(new URL('/explorer/../localnet.ts', net.url))).status).toBe(404)
  })
})
