import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createReleaseChain, linkHeads } from '../../../../src/gateway/release-chain.ts'
import { createVerifier } from '../../../../src/tee/crypto/signature.ts'
import { identityOf } from '../../../../src/tee/keys/identity.ts'
import {
  headHash,
  type LoggedRelease,
  NO_HASH,
  releaseHash,
  type SignedHead,
  verifyReleaseLog,
} from '../../../../src/tee/keys/release-log.ts'
import { NOW_S } from '../../../support/tee.ts'

const NOW = NOW_S * 1000
const HOUR = 3_600_000
const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
const broker = identityOf(randomBytes(32))
const isSigned = createVerifier(Buffer.from(broker.publicKey, 'base64url'))

const someFacts = (change: Partial<LoggedRelease> = {}) => ({
  job: hex(16),
  attempt: 1,
  lease: hex(32),
  kid: hex(16),
  evidenceId: hex(32),
  epoch: 3,
  envHash: hex(32),
  at: NOW,
  ...change,
})

/** `sizes`: how many releases before each signed head. */
function writtenLog(sizes: readonly number[] = [3, 2, 4]) {
  const chain = createReleaseChain('testnet', NOW)
  const entries: LoggedRelease[] = []
  const heads: SignedHead[] = []
  let prev = NO_HASH
  for (const [hour, size] of sizes.entries()) {
    for (let n = 0; n < size; n++) {
      const facts = someFacts({ at: NOW + hour * HOUR + n })
      const placed = chain.place(facts)
      chain.advance(placed)
      entries.push({ net: 'testnet', ...facts, ...placed })
    }
    const by = { net: 'testnet', aud: broker.kid, at: NOW + (hour + 1) * HOUR, prev }
    const signed = linkHeads(chain.unsigned(by.at), by).map((head) => broker.signLogHead(head))
    chain.signed()
    heads.push(...signed)
    const last = signed.at(-1)
    if (last) prev = headHash(last)
  }
  return { entries, heads, attempts: entries.map(({ job, attempt }) => ({ job, attempt })), chain }
}

const kindsOf = (log: Omit<Parameters<typeof verifyReleaseLog>[0], 'isSigned'>): string[] => [
  ...new Set(verifyReleaseLog({ ...log, isSigned }).faults.map(({ kind }) => kind)),
]
const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, place) => place !== at)

describe('the release log', () => {
  it('as it was written has no fault', () => {
    const { entries, heads, attempts } = writtenLog()

    expect(verifyReleaseLog({ entries, heads, attempts, isSigned })).toEqual({
      entries: 9,
      chains: 1,
      heads: 3,
      faults: [],
    })
  })

  it('tells of every entry that was removed, wherever it stood', () => {
    const { entries, heads, attempts } = writtenLog()

    for (const at of entries.keys())
      expect(kindsOf({ entries: without(entries, at), heads, attempts })).toContain(
        'attempt-missing',
      )
    // By the chain and its heads alone, as years later, when the jobs themselves are forgotten.
    for (const at of entries.keys())
      expect(kindsOf({ entries: without(entries, at), heads })).not.toEqual([])
  })

  it('tells of entries cut from its end back to a head, and of one cut after the last head by the job itself', () => {
    const { entries, heads, attempts, chain } = writtenLog()
    const facts = someFacts()
    const late = { net: 'testnet', ...facts, ...chain.place(facts) }

    expect(kindsOf({ entries: entries.slice(0, 5), heads })).toEqual(['head-broken'])
    expect(kindsOf({ entries: [...entries, late], heads, attempts })).toEqual([])
    expect(
      kindsOf({ entries, heads, attempts: [...attempts, { job: late.job, attempt: 1 }] }),
    ).toEqual(['attempt-missing'])
  })

  it('tells of any member of any entry that was changed', () => {
    const { entries, heads } = writtenLog()
    const changes: Partial<LoggedRelease>[] = [
      { net: 'mainnet' },
      { job: hex(16) },
      { attempt: 2 },
      { lease: hex(32) },
      { kid: hex(16) },
      { evidenceId: hex(32) },
      { epoch: 4 },
      { envHash: hex(32) },
      { at: NOW + 7 },
      { prev: hex(32) },
      { hash: hex(32) },
    ]

    for (const change of changes)
      for (const at of [0, 4, 8]) {
        const changed = entries.map((entry, place) =>
          place === at ? { ...entry, ...change } : entry,
        )
        expect(kindsOf({ entries: changed, heads })).not.toEqual([])
      }
  })

  it('tells of an entry that was changed together with its hash', () => {
    const { entries, heads } = writtenLog()
    const [first, ...rest] = entries as [LoggedRelease, ...LoggedRelease[]]
    const forged = { ...first, kid: hex(16) }

    expect(
      kindsOf({ entries: [{ ...forged, hash: releaseHash(forged) }, ...rest], heads }),
    ).toEqual(['reordered'])
  })

  it('tells of entries that changed places, even with their numbers put right', () => {
    const { entries, heads } = writtenLog()
    const [a, b, ...rest] = entries as [LoggedRelease, LoggedRelease, ...LoggedRelease[]]
    const swapped = [
      { ...b, seq: 0 },
      { ...a, seq: 1 },
    ]
    const rehashed = swapped.map((entry) => ({ ...entry, hash: releaseHash(entry) }))

    expect(kindsOf({ entries: [...swapped, ...rest], heads })).toContain('changed')
    expect(kindsOf({ entries: [...rehashed, ...rest], heads })).toContain('reordered')
  })

  it('written anew from any place on contradicts a signed head', () => {
    const { heads } = writtenLog()
    const forged = writtenLog().entries.map((entry) => ({ ...entry, chain: heads[0]?.chain ?? '' }))
    let prev = NO_HASH
    const chained = forged.map((entry) => {
      const linked = { ...entry, prev }
      prev = releaseHash(linked)
      return { ...linked, hash: prev }
    })

    expect(kindsOf({ entries: chained, heads })).toEqual(['head-broken'])
  })

  it('tells of heads that were removed, changed or signed by another', () => {
    const { entries, heads } = writtenLog()
    const [first, second, third] = heads as [SignedHead, SignedHead, SignedHead]
    const stranger = identityOf(randomBytes(32))

    expect(kindsOf({ entries, heads: [second, third] })).toEqual(['head-missing'])
    expect(kindsOf({ entries, heads: [first, third] })).toEqual(['head-missing'])
    expect(kindsOf({ entries, heads: [first, second, { ...third, at: third.at + 1 }] })).toEqual([
      'head-forged',
    ])
    expect(kindsOf({ entries, heads: [first, second, stranger.signLogHead(third)] })).toEqual([
      'head-forged',
    ])
    expect(kindsOf({ entries, heads: [first, second, { ...third, sig: '' }] })).toEqual([
      'head-forged',
    ])
  })

  it('begins a new chain after a failed write and each day, and signs the end of the old one', () => {
    const chain = createReleaseChain('devnet', NOW)
    const write = () => chain.advance(chain.place(someFacts()))
    write()
    chain.restart()
    write()

    const ends = chain.unsigned(NOW + HOUR)
    chain.signed()
    const again = chain.unsigned(NOW + 2 * HOUR)
    write()
    const nextDay = chain.unsigned(NOW + 25 * HOUR)
    chain.signed()
    write()

    expect(ends.map(({ seq }) => seq)).toEqual([0, 0])
    expect(ends[0]?.chain).not.toBe(ends[1]?.chain)
    expect(again).toEqual([])
    expect(nextDay).toMatchObject([{ chain: ends[1]?.chain, seq: 1 }])
    expect(chain.unsigned(NOW + 26 * HOUR)[0]?.chain).not.toBe(ends[1]?.chain)
  })

  it('may have forgotten old chains whole, and nothing else', () => {
    const { entries, heads } = writtenLog()

    expect(kindsOf({ entries: [], heads, keptFromMs: NOW + 24 * HOUR })).toEqual([])
    expect(kindsOf({ entries: [], heads })).toEqual(['head-broken'])
    expect(kindsOf({ entries: entries.slice(1), heads, keptFromMs: NOW + 24 * HOUR })).toContain(
      'missing',
    )
  })
})
