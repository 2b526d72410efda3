import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { Net } from '../../../src/core/config.ts'
import { type GatewaySource, serveAttestation } from '../../../src/gateway/attestation-endpoint.ts'
import { createHttp } from '../../../src/gateway/http.ts'
import { type JudgeEvidence, verifyGateway } from '../../../src/tee/client/attested.ts'
import { createEpochKeys } from '../../../src/tee/keys/epoch-keys.ts'
import { identityOf } from '../../../src/tee/keys/identity.ts'
import { TeeError } from '../../../src/tee/verify/codes.ts'
import { keptLog } from '../../support/stores.ts'

const nonceOf = (): string => randomBytes(32).toString('hex')
const path = '/.well-known/attestation'

/** A machine whose quote is the report data itself, and counts how often it is asked. */
function countingSource(): GatewaySource & { asked: number } {
  const source = {
    tee: 'tdx' as const,
    asked: 0,
    quote: async (reportData: Uint8Array) => {
      source.asked++
      return { quote: reportData }
    },
  }
  return source
}
const judge: JudgeEvidence = async ({ quote }, { reportData, nowMs }) => {
  if (quote !== Buffer.from(reportData).toString('base64url')) throw new TeeError('CLM_BINDING')
  return { epoch: 1, expiresAt: nowMs / 1000 + 60 }
}

async function serve(options: { net: Net; source?: GatewaySource; skipMs?: () => number }) {
  const { net, source } = options
  // Minutes pass when the test says so; a tenth of a second passes by itself.
  const clock = { ...systemClock, now: () => systemClock.now() + (options.skipMs?.() ?? 0) }
  const route = serveAttestation({
    net,
    brokerKey: identityOf(randomBytes(32)).publicKey,
    epochKeys: createEpochKeys({ net, clock }),
    epoch: () => 1,
    ...(source && { source }),
    clock,
  })
  const server = createServer(createHttp([route], keptLog().log))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return (query: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}${query}`, init)
}

test('a gateway in a confidential VM answers a nonce with a quote that a client verifies itself', async () => {
  const get = await serve({ net: 'testnet', source: countingSource() })
  const nonce = nonceOf()

  const response = await get(`?nonce=${nonce}`)

  const asked = { nonce, net: 'testnet', nowMs: systemClock.now(), judge } as const
  const answer: unknown = await response.json()
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await verifyGateway(answer, asked)).toMatchObject({ attested: true, simulated: false })
  await expect(verifyGateway(answer, { ...asked, nonce: nonceOf() })).rejects.toThrow('CLM_NONCE')
})

test('everybody who asks within a tenth of a second shares one quote, and each verifies with the own nonce', async () => {
  const source = countingSource()
  const get = await serve({ net: 'testnet', source })
  const nonces = Array.from({ length: 9 }, nonceOf)

  const answers = await Promise.all(
    nonces.map(async (nonce) => (await get(`?nonce=${nonce}`)).json()),
  )

  expect(source.asked).toBeLessThan(4)
  for (const [at, nonce] of nonces.entries()) {
    const asked = { nonce, net: 'testnet', nowMs: systemClock.now(), judge } as const
    expect(await verifyGateway(answers[at], asked)).toMatchObject({ attested: true })
  }
})

test('on its operator’s machine a gateway has no evidence and says who can read', async () => {
  const get = await serve({ net: 'mainnet' })
  const nonce = nonceOf()

  const answer: unknown = await (await get(`?nonce=${nonce}`)).json()

  expect(answer).toMatchObject({
    profile: 'A',
    evidence: null,
    statement: 'The operator of this gateway can read what passes through it.',
  })
  const asked = { nonce, net: 'mainnet', nowMs: systemClock.now(), judge } as const
  expect(await verifyGateway(answer, asked)).toMatchObject({ attested: false })
})

test('on the test network it says that it is simulated', async () => {
  const get = await serve({ net: 'devnet' })

  expect(await (await get(`?nonce=${nonceOf()}`)).json()).toMatchObject({
    net: 'devnet',
    profile: 'D',
    evidence: { tee: 'sim' },
    statement: 'Test network: simulated, nothing here is proven.',
  })
})

test.each([
  ['too short', '?nonce=abcd'],
  ['empty', '?nonce='],
  ['in capitals', `?nonce=${'AB'.repeat(32)}`],
  ['not hex', `?nonce=${'zz'.repeat(32)}`],
  ['given twice', `?nonce=${'ab'.repeat(32)}&nonce=${'cd'.repeat(32)}`],
])('a nonce that is %s is refused, and not repeated', async (_what, query) => {
  const get = await serve({ net: 'devnet' })

  const response = await get(query)

  expect(response.status).toBe(400)
  expect(await response.text()).not.toContain('abab')
})

test('without a nonce comes an answer that says it is not fresh, and the same for a minute', async () => {
  const source = countingSource()
  const get = await serve({ net: 'testnet', source })

  const first = (await (await get('')).json()) as { claims: unknown; fresh: boolean }
  const second = (await (await get('')).json()) as { claims: unknown; fresh: boolean }

  expect(first.fresh).toBe(false)
  expect(second.claims).toEqual(first.claims)
  expect(source.asked).toBe(1)
})

test('one address may ask ten times a minute, and then again', async () => {
  let skipMs = 0
  const get = await serve({ net: 'devnet', skipMs: () => skipMs })
  const ask = async () => (await get(`?nonce=${nonceOf()}`)).status
  const answers = await Promise.all(Array.from({ length: 12 }, ask))

  const limited = await get('')
  skipMs = 61_000

  expect(answers.filter((status) => status === 200).length).toBe(10)
  expect(answers.filter((status) => status === 429).length).toBe(2)
  expect(limited.headers.get('retry-after')).toBe('60')
  expect(await ask()).toBe(200)
})

test('no other method changes or shows anything', async () => {
  const get = await serve({ net: 'devnet' })

  expect((await get(`?nonce=${nonceOf()}`, { method: 'POST' })).status).toBe(405)
})
