/** @module Wallet apps that the wallet page offers. Facts as in the list that `@tonconnect/sdk` 3.4.1 brings along (from github.com/ton-connect/wallets-list); a test compares them. */

/** A wallet app that speaks TON Connect. */
export interface WalletApp {
  readonly name: string
  /** `https:` address that opens the app, or its page where it is not installed. */
  readonly link: string
  /** The app's HTTP bridge: sealed messages between page and app pass through it. */
  readonly bridge: string
  /** Property of `window` where its browser extension stands. */
  readonly key?: string
}

/** A few well-known ones whose key is the person's; each is reached by its own bridge and nothing else is asked. */
export const WALLET_APPS: readonly WalletApp[] = [
  {
    name: 'Tonkeeper',
    link: 'https://app.tonkeeper.com/ton-connect',
    bridge: 'https://bridge.tonapi.io/bridge',
    key: 'tonkeeper',
  },
  {
    name: 'MyTonWallet',
    link: 'https://connect.mytonwallet.org',
    bridge: 'https://tonconnectbridge.mytonwallet.org/bridge/',
    key: 'mytonwallet',
  },
  {
    name: 'Tonhub',
    link: 'https://tonhub.com/ton-connect',
    bridge: 'https://connect.tonhubapi.com/tonconnect',
    key: 'tonhub',
  },
  {
    name: 'Wallet in Telegram',
    link: 'https://t.me/wallet?attach=wallet',
    bridge: 'https://walletbot.me/tonconnect-bridge/bridge',
  },
]
