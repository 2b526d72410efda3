import { createHash } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  createNras,
  NRAS_URL,
  type NrasFetcher,
  type NrasQuestion,
} from '../../../../src/tee/evidence/nras.ts'
import { nrasFetcher, nrasKeys } from '../../../../src/tee/evidence/nras-http.ts'
import type { TeeCode } from '../../../../src/tee/verify/codes.ts'
import { TestClock } from '../../../support/test-clock.ts'

const ISSUER = 'https://nras.attestation.nvidia.com'
const clock = new TestClock()
const seconds = (): number => Math.floor(clock.now() / 1000)
const nonce = new Uint8Array(32).fill(5)
const nonceHex = Buffer.from(nonce).toString('hex')
const gpu = { evidence: new Uint8Array(4130), certificate: Buffer.from('chain') }
const question: NrasQuestion = { nonce, gpus: [gpu] }
const signal = new AbortController().signal

let service: { key: CryptoKey; keys: JSONWebKeySet }
let stranger: CryptoKey
beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES384')
  const jwk = await exportJWK(publicKey)
  service = { key: privateKey, keys: { keys: [{ ...jwk, kid: 'nv-1', alg: 'ES384' }] } }
  stranger = (await generateKeyPair('ES384')).privateKey
})

type Claims = Readonly<Record<string, unknown>>
interface Signing {
  readonly key?: CryptoKey
  readonly issuer?: string
  readonly issuedAt?: number
}

const token = (claims: Claims, { key, issuer = ISSUER, issuedAt = seconds() }: Signing = {}) =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'ES384', kid: 'nv-1' })
    .setIssuer(issuer)
    .setIssuedAt(issuedAt)
    .sign(key ?? service.key)

const goodDevice: Claims = {
  eat_nonce: nonceHex,
  measres: 'success',
  secboot: true,
  dbgstat: 'disabled',
  'x-nvidia-gpu-attestation-report-signature-verified': true,
  'x-nvidia-gpu-attestation-report-nonce-match': true,
  'x-nvidia-gpu-arch-check': true,
}
const digest = (jwt: string): unknown => [
  'DIGEST',
  ['SHA-256', createHash('sha256').update(jwt).digest('hex')],
]
const overallOf = (devices: Readonly<Record<string, string>>): Claims => ({
  eat_nonce: nonceHex,
  'x-nvidia-overall-att-result': true,
  submods: Object.fromEntries(Object.entries(devices).map(([name, jwt]) => [name, digest(jwt)])),
})

interface Answer {
  readonly devices?: Readonly<Record<string, string>>
  readonly overall?: (claims: Claims) => Claims
  readonly signing?: Signing
}
/** A right answer, after changes. */
async function answerOf({ devices, overall = (it) => it, signing }: Answer = {}): Promise<unknown> {
  const named = devices ?? { 'GPU-0': await token(goodDevice) }
  return [['JWT', await token(overall(overallOf(named)), signing)], named]
}

const ask = (answer: unknown, asked = question): Promise<readonly TeeCode[]> => {
  const fetcher: NrasFetcher = async () => ({ status: 200, text: JSON.stringify(answer) })
  return createNras({ fetcher, keys: async () => service.keys, clock }).check(asked, signal)
}
const unsigned = (claims: Claims): string => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ ...claims, iss: ISSUER, iat: seconds() })}.`
}

describe('NVIDIA’s remote service', () => {
  test('vouches for one GPU and for several', async () => {
    const devices = {
      'GPU-0': await token(goodDevice),
      'GPU-1': await token({ ...goodDevice, n: 1 }),
    }

    expect(await ask(await answerOf())).toEqual([])
    expect(await ask(await answerOf({ devices }), { nonce, gpus: [gpu, gpu] })).toEqual([])
  })

  test('is asked as it wants to be, and for nothing more', async () => {
    const asked: unknown[] = []
    const fetcher: NrasFetcher = async ({ url, body }) => {
      asked.push(url, JSON.parse(body))
      return { status: 200, text: JSON.stringify(await answerOf()) }
    }

    await createNras({ fetcher, keys: async () => service.keys, clock }).check(question, signal)

    expect(asked).toEqual([
      NRAS_URL,
      {
        nonce: nonceHex,
        arch: 'HOPPER',
        evidence_list: [
          {
            evidence: Buffer.from(gpu.evidence).toString('base64'),
            certificate: gpu.certificate.toString('base64'),
          },
        ],
        claims_version: '3.0',
      },
    ])
  })

  test('that does not answer, or not with JSON, vouches for nothing', async () => {
    for (const fetcher of [
      async () => ({ status: 503, text: '[]' }),
      async () => ({ status: 200, text: 'busy' }),
      async () => {
        throw new Error('connection lost')
      },
    ] satisfies NrasFetcher[])
      expect(
        await createNras({ fetcher, keys: async () => service.keys, clock }).check(
          question,
          signal,
        ),
      ).toEqual(['GPU_NRAS_FETCH'])
  })

  test('whose keys cannot be had vouches for nothing', async () => {
    const fetcher: NrasFetcher = async () => ({ status: 200, text: '[]' })
    const keys = () => Promise.reject(new Error('connection lost'))

    expect(await createNras({ fetcher, keys, clock }).check(question, signal)).toEqual([
      'GPU_NRAS_FETCH',
    ])
  })

  test('is reached by one request, its keys by one an hour', async () => {
    const asked: string[] = []
    const fetcher = nrasFetcher({
      fetch: async (url, { method, redirect }) => {
        asked.push(`${method} ${url} ${redirect}`)
        return Response.json(await answerOf())
      },
      clock,
    })
    const keys = nrasKeys({
      get: async (url) => {
        asked.push(`GET ${url}`)
        return { body: Buffer.from(JSON.stringify(service.keys)), header: () => undefined }
      },
      clock,
    })
    const nras = createNras({ fetcher, keys, clock })

    expect(await nras.check(question, signal)).toEqual([])
    expect(await nras.check(question, signal)).toEqual([])
    clock.advance(3_600_000)
    expect(await nras.check(question, signal)).toEqual([])
    expect(asked.filter((one) => one.startsWith('GET'))).toHaveLength(2)
    expect(asked.filter((one) => one === `POST ${NRAS_URL} error`)).toHaveLength(3)
  })

  test('whose answer has no end, or is a redirect, vouches for nothing', async () => {
    const endless = new Uint8Array(2_000_000)
    for (const fetch of [
      async () => new Response(endless),
      async () => Promise.reject(new TypeError('redirect')),
    ]) {
      const fetcher = nrasFetcher({ fetch, clock })
      const nras = createNras({ fetcher, keys: async () => service.keys, clock })

      expect(await nras.check(question, signal)).toEqual(['GPU_NRAS_FETCH'])
    }
  })

  test.for<[string, () => Promise<Answer>, TeeCode[]]>([
    ['signed by somebody else', async () => ({ signing: { key: stranger } }), ['GPU_NRAS_TOKEN']],
    [
      'of another issuer',
      async () => ({ signing: { issuer: 'https://example.org' } }),
      ['GPU_NRAS_TOKEN'],
    ],
    [
      'older than 300 s',
      async () => ({ signing: { issuedAt: seconds() - 301 } }),
      ['GPU_NRAS_TOKEN'],
    ],
    ['of the future', async () => ({ signing: { issuedAt: seconds() + 60 } }), ['GPU_NRAS_TOKEN']],
    [
      'with a negative result',
      async () => ({ overall: (it) => ({ ...it, 'x-nvidia-overall-att-result': false }) }),
      ['GPU_NRAS_RESULT'],
    ],
    [
      'with a result of text',
      async () => ({ overall: (it) => ({ ...it, 'x-nvidia-overall-att-result': 'true' }) }),
      ['GPU_NRAS_RESULT'],
    ],
    [
      'without a result',
      async () => ({ overall: ({ 'x-nvidia-overall-att-result': _result, ...it }) => it }),
      ['GPU_NRAS_RESULT'],
    ],
    [
      'for another nonce',
      async () => ({ overall: (it) => ({ ...it, eat_nonce: '00'.repeat(32) }) }),
      ['GPU_NRAS_NONCE'],
    ],
    [
      'without a nonce',
      async () => ({ overall: ({ eat_nonce: _nonce, ...it }) => it }),
      ['GPU_NRAS_NONCE'],
    ],
    ['without devices', async () => ({ devices: {} }), ['GPU_NRAS_DEVICE']],
    [
      'with a device more',
      async () => ({
        devices: { 'GPU-0': await token(goodDevice), 'GPU-1': await token(goodDevice) },
      }),
      ['GPU_NRAS_DEVICE'],
    ],
    [
      'that names a device it does not send',
      async () => ({
        overall: (it) => ({
          ...it,
          submods: { ...(it['submods'] as object), 'GPU-1': digest('x') },
        }),
      }),
      ['GPU_NRAS_DEVICE'],
    ],
    [
      'over another device’s token',
      async () => ({ overall: (it) => ({ ...it, submods: { 'GPU-0': digest('other') } }) }),
      ['GPU_NRAS_DEVICE'],
    ],
    [
      'with a digest by another function',
      async () => ({
        overall: (it) => ({ ...it, submods: { 'GPU-0': ['DIGEST', ['SHA-1', '00'.repeat(20)]] } }),
      }),
      ['GPU_NRAS_TOKEN'],
    ],
    [
      'with a device of another nonce',
      async () => ({
        devices: { 'GPU-0': await token({ ...goodDevice, eat_nonce: 'ff'.repeat(32) }) },
      }),
      ['GPU_NRAS_NONCE'],
    ],
    [
      'with a device signed by somebody',
      async () => ({ devices: { 'GPU-0': await token(goodDevice, { key: stranger }) } }),
      ['GPU_NRAS_TOKEN'],
    ],
    [
      'with an old device token',
      async () => ({
        devices: { 'GPU-0': await token(goodDevice, { issuedAt: seconds() - 400 }) },
      }),
      ['GPU_NRAS_TOKEN'],
    ],
    [
      'with an unsigned device token',
      async () => ({ devices: { 'GPU-0': unsigned(goodDevice) } }),
      ['GPU_NRAS_TOKEN'],
    ],
  ])('an answer %s is refused', async ([, change, failed]) => {
    expect(await ask(await answerOf(await change()))).toEqual(failed)
  })

  test.for(Object.keys(goodDevice).slice(1))(
    'a device whose %s is not as it must be is refused',
    async (claim) => {
      for (const value of [false, 'failure', undefined, 1]) {
        const devices = { 'GPU-0': await token({ ...goodDevice, [claim]: value }) }

        expect(await ask(await answerOf({ devices }))).toEqual(['GPU_NRAS_RESULT'])
      }
    },
  )

  test('an unsigned answer, as the service’s local twin gives it, is refused', async () => {
    const device = unsigned(goodDevice)

    expect(
      await ask([['JWT', unsigned(overallOf({ 'GPU-0': device }))], { 'GPU-0': device }]),
    ).toEqual(['GPU_NRAS_TOKEN'])
  })

  test('a token by a symmetric key made of the public one is refused', async () => {
    const jwt = await new SignJWT({ ...overallOf({}) })
      .setProtectedHeader({ alg: 'HS256', kid: 'nv-1' })
      .setIssuer(ISSUER)
      .setIssuedAt(seconds())
      .sign(Buffer.from(JSON.stringify(service.keys.keys[0])))

    expect(await ask([['JWT', jwt], {}])).toEqual(['GPU_NRAS_TOKEN'])
  })

  test('swapped devices of one answer are refused', async () => {
    const devices = {
      'GPU-0': await token(goodDevice),
      'GPU-1': await token({ ...goodDevice, n: 1 }),
    }
    const [head] = (await answerOf({ devices })) as [unknown]
    const swapped = { 'GPU-0': devices['GPU-1'], 'GPU-1': devices['GPU-0'] }

    expect(await ask([head, swapped], { nonce, gpus: [gpu, gpu] })).toEqual(['GPU_NRAS_DEVICE'])
  })

  test('no GPU asked about is none vouched for', async () => {
    expect(await ask(await answerOf({ devices: {} }), { nonce, gpus: [] })).toEqual([
      'GPU_NRAS_DEVICE',
    ])
  })

  test('an answer of another form is refused', async () => {
    for (const answer of [
      null,
      [],
      {},
      [['JWT', 'a.b.c']],
      [['EAT', 'a.b.c'], {}],
      [['JWT', 7], {}],
      [['JWT', 'x'], []],
    ])
      expect(await ask(answer)).toEqual(['GPU_NRAS_TOKEN'])
  })
})
