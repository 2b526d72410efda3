import { describe, expect, it } from 'vitest'
import { policyChanges } from '../../../../src/tee/policy/changes.ts'
import type { Policy } from '../../../../src/tee/verify/policy/document.ts'
import type { PolicyEntry, TdxEntry } from '../../../../src/tee/verify/policy/entry.ts'
import { register, snpEntry, someModel, somePolicy, tdxEntry } from '../../../support/policy.ts'

const gpu = {
  drivers: ['580'],
  vbios: ['96'],
  golden: { '0': register(1) },
  nras: 'off',
} as const
const waits = (old: Partial<Policy>, next: Partial<Policy>): boolean[] =>
  policyChanges(somePolicy(old), somePolicy(next)).map((change) => change.waits)
const between = (old: PolicyEntry, next: PolicyEntry) =>
  waits({ entries: [old] }, { entries: [next] })
const withGpu = (change: Partial<NonNullable<TdxEntry['gpu']>>) =>
  between(tdxEntry({ gpu }), tdxEntry({ gpu: { ...gpu, ...change } }))

describe('what widens waits', () => {
  it('a new entry, another measurement, another kind of machine', () => {
    expect(waits({}, { entries: [tdxEntry(), snpEntry()] })).toEqual([true])
    expect(between(tdxEntry(), tdxEntry({ rtmr1: register(9) }))).toEqual([true, false])
    expect(between(tdxEntry(), tdxEntry({ gpu }))).toEqual([true, false])
    expect(between(tdxEntry({ role: 'worker' }), tdxEntry({ role: 'gateway' }))).toEqual([
      true,
      false,
    ])
  })

  it('a model, a driver, a firmware, one golden digest less, NVIDIA’s word no longer asked', () => {
    expect(between(tdxEntry({ models: [] }), tdxEntry())).toEqual([true])
    expect(withGpu({ drivers: ['580', '590'] })).toEqual([true])
    expect(withGpu({ vbios: ['96', '97'] })).toEqual([true])
    expect(withGpu({ golden: {} })).toEqual([true])
    const required = tdxEntry({ gpu: { ...gpu, nras: 'required' } })
    expect(between(required, tdxEntry({ gpu }))).toEqual([true])
  })

  it('a longer or earlier life, lower versions, a pardon, more tolerance', () => {
    const entry = tdxEntry()
    expect(between(entry, tdxEntry({ until: entry.until + 1 }))).toEqual([true])
    expect(between(entry, tdxEntry({ from: entry.from - 1 }))).toEqual([true])
    const lower = snpEntry({ minTcb: { bl: 8, tee: 0, snp: 23, ucode: 72 } })
    expect(between(snpEntry(), lower)).toEqual([true])
    const none: Policy['deny'] = { kids: [], hw: [], measurements: [] }
    const some: Policy['deny'] = {
      kids: [register(1, 16)],
      hw: [register(1, 32)],
      measurements: [register(1)],
    }
    expect(waits({ deny: some }, { deny: none })).toEqual([true, true, true])
    expect(waits({}, { tcb: { outOfDateDays: 1, advisories: ['A'] } })).toEqual([true, true])
    expect(waits({ minEvalNumber: 18 }, { minEvalNumber: 17 })).toEqual([true])
  })
})

describe('what narrows acts at once', () => {
  it('the reverse of each of these', () => {
    const entry = tdxEntry()
    expect(waits({ entries: [tdxEntry(), snpEntry()] }, {})).toEqual([false])
    expect(between(tdxEntry(), tdxEntry({ models: [] }))).toEqual([false])
    expect(withGpu({ drivers: [] })).toEqual([false])
    expect(withGpu({ golden: { '0': register(1), '1': register(2) } })).toEqual([false])
    expect(withGpu({ nras: 'required' })).toEqual([false])
    expect(between(entry, tdxEntry({ until: entry.until - 1 }))).toEqual([false])
    const higher = snpEntry({ minTcb: { bl: 10, tee: 0, snp: 23, ucode: 72 } })
    expect(between(snpEntry(), higher)).toEqual([false])
    const deny = { kids: [], hw: [], measurements: [register(1)] }
    expect(waits({}, { deny })).toEqual([false])
    expect(waits({ minEvalNumber: 17 }, { minEvalNumber: 18 })).toEqual([false])
  })

  it('a golden digest that changes does both', () => {
    expect(withGpu({ golden: { '0': register(2) } })).toEqual([false, true])
  })

  it('the order of entries, dates of the document and the image’s name allow nothing new', () => {
    const entries = [tdxEntry(), snpEntry()]
    expect(waits({ entries }, { entries: entries.toReversed(), notAfter: 4_000_000_000 })).toEqual(
      [],
    )
    expect(between(tdxEntry(), tdxEntry({ image: 'other' }))).toEqual([false])
  })
})

it('changes are told in words that name the entry and the thing', () => {
  const next = tdxEntry({ models: [someModel, { ...someModel, id: 'other' }] })
  const [change] = policyChanges(somePolicy(), somePolicy({ entries: [next] }))

  expect(change?.words).toBe(
    `worker tdx (mrtd 010101010101…, rtmr0 020202020202…): adds model other ${someModel.weights}`,
  )
})
