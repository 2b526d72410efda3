/** @module TON Connect's manifest: how wallet apps learn who asks. They fetch it from the public web by themselves. */
import { errorBody, type Route, sendJson } from './http.ts'

const path = '/tonconnect-manifest.json'

const reasons = {
  'no-address':
    'Wallet apps need the public address of this page: CHRYSALIS_WALLET_URL is not set.',
  'not-https': 'Wallet apps read manifests over https only: CHRYSALIS_WALLET_URL is not https.',
} as const

export interface Manifest {
  /** Where it is read; absent where no wallet app could. */
  readonly url?: string
  /** Whether wallet apps can be asked, or why not. */
  readonly state: 'ready' | keyof typeof reasons
  readonly route: Route
}

/** `walletUrl`: public address of the wallet page. Wallets sign for its host; that they can reach it is not checked. */
export function createManifest(walletUrl: string | undefined): Manifest {
  const page = walletUrl === undefined ? undefined : new URL(walletUrl)
  if (page?.protocol === 'https:') {
    const { origin } = page
    const iconUrl = `${origin}/wallet/wallet-page/icon.png`
    const text = JSON.stringify({ url: origin, name: 'Chrysalis', iconUrl })
    return { state: 'ready', url: `${origin}${path}`, route: routeOf(200, text) }
  }
  const state = page ? 'not-https' : 'no-address'
  return { state, route: routeOf(404, errorBody('wallet.manifest', reasons[state])) }
}

function routeOf(status: number, text: string): Route {
  // Wallets in a browser read it from their own origin.
  const headers = { 'access-control-allow-origin': '*' }
  return async (exchange) => {
    if (exchange.path !== path) return false
    if (exchange.request.method === 'GET') sendJson(exchange.response, status, { text, headers })
    else exchange.response.writeHead(405).end()
    return true
  }
}
