import { describe, expect, it } from 'vitest'
import { canonicalBytes, canonicalText } from '../../../../src/core/canonical.ts'
import { isModelId, newJobId, parseId } from '../../../../src/core/ids.ts'
import { toHex } from '../../../../src/tee/crypto/binary.ts'
import { createVerifier } from '../../../../src/tee/crypto/signature.ts'
import { createWorkerKeys, publicKeysOf, type WorkerKeys } from '../../../../src/tee/keys/keyset.ts'
import {
  buildReceipt,
  checkReceipt,
  type ReceiptExpected,
  type ReceiptFacts,
  type ReceiptWork,
} from '../../../../src/tee/receipts/receipt.ts'
import { codeThrown, NOW_S, someKid } from '../../../support/tee.ts'

const NOW_MS = NOW_S * 1000
const h = (letter: string): string => letter.repeat(64)

async function setUp() {
  const keys = await createWorkerKeys('devnet', NOW_S + 1000)
  const facts: ReceiptFacts = {
    net: 'devnet',
    aud: someKid(),
    job: newJobId(),
    attempt: 1,
    epoch: 1,
    evidenceId: h('a'),
    task: 'translate',
    model: parseId('m', isModelId),
    weights: `sha256:${h('b')}`,
    envHash: h('c'),
    inputHash: h('d'),
    outputHash: h('e'),
    streamHash: h('f'),
    shownHash: h('9'),
  }
  const work: ReceiptWork = {
    promptHash: h('1'),
    units: { inTokens: 10, cachedTokens: 4, outTokens: 5, audioMs: 0 },
    engine: 'echo 1',
    startedAtMs: NOW_MS,
    endedAtMs: NOW_MS + 1000,
  }
  const { signing, signingKeyId } = publicKeysOf(keys.keyset, 'devnet')
  const expected: ReceiptExpected = {
    ...facts,
    signing: createVerifier(signing),
    signingKeyId,
    keysetDigest: keys.digest,
    leasedAtMs: NOW_MS - 100,
    nowMs: NOW_MS + 1100,
    maxUnits: { inTokens: 10, cachedTokens: 10, outTokens: 5, audioMs: 0 },
  }
  return { keys, facts, work, expected }
}

/** The receipt with `edit` made and signed again by the same worker. */
function resigned(
  keys: WorkerKeys,
  text: string,
  edit: (document: Record<string, unknown>) => void,
): string {
  const { signature: _signature, ...document } = JSON.parse(text)
  edit(document)
  const signature = toHex(keys.signer.sign(canonicalBytes(document)))
  return canonicalText({ ...document, signature })
}

describe('receipts', () => {
  it('say what the gateway saw and are named by their digest', async () => {
    const { keys, facts, work, expected } = await setUp()
    const text = buildReceipt(keys, facts, work)

    const checked = checkReceipt(text, expected)

    expect(checked).toMatchObject({ ...work })
    expect(checked.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(text.length).toBeLessThan(16_384)
  })

  it('that differ from the lease in any fact are refused with the fact’s code', async () => {
    const { keys, facts, work, expected } = await setUp()
    const cases: [Partial<ReceiptFacts>, string][] = [
      [{ net: 'testnet' }, 'receipt.release'],
      [{ aud: someKid() }, 'receipt.release'],
      [{ job: newJobId() }, 'receipt.release'],
      [{ attempt: 2 }, 'receipt.release'],
      [{ epoch: 2 }, 'receipt.release'],
      [{ evidenceId: h('0') }, 'receipt.release'],
      [{ task: 'summarize' }, 'receipt.release'],
      [{ model: parseId('n', isModelId) }, 'receipt.release'],
      [{ weights: `sha256:${h('0')}` }, 'receipt.weights'],
      [{ inputHash: h('0') }, 'receipt.input'],
      [{ envHash: h('0') }, 'receipt.env'],
      [{ streamHash: h('0') }, 'receipt.stream'],
      [{ outputHash: h('0') }, 'receipt.output'],
      [{ shownHash: h('0') }, 'receipt.output'],
    ]

    for (const [change, code] of cases) {
      const text = buildReceipt(keys, { ...facts, ...change }, work)
      expect(await codeThrown(() => checkReceipt(text, expected))).toBe(code)
    }
  })

  it('with more units than the input allows, or more cached than read, are refused', async () => {
    const { keys, facts, work, expected } = await setUp()
    const changes = [
      { inTokens: 11 },
      { outTokens: 6 },
      { audioMs: 1 },
      { cachedTokens: 11 },
      { inTokens: 2 },
    ]

    for (const change of changes) {
      const text = buildReceipt(keys, facts, { ...work, units: { ...work.units, ...change } })
      expect(await codeThrown(() => checkReceipt(text, expected))).toBe('receipt.units')
    }
  })

  it('of another time than the lease’s are refused, but for five seconds of slack', async () => {
    const { keys, facts, work, expected } = await setUp()
    const at = (startedAtMs: number, endedAtMs: number) =>
      codeThrown(() =>
        checkReceipt(buildReceipt(keys, facts, { ...work, startedAtMs, endedAtMs }), expected),
      )

    expect(await at(NOW_MS - 5000, NOW_MS + 6000)).toBe('nothing thrown')
    expect(await at(NOW_MS - 5101, NOW_MS)).toBe('receipt.time')
    expect(await at(NOW_MS, NOW_MS + 6101)).toBe('receipt.time')
    expect(await at(NOW_MS + 2, NOW_MS + 1)).toBe('receipt.time')
  })

  it('not signed by the admitted worker, or changed afterwards, are refused', async () => {
    const { keys, facts, work, expected } = await setUp()
    const other = await createWorkerKeys('devnet', NOW_S + 1000)
    const text = buildReceipt(keys, facts, work)

    expect(await codeThrown(() => checkReceipt(buildReceipt(other, facts, work), expected))).toBe(
      'receipt.sig',
    )
    const raised = text.replace('"out_tokens":5', '"out_tokens":4')
    expect(await codeThrown(() => checkReceipt(raised, expected))).toBe('receipt.sig')
    const renamed = resigned(keys, text, (doc) => void (doc['key_id'] = 'r2'))
    expect(await codeThrown(() => checkReceipt(renamed, expected))).toBe('receipt.key')
    const borrowed = resigned(
      keys,
      text,
      (doc) => void (doc['workload_keyset_digest'] = other.digest),
    )
    expect(await codeThrown(() => checkReceipt(borrowed, expected))).toBe('receipt.keyset')
  })

  it('of another shape are refused before anything else', async () => {
    const { keys, facts, work, expected } = await setUp()
    const text = buildReceipt(keys, facts, work)
    const events = (document: Record<string, unknown>) =>
      document['event_log'] as { type: string }[]
    const shapes = [
      '',
      '[]',
      ` ${text}`,
      text.replace('"aci/1"', '"aci/2"'),
      text.replace('"audio_ms":0', '"audio_ms":-0'),
      text.replace('"echo 1"', '"\\ud800"'),
      text.replace('"chat_id":null', '"chat_id":null,"chat_id":null'),
      resigned(keys, text, (doc) => void (doc['note'] = 'hello')),
      resigned(keys, text, (doc) => void (doc['event_log'] = events(doc).toReversed())),
      resigned(keys, text, (doc) => void events(doc).splice(2, 1)),
      resigned(keys, text, (doc) => void events(doc).push(events(doc)[2] as { type: string })),
      resigned(keys, text, (doc) => void events(doc).splice(3, 1)),
      resigned(keys, text, (doc) => void (doc['api_version'] = 'aci/2')),
    ]

    for (const shape of shapes)
      expect(await codeThrown(() => checkReceipt(shape, expected))).toBe('receipt.shape')
  })
})
