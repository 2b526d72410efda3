import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeHashes } from '../../../src/tee/crypto/node-crypto.ts'
import { Anchors } from '../../../src/tee/verify/anchors.ts'
import { parseCollateral } from '../../../src/tee/verify/collateral.ts'
import type { Verdict } from '../../../src/tee/verify/examination.ts'
import { type Policy, policyOf } from '../../../src/tee/verify/policy/document.ts'
import type { PolicyEntry, SnpEntry, TdxEntry } from '../../../src/tee/verify/policy/entry.ts'
import { judge } from '../../../src/tee/verify/policy/judge.ts'
import { fixedTdx, judgeTdx } from '../../support/dev-tdx.ts'
import {
  dayS,
  NOW_MS,
  register,
  snpEntry,
  snpMeasured,
  someJudged,
  somePolicy,
  someTcb,
  someVerdict,
  tdxEntry,
  tdxMeasured,
  teeThrown,
} from '../../support/policy.ts'
import { publicEvidenceIsAbsent, publicFile, publicText } from '../../support/public-evidence.ts'
import { NOW_S } from '../../support/tee.ts'

/** Every member that a policy of mainnet may vary, at its most generous and at random. */
const advisories = fc.subarray(['INTEL-SA-00001', 'INTEL-SA-00002', 'INTEL-SA-00003'])
const generous = fc.record({
  minEvalNumber: fc.nat(17),
  tcb: fc.record({ outOfDateDays: fc.integer({ min: 0, max: 30 }), advisories }),
  notAfter: fc.integer({ min: NOW_S + 1, max: NOW_S + 3650 * dayS }),
})
const open = fc.record({
  from: fc.integer({ min: 0, max: NOW_S }),
  until: fc.integer({ min: NOW_S + 1, max: NOW_S + 3650 * dayS }),
  image: fc.constantFrom('any', '*', ''),
})
const attributes = fc.constantFrom('0000001000000000', '000000d000000080', '0000005000000000')
const tdxEntries = fc
  .record({ open, tdAttributes: attributes })
  .map((drawn) => tdxEntry({ ...drawn.open, tdAttributes: drawn.tdAttributes }))
const snpEntries = fc
  .record({
    open,
    policy: fc.constantFrom('0000000000030000', '0000000000020000', '000000000013001f'),
  })
  .map((drawn): SnpEntry => ({ ...snpEntry({ policy: drawn.policy }), ...drawn.open }))

const onMainnet = (change: Partial<Policy>): Policy => policyOf(somePolicy(change))
const refuses = (policy: Policy, verdict: Verdict): boolean =>
  !judge(policy, someJudged({ verdict })).ok
/** Undefined, or the counterexample with its seed. */
const breach = <T>(
  entries: fc.Arbitrary<T>,
  holds: (entry: T, policy: Partial<Policy>) => boolean,
): string | undefined =>
  fc.defaultReportMessage(fc.check(fc.property(entries, generous, holds), { numRuns: 200 }))

/** What the verifier says of it is left out: even a verifier that says nothing must not be enough. */
describe('whatever a signed policy of mainnet says, it does not let in', () => {
  const cases = (measured: (entry: TdxEntry) => Verdict) =>
    breach(tdxEntries, (entry, policy) =>
      refuses(onMainnet({ ...policy, entries: [entry] }), measured(entry)),
    )
  const flip = (hex: string, byte: number, bit: number): string => {
    const bytes = Buffer.from(hex, 'hex')
    bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit)
    return bytes.toString('hex')
  }

  it('a debug domain', () => {
    expect(
      cases((entry) => {
        const measured = tdxMeasured(entry)
        return someVerdict({ ...measured, tdAttributes: flip(measured.tdAttributes, 0, 0) })
      }),
    ).toBeUndefined()
  })

  it('a domain without SEPT_VE_DISABLE', () => {
    expect(
      cases((entry) => {
        const measured = tdxMeasured(entry)
        return someVerdict({ ...measured, tdAttributes: flip(measured.tdAttributes, 3, 4) })
      }),
    ).toBeUndefined()
  })

  it('a revoked platform, nor one of an unknown state', () => {
    expect(
      cases((entry) => someVerdict(tdxMeasured(entry), { tcb: someTcb({ status: 'Revoked' }) })),
    ).toBeUndefined()
    expect(
      cases((entry) => {
        const { tcb: _tcb, ...stateless } = someVerdict(tdxMeasured(entry))
        return stateless
      }),
    ).toBeUndefined()
  })

  it('a guest that may be debugged or moved', () => {
    for (const bit of [18n, 19n])
      expect(
        breach(snpEntries, (entry, policy) => {
          const changed = BigInt(`0x${entry.snp.policy}`) | (1n << bit)
          const measured = {
            ...snpMeasured(entry),
            policy: changed.toString(16).padStart(16, '0'),
          }
          return refuses(onMainnet({ ...policy, entries: [entry] }), someVerdict(measured))
        }),
      ).toBeUndefined()
  })

  it('Milan, nor a cloud’s key', () => {
    expect(
      breach(snpEntries, (entry, policy) => {
        const measured = snpMeasured(entry)
        const only = onMainnet({ ...policy, entries: [entry] })
        return (
          refuses(only, someVerdict({ ...measured, product: 'Milan' })) &&
          refuses(only, someVerdict({ ...measured, signer: 'vlek' }))
        )
      }),
    ).toBeUndefined()
  })

  it('anybody by an empty list', () => {
    expect(
      breach(fc.oneof(tdxEntries, snpEntries), (entry: PolicyEntry, policy) => {
        const measured = entry.tee === 'tdx' ? tdxMeasured(entry) : snpMeasured(entry)
        return refuses(onMainnet({ ...policy, entries: [] }), someVerdict(measured))
      }),
    ).toBeUndefined()
  })

  it('the same judgement lets in what is listed and sound', () => {
    expect(
      breach(fc.oneof(tdxEntries, snpEntries), (entry: PolicyEntry, policy) => {
        const measured = entry.tee === 'tdx' ? tdxMeasured(entry) : snpMeasured(entry)
        return !refuses(onMainnet({ ...policy, entries: [entry] }), someVerdict(measured))
      }),
    ).toBeUndefined()
  })
})

describe('no member says so', () => {
  const members = ['debug', 'allowDebug', 'insecure', 'skip', 'any', 'allow', 'crl', 'revoked']

  it('a policy with one that is not in the list is none, at any depth', () => {
    for (const name of members) {
      const shape = (value: unknown) => teeThrown(() => policyOf(value))
      const policy = somePolicy()
      expect(shape({ ...policy, [name]: true })).toBe('POL_SHAPE')
      expect(shape({ ...policy, tcb: { ...policy.tcb, [name]: true } })).toBe('POL_SHAPE')
      expect(shape({ ...policy, deny: { ...policy.deny, [name]: [] } })).toBe('POL_SHAPE')
      expect(shape({ ...policy, entries: [{ ...tdxEntry(), [name]: true }] })).toBe('POL_SHAPE')
    }
  })

  it('roots of a dev network are not made for another one, nor where real people are served', () => {
    const roots = { intel: [register(1, 32)], amd: [], nvidia: [] }
    const make = (net: 'mainnet' | 'testnet' | 'devnet', production: boolean) =>
      teeThrown(() => Anchors.forDev(net, roots, { production }))

    expect(make('mainnet', false)).toBe('DEV_FORBIDDEN')
    expect(make('testnet', false)).toBe('DEV_FORBIDDEN')
    expect(make('devnet', true)).toBe('DEV_FORBIDDEN')
    expect(make('devnet', false)).toBe('nothing thrown')
  })
})

/** The evidence that may never pass, with what it is refused for; by the dev network's own roots, which believe the rest. */
const never = (): readonly (readonly [string, () => Promise<Verdict>])[] => {
  const report = (place: number, bits: number) => (bytes: Uint8Array) => {
    bytes[place] = (bytes[place] ?? 0) ^ bits
  }
  const shown = (
    edits: Parameters<typeof fixedTdx>[0],
    gone: 'pck_crl' | 'root_ca_crl' | undefined,
  ) => {
    const { quote, collateral } = fixedTdx(edits)
    return () =>
      judgeTdx(
        { quote, collateral: gone ? { ...collateral, [gone]: '' } : collateral },
        { tcbJudge: 'policy' },
      )
  }
  return [
    ['TDX_DEBUG', shown({ report: report(120, 1) }, undefined)],
    ['TDX_SEPT_VE', shown({ report: report(123, 0x10) }, undefined)],
    ['CRL_MISSING', shown({}, 'pck_crl')],
    ['CRL_MISSING', shown({}, 'root_ca_crl')],
  ]
}

describe('no environment says so', () => {
  const real = process.env
  afterEach(() => {
    process.env = real
  })
  const willing = new Proxy<Record<string, string>>(
    {},
    { get: () => '1', has: () => true, ownKeys: () => [] },
  )
  const watched = (asked: PropertyKey[]) =>
    new Proxy<Record<string, string>>(
      {},
      {
        get: (_, name) => {
          asked.push(name)
          return '1'
        },
        has: (_, name) => {
          asked.push(name)
          return true
        },
      },
    )

  it('where every variable is set to yes, debug, SEPT 0 and a missing list are refused as before', async () => {
    process.env = willing
    for (const [code, show] of never()) expect((await show()).failed).toContain(code)
  })

  it('verifier and judge ask for none', async () => {
    const asked: PropertyKey[] = []
    const { quote, collateral } = fixedTdx()
    process.env = watched(asked)

    const verdict = await judgeTdx({ quote, collateral }, { tcbJudge: 'policy' })
    judge(somePolicy(), someJudged({ verdict, hashes: nodeHashes }))

    expect(verdict.ok).toBe(true)
    expect(
      asked.filter((name) => String(name).startsWith('CHRYSALIS') || name === 'NODE_ENV'),
    ).toEqual([])
  })
})

describe.skipIf(publicEvidenceIsAbsent(2))(
  'real evidence under the vendors’ roots on mainnet',
  () => {
    const mainnet = {
      anchors: Anchors.forNet('mainnet'),
      nowMs: Date.parse('2025-06-25T00:00:00Z'),
    }
    const quote = () => publicFile('tdx/tdx_quote')
    const collateral = () => parseCollateral(publicText('tdx/tdx_quote_collateral.json'))

    it('holds, and without either revocation list does not', async () => {
      const both = await judgeTdx({ quote: quote(), collateral: collateral() }, mainnet)
      expect(both.failed).toEqual([])

      for (const list of ['pck_crl', 'root_ca_crl'] as const) {
        const gone = { ...collateral(), [list]: '' }
        for (const tcbJudge of [{}, { tcbJudge: 'policy' as const }]) {
          const verdict = await judgeTdx(
            { quote: quote(), collateral: gone },
            { ...mainnet, ...tcbJudge },
          )
          expect(verdict.failed).toContain('CRL_MISSING')
        }
      }
    })

    it('without SEPT_VE_DISABLE does not, also where its measurements are listed', async () => {
      const cut = publicFile('tdx/tdx_prod_quote_SPR_E4.dat').subarray(0, 4935)
      const verdict = await judgeTdx({ quote: cut }, { ...mainnet, tcbJudge: 'policy' })
      const { measurements } = verdict
      if (measurements?.tee !== 'tdx') throw new Error('no measurements')
      const { mrTd: mrtd, ...rest } = measurements
      const sound = { tdAttributes: '0000001000000000' }
      const entry = { ...tdxEntry(), ...rest, mrtd, ...sound, from: 0 } as TdxEntry
      const policy = somePolicy({ entries: [entry], notBefore: 0 })

      const nowMs = mainnet.nowMs
      const judgement = judge(policy, someJudged({ verdict, nowMs }))
      expect(judgement.failed).toContain('TDX_SEPT_VE')
      expect(judgement.failed).toContain('TDX_ATTR')
      expect(NOW_MS).toBeGreaterThan(nowMs)
    })
  },
)
