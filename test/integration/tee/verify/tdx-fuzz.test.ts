import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concat } from '../../../../src/core/bytes.ts'
import { devName, issueCrl } from '../../../../src/tee/dev/pki.ts'
import { TeeError } from '../../../../src/tee/verify/codes.ts'
import { cutSignedText, parseCollateral } from '../../../../src/tee/verify/collateral.ts'
import { parseCrl } from '../../../../src/tee/verify/crl.ts'
import { DerError, readDer } from '../../../../src/tee/verify/der.ts'
import { pemToDer } from '../../../../src/tee/verify/pem.ts'
import { parseQuote } from '../../../../src/tee/verify/tdx/quote.ts'
import { readQeIdentity, readTcbInfo } from '../../../../src/tee/verify/tdx/tcb-info.ts'
import { examineTdx } from '../../../../src/tee/verify/tdx/verify.ts'
import { parseCertificate } from '../../../../src/tee/verify/x509.ts'
import { devContext, fixedPki, fixedTdx } from '../../../support/dev-tdx.ts'

/** A million inputs over all parsers, in this proportion; a thousandth of it where time is short. */
const SCALE = 10_000
const seed = Math.floor(performance.timeOrigin) % 2 ** 31

const { quote, collateral } = fixedTdx()
const [signer = new Uint8Array()] = pemToDer(collateral.tcb_info_issuer_chain, 2)
const crl = issueCrl({
  issuer: devName('Fuzz'),
  thisUpdate: 0,
  nextUpdate: 1000,
  revoked: [Uint8Array.of(1), Uint8Array.of(2, 3)],
  extensions: [],
  signer: fixedPki.key('fuzz', 'p256'),
})

/** Numbers that follow from one: the platform's own generator would cost more than what is tested. */
function* numbers(from: number): Generator<number, never> {
  for (let state = from | 1; ; ) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    yield state >>> 0
  }
}

/** Good bytes with up to four of them changed, taken out or put in; follows from `from`. */
function mutate(good: Uint8Array, from: number): Uint8Array {
  const next = numbers(from)
  let bytes: Uint8Array = good.slice()
  for (let edits = 1 + (next.next().value % 4); edits > 0; edits--) {
    const at = next.next().value % (bytes.length + 1)
    const value = next.next().value
    const how = value % 8
    if (how > 1) bytes[at] = value >>> 8
    else if (how === 1) bytes = concat(bytes.subarray(0, at), bytes.subarray(at + 1))
    else bytes = concat(bytes.subarray(0, at), Uint8Array.of(value >>> 8), bytes.subarray(at))
  }
  return bytes
}

const near = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.nat().map((from) => mutate(good, from))
const nearText = (good: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.nat(good.length),
      fc.nat(20),
      fc.oneof(
        fc.string({ maxLength: 4 }),
        fc.constantFrom('"', '{', '}', '[', '1e999', '-0', '\\ud800', 'null'),
      ),
    )
    .map(([at, length, put]) => good.slice(0, at) + put + good.slice(at + length))

/** What may come out: a value, or an error that has a code. Anything else fails the run. */
function orCode(parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    if (!(error instanceof TeeError) && !(error instanceof DerError)) throw error
  }
}

const bytesUpTo = (maxLength: number) => fc.uint8Array({ maxLength })
const der = fc.oneof({ weight: 1, arbitrary: bytesUpTo(64) }, { weight: 9, arbitrary: near(crl) })

const parsers: readonly (readonly [name: string, share: number, run: () => void])[] = [
  ['DER', 40, () => sweep(40, der, (bytes) => orCode(() => readDer(bytes)))],
  [
    'certificates',
    20,
    () => sweep(20, near(signer), (bytes) => orCode(() => parseCertificate(bytes))),
  ],
  ['revocation lists', 15, () => sweep(15, near(crl), (bytes) => orCode(() => parseCrl(bytes)))],
  [
    'quotes',
    10,
    () => sweep(10, near(quote.subarray(0, 1500)), (bytes) => orCode(() => parseQuote(bytes))),
  ],
  [
    'PEM',
    5,
    () =>
      sweep(5, nearText(collateral.tcb_info_issuer_chain), (text) =>
        orCode(() => pemToDer(text, 3)),
      ),
  ],
  [
    'TCB info',
    4,
    () => sweep(4, nearText(collateral.tcb_info), (text) => orCode(() => readTcbInfo(text))),
  ],
  [
    'QE identity',
    4,
    () => sweep(4, nearText(collateral.qe_identity), (text) => orCode(() => readQeIdentity(text))),
  ],
  [
    'collateral',
    1,
    () =>
      sweep(1, nearText(JSON.stringify(collateral)), (text) => orCode(() => parseCollateral(text))),
  ],
  [
    'signed text',
    1,
    () =>
      sweep(
        1,
        nearText(`{"tcbInfo":${collateral.qe_identity},"signature":"${'ab'.repeat(64)}"}`),
        (text) => orCode(() => cutSignedText(text, 'tcbInfo')),
      ),
  ],
]

function sweep<T>(share: number, inputs: fc.Arbitrary<T>, run: (input: T) => void): void {
  fc.assert(fc.property(inputs, run), { numRuns: share * SCALE, seed })
}

test('a million inputs over all parsers give a value or a code, never another error', {
  timeout: 600_000,
}, () => {
  const began = performance.now()
  for (const [name, share, run] of parsers) {
    const from = performance.now()
    run()
    console.log(
      `${name}: ${String(share * SCALE)} inputs, ${((performance.now() - from) / 1000).toFixed(1)} s`,
    )
  }
  const inputs = parsers.reduce((sum, [, share]) => sum + share * SCALE, 0)
  console.log(
    `${String(inputs)} inputs, ${((performance.now() - began) / 1000).toFixed(0)} s, seed ${String(seed)}`,
  )
  expect(inputs).toBeGreaterThanOrEqual(1_000_000)
})

test('the whole verifier answers whatever it is given', { timeout: 300_000 }, () => {
  const wholes = fc.oneof(near(quote), bytesUpTo(2000), fc.constant(quote))
  const anything = fc.oneof(
    fc.constant(undefined),
    fc.anything(),
    nearText(JSON.stringify(collateral)).map(orUndefined),
    fc
      .record({ name: fc.constantFrom(...Object.keys(collateral)), text: fc.string() })
      .map(({ name, text }) => ({ ...collateral, [name]: text })),
  )
  const clocks = fc.oneof(fc.constant(devContext().nowMs), fc.double())
  let answers = 0
  const property = fc.property(wholes, anything, clocks, (bytes, known, nowMs) => {
    const { failed } = examineTdx({ quote: bytes, collateral: known }, devContext({ nowMs }))
    answers += Array.isArray(failed) ? 1 : 0
  })
  fc.assert(property, { numRuns: 10_000, seed })
  expect(answers).toBe(10_000)
})

test('hostile sizes end in bounded time', () => {
  const began = performance.now()
  const deep = new Uint8Array(500_000).fill(0x30)
  for (const parse of [
    () => readDer(deep),
    () => parseCrl(deep),
    () => parseCollateral('['.repeat(1_000_000)),
    () => readTcbInfo(`{"id":"TDX","version":3,"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    () => pemToDer('-----BEGIN CERTIFICATE-----'.repeat(40_000), 3),
    () => pemToDer('\n'.repeat(1_000_000), 3),
    () => cutSignedText(`{"tcbInfo":${',"signature":"'.repeat(80_000)}`, 'tcbInfo'),
  ])
    orCode(parse)
  expect(performance.now() - began).toBeLessThan(10_000)
})

function orUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
