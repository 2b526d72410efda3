/** @module Everything that starts a worker for one owner in one word: short enough for a Copy button, plain enough for a shell. */
import type { Net } from './config.ts'

/** What a worker needs to be told. */
export interface JoinCode {
  readonly net: Net
  /** The join token; on devnet with the seed of the simulated hardware behind a dot. */
  readonly join: string
  /** What the worker pins; base64url. */
  readonly brokerKey: string
  /** Raw address `0:<hex>`; empty where nothing is paid. */
  readonly payout: string
  /** WebSocket address of the gateway. */
  readonly gateway: string
}

const letters = { mainnet: 'm', testnet: 't', devnet: 'd' } as const satisfies Record<Net, string>
const path = '/v1/connect'
const form =
  /^(?<net>[mtd])1,(?<join>[\w.-]{16,100}),(?<broker>[\w-]{43}),(?<payout>[\w-]{43})?,(?<gateway>[^\s,]{1,120})$/

/** `<net>1,<token>,<broker key>,<payout hash, base64url>,<host or address of the gateway>` */
export function encodeJoinCode({ net, join, brokerKey, payout, gateway }: JoinCode): string {
  const hash = Buffer.from(payout.slice(2), 'hex').toString('base64url')
  return `${letters[net]}1,${join},${brokerKey},${hash},${shortGateway(gateway)}`
}

/** The settings that a join code stands for; undefined for what is none. */
export function settingsOfJoinCode(code: string): Readonly<Record<string, string>> | undefined {
  const groups = form.exec(code)?.groups
  if (!groups) return undefined
  const { net = '', join = '', broker = '', payout = '', gateway = '' } = groups
  return {
    CHRYSALIS_NET: net === 'm' ? 'mainnet' : net === 't' ? 'testnet' : 'devnet',
    CHRYSALIS_JOIN: join,
    CHRYSALIS_BROKER_KEY: broker,
    CHRYSALIS_PAYOUT: payout === '' ? '' : `0:${Buffer.from(payout, 'base64url').toString('hex')}`,
    CHRYSALIS_GATEWAY_URL: gateway.includes('://') ? gateway : longGateway(gateway),
  }
}

/** A host says all where the rest is as usual. */
function shortGateway(url: string): string {
  const { host } = new URL(url)
  return longGateway(host) === url ? host : url
}

/** This machine is reached without TLS, every other one with it. */
const longGateway = (host: string): string =>
  `${/^(127\.0\.0\.1|localhost)(:|$)/.test(host) ? 'ws' : 'wss'}://${host}${path}`
