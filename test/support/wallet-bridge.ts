/** @module A stand-in of TON Connect's HTTP bridge, and a wallet app behind it that seals and signs as real ones do. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { type TestWallet, walletProof } from './wallet.ts'
import { type Site, startSite } from './web.ts'

/** The sealing of TON Connect's own protocol package, which only the SDK depends on. */
interface SessionCrypto {
  readonly sessionId: string
  encrypt(message: string, receiver: Uint8Array): Uint8Array
  decrypt(message: Uint8Array, sender: Uint8Array): string
}
const sdk = createRequire(import.meta.url).resolve('@tonconnect/sdk')
const protocol = createRequire(sdk)('@tonconnect/protocol') as {
  SessionCrypto: new () => SessionCrypto
}

interface Letter {
  readonly from: string
  readonly message: string
}

export interface Bridge {
  /** What a wallet list names. */
  readonly url: string
  send(to: string, letter: Letter): void
  /** The next letter to a wallet. */
  letterTo(id: string): Promise<Letter>
  close(): Promise<void>
}

/** `GET /bridge/events?client_id=` (server-sent events) and `POST /bridge/message?client_id=&to=`; letters wait for whoever is not there yet. */
export async function startBridge(): Promise<Bridge> {
  const lines = new Map<string, ServerResponse>()
  const waiting = new Map<string, Letter[]>()
  const readers = new Map<string, (letter: Letter) => void>()
  let count = 0
  const send = (to: string, letter: Letter): void => {
    const reader = readers.get(to)
    const line = lines.get(to)
    readers.delete(to)
    if (reader) reader(letter)
    else if (line)
      line.write(`id: ${String(++count)}\nevent: message\ndata: ${JSON.stringify(letter)}\n\n`)
    else waiting.set(to, [...(waiting.get(to) ?? []), letter])
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://bridge')
    const id = searchParams.get('client_id') ?? ''
    response.setHeader('access-control-allow-origin', '*')
    if (pathname === '/bridge/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      lines.set(id, response)
      response.on('close', () => lines.get(id) === response && lines.delete(id))
      const early = waiting.get(id) ?? []
      waiting.delete(id)
      for (const letter of early) send(id, letter)
    } else if (pathname === '/bridge/message' && request.method === 'POST') {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      send(searchParams.get('to') ?? '', { from: id, message: Buffer.concat(parts).toString() })
      response.end('{}')
    } else response.writeHead(404).end()
  }
  const site: Site = await startSite((request, response) => void answer(request, response))
  return {
    url: `${site.root}/bridge`,
    send,
    letterTo: (id) => {
      const [first, ...rest] = waiting.get(id) ?? []
      waiting.set(id, rest)
      return first ? Promise.resolve(first) : new Promise((resolve) => readers.set(id, resolve))
    },
    close: () => site.close(),
  }
}

/** What a page asks a wallet app for, as its link says. */
export interface WalletRequest {
  readonly app: string
  readonly manifestUrl: string
  readonly nonce: string
  readonly network: string | undefined
}

export function readLink(link: string): WalletRequest {
  const { searchParams } = new URL(link)
  const { manifestUrl, items } = JSON.parse(searchParams.get('r') ?? '') as {
    manifestUrl: string
    items: readonly { name: string; payload?: string; network?: string }[]
  }
  return {
    app: searchParams.get('id') ?? '',
    manifestUrl,
    nonce: items.find(({ name }) => name === 'ton_proof')?.payload ?? '',
    network: items.find(({ name }) => name === 'ton_addr')?.network,
  }
}

const device = {
  platform: 'linux',
  appName: 'stand-in',
  appVersion: '1',
  maxProtocolVersion: 2,
  features: ['SendTransaction', { name: 'SendTransaction', maxMessages: 4 }],
}

/** The event of a wallet that signs; `domain` and `hasProof` make it one that does so wrongly or not at all. */
export function connectEvent(
  { manifestUrl, nonce }: Pick<WalletRequest, 'manifestUrl' | 'nonce'>,
  it: {
    readonly wallet: TestWallet
    readonly network: string
    readonly nowMs: number
    readonly domain?: string
    readonly hasProof?: boolean
  },
) {
  const { wallet, network } = it
  const { proof, ...address } = walletProof({
    wallet,
    network,
    domain: it.domain ?? new URL(manifestUrl).hostname,
    timestamp: Math.floor(it.nowMs / 1000),
    payload: nonce,
  })
  const items = [
    { name: 'ton_addr', ...address },
    ...(it.hasProof === false ? [] : [{ name: 'ton_proof', proof }]),
  ]
  return { event: 'connect', id: 1, payload: { items, device } }
}

export const refusalEvent = (code: number, message: string) => ({
  event: 'connect_error',
  id: 1,
  payload: { code, message },
})

/** A wallet app's end of one line: says `event`, sealed, and gives what the page says next. */
export async function answerFrom(
  bridge: Bridge,
  app: string,
  event: object,
): Promise<{ next: () => Promise<unknown> }> {
  const session = new protocol.SessionCrypto()
  const page = Buffer.from(app, 'hex')
  const sealed = session.encrypt(JSON.stringify(event), page)
  bridge.send(app, { from: session.sessionId, message: Buffer.from(sealed).toString('base64') })
  return {
    next: async () => {
      const { message } = await bridge.letterTo(session.sessionId)
      return JSON.parse(session.decrypt(Buffer.from(message, 'base64'), page)) as unknown
    },
  }
}
