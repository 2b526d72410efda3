import { Address, beginCell } from '@ton/core'
import { describe, expect, test } from 'vitest'
import {
  checkProof,
  type ProofRules,
  proofDigest,
} from '../../../../src/payments/wallets/ton-proof.ts'
import {
  digestOf,
  stateBoc,
  testWallet,
  type WalletKind,
  walletProof,
} from '../../../support/wallet.ts'

const nowS = 1_795_000_000
const payload = 'ab'.repeat(32)
const rules: ProofRules = {
  domain: 'gpu.example.org',
  network: '-217',
  nowMs: nowS * 1000,
  own: new Set(),
  keyOnChain: async () => undefined,
}
const wallet = testWallet('v5r1', 1)
const input = { wallet, timestamp: nowS, payload }
const honest = walletProof(input)
const other = testWallet('v5r1', 2)
const withProof = (change: object) => ({ ...honest, proof: { ...honest.proof, ...change } })

const vectors = [
  {
    kind: 'v3r2',
    address: '0:8dca78972eab4a8e2b1d3f2a7e43c1c563e696f65bb9c5ae0845684cee138384',
    digest: '4cfca178f7107929a258b9f4a9bdc25064153ea3d652e4b5fad9c2300bb95dfe',
    signature:
      'pZOtIbSyS7BdW0lcMBYr5k3e7oAvkWzglLkibVZq34LRnSELz19UPRR5imdpDgtOYK8wTYTdAB+9e6AisMJhCw==',
  },
  {
    kind: 'v4r2',
    address: '0:efaff4bac220f88b2e98eb1d9cffcca3bfe3b66ece31a7d6c5890d30dfd7afa5',
    digest: '4687b7de7d13a63d9302e21f10297c78a171ee29e24ee290c02551dc0be98d11',
    signature:
      'L3zZba4rK6z6w35ywTIrhkW2HCeSGufpiiJOmNL7CjS/51m2UKXX7Kh8Nc6rRLjH5sCZ2pIx0R67wUCX+JEzCw==',
  },
  {
    kind: 'v5r1',
    address: '0:400a718dd331a62a26336625e5c29f1d005ed59f557d2f3bf8fee7aa5c7c778e',
    digest: '69ed914f8a66e9c72e70ae3b6a4565e73ea3a33745d3072de54bf417e1b8a53c',
    signature:
      'koleMNhx7SYxt6FP8Mm9mlhhWEQA5W8Hbt8g+ZVRhSSMCZl8I119XAYXU6dvKHpmW7TMgHNT0m6iAWOvXn/9Cg==',
  },
] as const

describe('a wallet that holds its key', () => {
  test.each<WalletKind>(['v3r2', 'v4r2', 'v5r1'])('%s is believed', async (kind) => {
    const mine = testWallet(kind, 3)

    const proven = await checkProof(walletProof({ ...input, wallet: mine }), rules)

    expect(proven).toEqual({ address: mine.address, payload, signedAt: nowS })
  })

  // Address, digest and signature were made once by the wallets of @ton/ton 16.3.0 and by OpenSSL, from 32 bytes of 01.
  test.each(vectors)(
    '$kind gives the bytes of the fixed vector',
    async ({ kind, address, digest, signature }) => {
      const mine = testWallet(kind, 1)
      const proof = walletProof({ ...input, wallet: mine })
      const parts = {
        address: Address.parseRaw(mine.address),
        domain: { lengthBytes: 15, value: 'gpu.example.org' },
        timestamp: nowS,
        payload,
      }

      expect(mine.address).toBe(address)
      expect(proofDigest(parts).toString('hex')).toBe(digest)
      expect(proof.proof.signature).toBe(signature)
      await expect(checkProof(proof, rules)).resolves.toMatchObject({ address })
    },
  )

  test('may spell its time in digits and its address for people', async () => {
    const address = Address.parseRaw(wallet.address).toString({ bounceable: false, testOnly: true })
    const sent = { ...withProof({ timestamp: String(nowS) }), address }

    await expect(checkProof(sent, rules)).resolves.toMatchObject({ address: wallet.address })
  })

  test('of a code nobody knows is asked on the chain', async () => {
    const own = testWallet('unknown', 4)
    const asked: string[] = []
    const keyOnChain = async (address: string) => {
      asked.push(address)
      return Buffer.from(own.publicKey, 'hex')
    }

    const proven = await checkProof(walletProof({ ...input, wallet: own }), {
      ...rules,
      keyOnChain,
    })

    expect(proven.address).toBe(own.address)
    expect(asked).toEqual([own.address])
  })

  test('is believed for five minutes and a minute ahead, and not a second more', async () => {
    const at = (timestamp: number) => checkProof(walletProof({ ...input, timestamp }), rules)

    await expect(at(nowS - 300)).resolves.toBeDefined()
    await expect(at(nowS + 60)).resolves.toBeDefined()
    await expect(at(nowS - 301)).rejects.toThrow('wallet.proof.old')
    await expect(at(nowS + 61)).rejects.toThrow('wallet.proof.future')
  })
})

const unknown = testWallet('unknown', 5)
const masterchain = { ...wallet, address: wallet.address.replace('0:', '-1:') }
const refused: readonly (readonly [string, string, unknown, Partial<ProofRules>?])[] = [
  ['another address', 'address', { ...honest, address: other.address }],
  ['another first state', 'state-init', { ...honest, walletStateInit: stateBoc(other.state) }],
  [
    'a first state that is none',
    'state-init',
    {
      ...honest,
      walletStateInit: beginCell().storeUint(1, 1).endCell().toBoc().toString('base64'),
    },
  ],
  ['another domain', 'domain', walletProof({ ...input, domain: 'gpu.example.com' })],
  [
    'our domain named over a signature for another',
    'signature',
    walletProof(input, { signed: { domain: 'gpu.example.com' } }),
  ],
  [
    'a wrong length of the domain',
    'domain-length',
    withProof({ domain: { lengthBytes: 16, value: 'gpu.example.org' } }),
  ],
  ['a proof older than five minutes', 'old', walletProof({ ...input, timestamp: nowS - 301 })],
  ['a proof of the future', 'future', walletProof({ ...input, timestamp: nowS + 61 })],
  ['a changed time', 'signature', withProof({ timestamp: nowS - 1 })],
  ['a changed nonce', 'signature', withProof({ payload: 'cd'.repeat(32) })],
  ['another network', 'network', walletProof({ ...input, network: '-3' })],
  ['another workchain', 'workchain', walletProof({ ...input, wallet: masterchain })],
  ['unknown code without a getter', 'code', walletProof({ ...input, wallet: unknown })],
  [
    'unknown code whose getter names another key',
    'key',
    walletProof({ ...input, wallet: unknown }),
    { keyOnChain: async () => Buffer.from(other.publicKey, 'hex') },
  ],
  ['a key that is not the wallet’s', 'key', { ...honest, publicKey: other.publicKey }],
  [
    'another key and its own signature',
    'key',
    { ...walletProof(input, { signer: other }), publicKey: other.publicKey },
  ],
  ['a state that is not base64', 'base64', { ...honest, walletStateInit: 'te6cc*' }],
  ['a signature that is not base64', 'base64', withProof({ signature: 'A-_=' })],
  ['a signature that is too short', 'base64', withProof({ signature: 'AAAA' })],
  ['the signature of another wallet', 'signature', walletProof(input, { signer: other })],
  [
    'a test-only address on mainnet',
    'test-only',
    {
      ...walletProof({ ...input, network: '-239' }),
      address: Address.parseRaw(wallet.address).toString({ testOnly: true }),
    },
    { network: '-239' },
  ],
  ['an address of our own contracts', 'own-contract', honest, { own: new Set([wallet.address]) }],
  ['no address', 'shape', { ...honest, address: 'EQ' }],
  ['a negative time', 'shape', withProof({ timestamp: -1 })],
  ['nothing', 'shape', undefined],
  ['a key of the wrong length', 'shape', { ...honest, publicKey: 'ab' }],
]

for (const [what, reason, sent, more] of refused)
  test(`${what} is refused as wallet.proof.${reason}`, async () => {
    const checked = checkProof(sent, { ...rules, ...more })

    const refusal = expect.objectContaining({ code: `wallet.proof.${reason}` })
    await expect(checked).rejects.toThrow(refusal)
  })

test('the message is put together as TON Connect describes it', () => {
  const parts = { domain: 'пример.рф', lengthBytes: 17, timestamp: nowS, payload: '' }

  const ours = proofDigest({
    ...parts,
    address: Address.parseRaw(wallet.address),
    domain: { lengthBytes: parts.lengthBytes, value: parts.domain },
  })

  expect(ours.toString('hex')).toBe(digestOf({ ...parts, address: wallet.address }).toString('hex'))
})
