import { describe, expect, it } from 'vitest'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import type { Anchor } from '../../../../src/tee/policy/anchor.ts'
import {
  type Found,
  inForceAt,
  type KnownPolicy,
  nextStanding,
  type Standing,
  standingOf,
} from '../../../../src/tee/policy/standing.ts'
import { type Policy, policyDigest } from '../../../../src/tee/verify/policy/document.ts'
import { dayS, NOW_MS, register, snpEntry, somePolicy, tdxEntry } from '../../../support/policy.ts'
import { NOW_S } from '../../../support/tee.ts'

const known = (policy: Policy): KnownPolicy => ({
  policy,
  sha256: policyDigest(policy, nodeHashes),
})
const follow = (before: KnownPolicy, change: Partial<Policy>): KnownPolicy =>
  known({ ...before.policy, epoch: before.policy.epoch + 1, prev: before.sha256, ...change })
const anchorOf = (document: KnownPolicy, change: Partial<Anchor> = {}): Anchor => ({
  epoch: document.policy.epoch,
  sha256: document.sha256,
  anchoredAt: NOW_S,
  activeFrom: NOW_S,
  ...change,
})
const here = (...documents: KnownPolicy[]) =>
  new Map(documents.map((document) => [document.policy.epoch, document]))
const seenOf = (document: KnownPolicy) => ({
  epoch: document.policy.epoch,
  sha256: document.sha256,
})

const first = known(somePolicy())
const wider = follow(first, { entries: [tdxEntry(), snpEntry()] })
const narrower = follow(first, { entries: [] })
const standing: Standing = { current: first }
const find = (found: Partial<Found>, before = standing) =>
  nextStanding(before, {
    net: 'mainnet',
    seen: seenOf(first),
    here: here(first, wider),
    anchor: anchorOf(first),
    nowMs: NOW_MS,
    ...found,
  })

describe('the first document', () => {
  it('is in force when the registry names it', () => {
    const found = find({ seen: undefined }, { current: undefined })

    expect(inForceAt(found.standing, NOW_MS)).toEqual({
      current: first.policy,
      sha256: first.sha256,
    })
    expect(found.code).toBeUndefined()
  })

  it('admits nobody before the registry’s time, without an anchor, and as another document', () => {
    const none = { current: undefined }
    const early = find(
      { seen: undefined, anchor: anchorOf(first, { activeFrom: NOW_S + 1 }) },
      none,
    )
    expect(inForceAt(early.standing, NOW_MS)).toBeUndefined()
    expect(inForceAt(early.standing, NOW_MS + 1000)).toBeDefined()
    const blind = find({ seen: undefined, anchor: undefined }, none)
    expect([inForceAt(blind.standing, NOW_MS), blind.code]).toEqual([undefined, 'POL_ANCHOR'])
    const other = find(
      { seen: undefined, anchor: anchorOf(first, { sha256: register(1, 32) }) },
      none,
    )
    expect([inForceAt(other.standing, NOW_MS), other.code]).toEqual([undefined, 'POL_ANCHOR'])
  })

  it('admits nobody outside its own time', () => {
    expect(inForceAt(standing, first.policy.notAfter * 1000 + 1)).toBeUndefined()
    expect(inForceAt(standing, first.policy.notBefore * 1000 - 1)).toBeUndefined()
  })
})

describe('a document that adds', () => {
  const anchor = anchorOf(wider, { activeFrom: NOW_S + dayS })

  it('waits, and is judged by from the first moment, then is in force', () => {
    const found = find({ anchor })

    expect(inForceAt(found.standing, NOW_MS)).toMatchObject({
      current: first.policy,
      pending: wider.policy,
    })
    expect(inForceAt(found.standing, NOW_MS + dayS * 1000)).toEqual({
      current: wider.policy,
      sha256: wider.sha256,
    })
    expect(find({ anchor, nowMs: NOW_MS + dayS * 1000 }).standing).toEqual({ current: wider })
  })

  it('that wants to count before 24 hours have passed waits all the same', () => {
    const found = find({ anchor: anchorOf(wider, { activeFrom: NOW_S + 60 }) })

    expect(found.code).toBe('POL_EARLY')
    expect(inForceAt(found.standing, NOW_MS + dayS * 1000 - 1)?.current).toEqual(first.policy)
    expect(inForceAt(found.standing, NOW_MS + dayS * 1000)?.current).toEqual(wider.policy)
  })

  it('waits on a gateway that never saw the one before, too, when that one is here', () => {
    const found = find({ anchor, seen: undefined }, { current: undefined })

    expect(inForceAt(found.standing, NOW_MS)?.current).toEqual(first.policy)
  })

  it('still waits after a restart, with an anchor and without', () => {
    const seen = { ...seenOf(wider), before: seenOf(first) }
    const again = standingOf(seen, here(first, wider))

    expect(inForceAt(again, NOW_MS)).toMatchObject({ current: first.policy, pending: wider.policy })
    expect(inForceAt(again, NOW_MS + 2 * dayS * 1000)?.current).toEqual(first.policy)
    const found = find({ seen, anchor }, again)
    expect(inForceAt(found.standing, NOW_MS + dayS * 1000)?.current).toEqual(wider.policy)
  })
})

describe('a document that only removes', () => {
  it('is in force at once, whatever time the registry gives', () => {
    const anchor = anchorOf(narrower, { activeFrom: NOW_S + 9 * dayS })
    const found = find({ here: here(first, narrower), anchor })

    expect(inForceAt(found.standing, NOW_MS)?.current).toEqual(narrower.policy)
  })

  it('but not before its own beginning; until then both count', () => {
    const later = follow(first, { entries: [], notBefore: NOW_S + 60 })
    const found = find({ here: here(first, later), anchor: anchorOf(later) })

    expect(inForceAt(found.standing, NOW_MS)).toMatchObject({
      current: first.policy,
      pending: later.policy,
    })
  })
})

describe('roll-back and gaps', () => {
  const second = follow(first, { minEvalNumber: 18 })
  const third = follow(second, { minEvalNumber: 19 })

  it('a registry that names less than was seen changes nothing', () => {
    const found = find({ seen: seenOf(second), here: here(first, second) }, { current: second })

    expect(found).toEqual({ standing: { current: second }, code: 'POL_ROLLBACK' })
  })

  it('another document of the epoch that was seen is none', () => {
    const other = follow(first, { minEvalNumber: 20 })
    const found = find(
      { seen: seenOf(second), here: here(first, other), anchor: anchorOf(other) },
      { current: second },
    )

    expect(found.code).toBe('POL_ROLLBACK')
    expect(inForceAt(found.standing, NOW_MS)).toBeUndefined()
  })

  it('two epochs at once are fine with the document between, a gap without it', () => {
    const whole = find({ here: here(first, second, third), anchor: anchorOf(third) })
    expect(inForceAt(whole.standing, NOW_MS)?.current).toEqual(third.policy)
    const gap = find({ here: here(first, third), anchor: anchorOf(third) })
    expect(gap.code).toBe('POL_EPOCH_GAP')
  })

  it('a document that names another predecessor is a gap', () => {
    const foreign = known({ ...second.policy, prev: register(9, 32) })

    expect(find({ here: here(first, foreign), anchor: anchorOf(foreign) }).code).toBe(
      'POL_EPOCH_GAP',
    )
  })

  it('a document that is not here yet is waited for until the registry’s time, and then nobody is admitted', () => {
    const anchor = anchorOf(second, { activeFrom: NOW_S + 60 })
    const found = find({ here: here(first), anchor })

    expect(found.code).toBe('POL_EPOCH_GAP')
    expect(inForceAt(found.standing, NOW_MS)?.current).toEqual(first.policy)
    expect(inForceAt(found.standing, NOW_MS + 60_000)).toBeUndefined()
    // It comes: all is well again.
    const here2 = here(first, second)
    const late = find({ here: here2, anchor, nowMs: NOW_MS + 90_000 }, found.standing)
    expect(inForceAt(late.standing, NOW_MS + 90_000)?.current).toEqual(second.policy)
  })

  it('a registry that cannot be read changes nothing until the document’s own end', () => {
    const found = find({ anchor: undefined })

    expect(found).toEqual({ standing, code: 'POL_ANCHOR' })
    expect(inForceAt(found.standing, NOW_MS + 29 * dayS * 1000)?.current).toEqual(first.policy)
    expect(inForceAt(found.standing, NOW_MS + 31 * dayS * 1000)).toBeUndefined()
  })

  it('what was in force before a restart must be the same document', () => {
    const changed = known({ ...first.policy, minEvalNumber: 1 })

    expect(standingOf(seenOf(first), here(changed)).current).toBeUndefined()
    expect(standingOf(seenOf(first), here(first)).current).toEqual(first)
    expect(standingOf(undefined, here(first)).current).toBeUndefined()
  })
})
