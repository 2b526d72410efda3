import { createPrivateKey, createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../../../src/core/bytes.ts'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import { signerOf } from '../../../../src/tee/crypto/signature.ts'
import { keysetDigestOf } from '../../../../src/tee/verify/claims.ts'
import {
  readReceiptDocument,
  readReceiptText,
} from '../../../../src/tee/verify/receipt-document.ts'
import { recordBytes } from '../../../../src/tee/verify/record-bytes.ts'
import { madeProof, PROOF_INPUT, PROOF_OUTPUT } from '../../../support/proof.ts'

/** The public half of an X25519 key of 32 equal bytes. */
function x25519Public(byte: number): string {
  const seed = Buffer.alloc(32, byte)
  const der = Buffer.concat([fromHex('302e020100300506032b656e04220420') ?? Buffer.alloc(0), seed])
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
}

test('the digest of ACI’s published keyset is the published one (spec/aci.md §3.1; CONF §18)', () => {
  const receiptKey = signerOf(Buffer.alloc(32, 2))
  const keyset = {
    subject: 'dstack-app://example-app',
    not_after: 1_800_000_000,
    receipt_signing_keys: [
      { key_id: 'receipt-1', algo: 'ed25519', public_key: toHex(receiptKey.publicKey) },
    ],
    e2ee_public_keys: [
      { key_id: 'e2ee-1', algo: 'x25519-aes-256-gcm-hkdf-sha256', public_key: x25519Public(3) },
    ],
    tls_public_keys: [{ spki_sha256: 'c0'.repeat(32), domain: 'api.example.com' }],
  }

  expect(keysetDigestOf(keyset, nodeHashes)).toBe(
    'sha256:53a5cd44b30dcc51999754c719f2628a041f174ecbf9662a6f8e898a10cd9371',
  )
})

test('our receipt is ACI’s but for one event, and ACI’s receipt lacks exactly that event', async () => {
  const { receipt } = await madeProof()
  const document = JSON.parse(receipt) as { event_log: { type: string }[] }
  const others = document.event_log.filter(({ type }) => type !== 'chrysalis.work')

  expect(readReceiptText(receipt)?.work.type).toBe('chrysalis.work')
  expect(others.map(({ type }) => type)).toEqual([
    'request.received',
    'request.forwarded',
    'response.returned',
  ])
  expect(readReceiptDocument({ ...document, event_log: others })).toBeUndefined()
})

/** RFC 8785 for what receipts hold (no number needs its rules): written anew, so that our own spelling is not its own judge. */
function spelled(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spelled).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, it]) => `${JSON.stringify(name)}:${spelled(it)}`).join(',')}}`
}

const digestOf = async (bytes: Uint8Array): Promise<string> =>
  `sha256:${Buffer.from(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes))).toString('hex')}`

test('the checks of an ACI client pass on our receipt: signature, keyset digest, both body hashes (spec/aci.md §9.3)', async () => {
  const { receipt, evidence, bundle } = await madeProof()
  const { signature, ...unsigned } = JSON.parse(receipt) as Record<string, unknown> & {
    signature: string
    key_id: string
    workload_keyset_digest: string
    event_log: { type: string; body_hash?: string }[]
  }
  const packed = (JSON.parse(evidence) as { evidence: { data: string } }).evidence.data
  const { keyset } = JSON.parse(Buffer.from(packed.split(',')[1] ?? '', 'base64').toString()) as {
    keyset: { receipt_signing_keys: { key_id: string; public_key: string }[] }
  }
  const listed = keyset.receipt_signing_keys.find(({ key_id }) => key_id === unsigned.key_id)
  const publicKey = await crypto.subtle.importKey(
    'raw',
    Buffer.from(listed?.public_key ?? '', 'hex'),
    'Ed25519',
    false,
    ['verify'],
  )
  const verifies = (document: unknown) =>
    crypto.subtle.verify(
      'Ed25519',
      publicKey,
      Buffer.from(signature, 'hex'),
      Buffer.from(spelled(document)),
    )
  const bodyHash = (type: string) =>
    unsigned.event_log.find((event) => event.type === type)?.body_hash
  const input = recordBytes(PROOF_INPUT, bundle.salts.input) ?? new Uint8Array(0)
  const output = recordBytes(PROOF_OUTPUT, bundle.salts.output) ?? new Uint8Array(0)

  expect(await verifies(unsigned)).toBe(true)
  expect(await verifies({ ...unsigned, model: 'another' })).toBe(false)
  expect(unsigned.workload_keyset_digest).toBe(await digestOf(Buffer.from(spelled(keyset))))
  expect(bodyHash('request.received')).toBe(await digestOf(input))
  expect(bodyHash('response.returned')).toBe(await digestOf(output))
})
