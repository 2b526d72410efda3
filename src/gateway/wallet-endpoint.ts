/** @module What the wallet page asks of the server: something to sign, and what came of signing it (PAY §14). */
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import type { Linking } from '../payments/wallets/wallets.ts'
import { type Exchange, errorBody, type Route, sendJson } from './http.ts'
import type { Manifest } from './wallet-manifest.ts'

export interface WalletRoutes {
  readonly linking: Linking
  /** How an address is shown to people. */
  readonly show: (payout: string) => string
  /** Whether wallet apps can be asked. */
  readonly manifest: Pick<Manifest, 'state' | 'url'>
  /** The wallet of a key that the page made itself; only where no real money moves. */
  readonly testWallet?: (publicKey: string) => {
    readonly address: string
    readonly walletStateInit: string
  }
}

const ticketSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const offerSchema = z.object({ ticket: ticketSchema })
const linkSchema = z.object({ ticket: ticketSchema, wallet: z.unknown() })
const keySchema = z.object({ publicKey: z.string().regex(/^[0-9a-f]{64}$/) })
const maxBytes = 16_384

/** `/v1/wallet/offer`, `/link`, and `/test` where there is a test wallet: POST of JSON. */
export function createWalletRoutes(deps: WalletRoutes): Route {
  const { linking, show, manifest, testWallet } = deps
  const steps: Readonly<Record<string, (body: unknown) => Promise<object>>> = {
    offer: async (body) => {
      const { ticket } = parse(offerSchema, body)
      const offer = await linking.offer(ticket)
      const payout = offer.payout === '' ? '' : show(offer.payout)
      return {
        ...offer,
        payout,
        hasTestWallet: testWallet !== undefined,
        walletApps: manifest.state,
        manifestUrl: manifest.url,
      }
    },
    link: async (body) => {
      const { ticket, wallet } = parse(linkSchema, body)
      const { state, address } = await linking.link(ticket, wallet)
      return { state, address: show(address) }
    },
    ...(testWallet && {
      test: async (body: unknown) => testWallet(parse(keySchema, body).publicKey),
    }),
  }
  return async (exchange) => {
    const step = steps[/^\/v1\/wallet\/([a-z]+)$/.exec(exchange.path)?.[1] ?? '']
    if (!step) return false
    await answer(exchange, step)
    return true
  }
}

async function answer(
  { request, response }: Exchange,
  step: (body: unknown) => Promise<object>,
): Promise<void> {
  // A form of another site cannot send this type, and a script of one is not let.
  const isJson = request.headers['content-type']?.startsWith('application/json') === true
  if (request.method !== 'POST' || !isJson) {
    sendJson(response, 405, { text: errorBody('method', 'Only POST of JSON is known here.') })
    return
  }
  try {
    sendJson(response, 200, { text: JSON.stringify(await step(await readJson(request))) })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    sendJson(response, error.spec.http, {
      text: errorBody(error.code, 'The wallet was not linked.'),
    })
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    if (!(part instanceof Buffer)) continue
    bytes += part.length
    if (bytes > maxBytes) throw new AppError('input.too-large')
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch {
    throw new AppError('input.invalid')
  }
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw new AppError('input.invalid')
  return parsed.data
}
