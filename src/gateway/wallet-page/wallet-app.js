/** @module A wallet app by TON Connect: the library opens a sealed line over the app's bridge, the app signs, and the line is closed again. */

/** Less than the five minutes for which a nonce is good. */
const patienceMs = 280_000

/** A refusal that happened before our server was asked; `code` is one of the page's words. */
export class AppRefused extends Error {
  constructor(code) {
    super(code)
    this.code = code
  }
}

let library

/** Served by ourselves, and loaded when a wallet app is first chosen. */
function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = '/wallet/tonconnect-sdk.js'
    script.onload = () => resolve(globalThis.TonConnectSDK)
    script.onerror = () => {
      library = undefined
      reject(new Error('library'))
    }
    document.head.append(script)
  })
  return library
}

/** Nothing of the line is kept: each link is a connection of its own. */
function memory() {
  const kept = new Map()
  return {
    getItem: async (key) => kept.get(key) ?? null,
    setItem: async (key, value) => void kept.set(key, value),
    removeItem: async (key) => void kept.delete(key),
  }
}

/**
 * What `wallet` hands over for the offer's nonce. `onLink` is given the link that opens the app; a browser extension
 * needs none. Ends by `signal`, or when the nonce is old.
 */
export async function proveWithWalletApp({ offer, wallet, onLink, signal }) {
  const sdk = await loadLibrary()
  const connector = new sdk.TonConnect({
    manifestUrl: offer.manifestUrl,
    storage: memory(),
    // The library would fetch a list of its own to look up a bridge that the page has told it already.
    walletsListSource: '/wallet/no-wallets.json',
    analytics: { mode: 'off' },
  })
  connector.setConnectionNetwork(offer.network)
  const line = new AbortController()
  try {
    return handedOver(await connected({ connector, sdk, offer, wallet, onLink, signal, line }))
  } finally {
    // Whoever proved an address need not stay connected.
    if (connector.connected) connector.disconnect().catch(() => undefined)
    else line.abort()
  }
}

function connected({ connector, sdk, offer, wallet, onLink, signal, line }) {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new AppRefused('wallet.app.cancelled')))
    setTimeout(() => reject(new AppRefused('wallet.proof.nonce-expired')), patienceMs)
    connector.onStatusChange(
      (state) => state && resolve(state),
      (error) => reject(new AppRefused(codeOf(error, sdk))),
    )
    const hasExtension = wallet.key !== undefined && sdk.TonConnect.isWalletInjected(wallet.key)
    const source = hasExtension
      ? { jsBridgeKey: wallet.key }
      : { bridgeUrl: wallet.bridge, universalLink: wallet.link }
    const link = connector.connect(source, {
      request: { tonProof: offer.nonce },
      signal: line.signal,
    })
    if (typeof link === 'string') onLink(link)
  })
}

function codeOf(error, sdk) {
  if (error instanceof sdk.UserRejectsError) return 'wallet.app.rejected'
  if (error instanceof sdk.WalletWrongNetworkError) return 'wallet.proof.network'
  return /manifest/i.test(error.message) ? 'wallet.app.manifest' : 'wallet.app.failed'
}

function handedOver({ account, connectItems }) {
  const reply = connectItems?.tonProof
  if (reply === undefined || !('proof' in reply)) throw new AppRefused('wallet.app.no-proof')
  const { address, chain, publicKey, walletStateInit } = account
  return { address, network: chain, publicKey, walletStateInit, proof: reply.proof }
}
