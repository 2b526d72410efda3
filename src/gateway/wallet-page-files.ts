/** @module The wallet page: its few files as they lie in this checkout and one library's, read at the first visit and served from this origin alone. */
import { readFile } from 'node:fs/promises'
import { sendPageFile } from '../core/page-file.ts'
import { type Route, sendJson } from './http.ts'
import { WALLET_APPS, type WalletApp } from './wallet-apps.ts'

const script = 'text/javascript; charset=utf-8'
const types = {
  'wallet-page/index.html': 'text/html; charset=utf-8',
  'wallet-page/page.css': 'text/css; charset=utf-8',
  'wallet-page/app.js': script,
  'wallet-page/test-wallet.js': script,
  'wallet-page/wallet-app.js': script,
  'wallet-page/words.js': script,
  'wallet-page/icon.png': 'image/png',
  'proof-page/dom.js': script,
  'tonconnect-sdk.js': script,
} as const
type Name = keyof typeof types

const isName = (name: string): name is Name => Object.hasOwn(types, name)

/** Own files only; beside its own server the page speaks to the bridges of the wallet apps, which cannot read what passes. */
function policyOf(apps: readonly WalletApp[]): string {
  const bridges = new Set(apps.map(({ bridge }) => new URL(bridge).origin))
  return `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${["'self'", ...bridges].join(' ')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}

function addressOf(name: Name): URL {
  if (name !== 'tonconnect-sdk.js') return new URL(name, import.meta.url)
  // The package lets others import its entry only; the one for browsers lies beside it.
  return new URL('../../dist/tonconnect-sdk.min.js', import.meta.resolve('@tonconnect/sdk'))
}

/** `/wallet` and its files below it. The ticket of a link stands in the fragment, which no server sees. */
export function createWalletPage(apps: readonly WalletApp[] = WALLET_APPS): Route {
  const policy = policyOf(apps)
  const lists = new Map([
    ['wallets.json', JSON.stringify(apps)],
    ['no-wallets.json', '[]'],
  ])
  const read = new Map<Name, Promise<Buffer>>()
  const fileOf = (name: Name): Promise<Buffer> => {
    const file = read.get(name) ?? readFile(addressOf(name))
    read.set(name, file)
    return file
  }
  return async ({ request, response, path }) => {
    if (path !== '/wallet' && !path.startsWith('/wallet/')) return false
    const name = path === '/wallet' ? 'wallet-page/index.html' : path.slice('/wallet/'.length)
    const list = lists.get(name)
    if (request.method !== 'GET') response.writeHead(405).end()
    else if (list !== undefined) sendJson(response, 200, { text: list })
    else if (!isName(name)) response.writeHead(404, { 'cache-control': 'no-store' }).end()
    else sendPageFile(response, { type: types[name], bytes: await fileOf(name) }, policy)
    return true
  }
}
