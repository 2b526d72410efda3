/** @module The wallet page: its few files as they lie in this checkout, read at the first visit and served from this origin alone. */
import { readFile } from 'node:fs/promises'
import type { Route } from './http.ts'

const types = {
  'wallet-page/index.html': 'text/html; charset=utf-8',
  'wallet-page/page.css': 'text/css; charset=utf-8',
  'wallet-page/app.js': 'text/javascript; charset=utf-8',
  'proof-page/dom.js': 'text/javascript; charset=utf-8',
  'wallet-page/test-wallet.js': 'text/javascript; charset=utf-8',
  'wallet-page/words.js': 'text/javascript; charset=utf-8',
} as const
type Name = keyof typeof types

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const isName = (name: string): name is Name => Object.hasOwn(types, name)

/** `/wallet` and its files below it. The ticket of a link stands in the fragment, which no server sees. */
export function createWalletPage(): Route {
  const read = new Map<Name, Promise<Buffer>>()
  const fileOf = (name: Name): Promise<Buffer> => {
    const file = read.get(name) ?? readFile(new URL(name, import.meta.url))
    read.set(name, file)
    return file
  }
  return async ({ request, response, path }) => {
    if (path !== '/wallet' && !path.startsWith('/wallet/')) return false
    const name = path === '/wallet' ? 'wallet-page/index.html' : path.slice('/wallet/'.length)
    if (!isName(name)) response.writeHead(404, { 'cache-control': 'no-store' }).end()
    else if (request.method !== 'GET') response.writeHead(405).end()
    else
      response
        .writeHead(200, {
          'content-type': types[name],
          'content-security-policy': policy,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-cache',
        })
        .end(await fileOf(name))
    return true
  }
}
