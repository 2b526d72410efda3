import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import { devEntry, issueDevPolicy, reviseDevPolicy } from '../../../../src/tee/dev/policy.ts'
import type { Anchor } from '../../../../src/tee/policy/anchor.ts'
import { openPolicyFolder } from '../../../../src/tee/policy/folder.ts'
import { createPolicyStore } from '../../../../src/tee/policy/store.ts'
import {
  type Policy,
  policyBytes,
  policyDigest,
} from '../../../../src/tee/verify/policy/document.ts'
import { judge } from '../../../../src/tee/verify/policy/judge.ts'
import {
  dayS,
  register,
  signedBy,
  signersOf,
  snpEntry,
  snpMeasured,
  someJudged,
  somePolicy,
  someSigners,
  someVerdict,
  tdxEntry,
  tdxMeasured,
} from '../../../support/policy.ts'
import { keptLog, tempFolder } from '../../../support/stores.ts'
import { handClock, NOW_S } from '../../../support/tee.ts'

function folderOf(): string {
  const folder = tempFolder('policy')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A mainnet gateway with its folder, its signers and a registry in memory. */
function setUp() {
  const path = folderOf()
  const trio = someSigners(3)
  const clock = handClock()
  let anchor: Anchor | undefined
  const open = () =>
    createPolicyStore({
      net: 'mainnet',
      signers: signersOf('mainnet', trio),
      folder: openPolicyFolder(path),
      readAnchor: async () => {
        if (!anchor) throw new Error('no answer')
        return anchor
      },
      clock,
      log: keptLog().log,
    })
  const put = (policy: Policy, name = `${policy.epoch}.json`): Policy => {
    const signed = signedBy(policy, trio.slice(0, 2))
    writeFileSync(join(path, name), policyBytes(signed))
    return signed
  }
  const anchorAs = (policy: Policy, change: Partial<Anchor> = {}): void => {
    const now = Math.floor(clock.now() / 1000)
    const sha256 = policyDigest(policy, nodeHashes)
    anchor = { epoch: policy.epoch, sha256, anchoredAt: now, activeFrom: now, ...change }
  }
  const silence = (): void => {
    anchor = undefined
  }
  return { path, trio, clock, open, put, anchorAs, silence, store: open() }
}
const follow = (before: Policy, change: Partial<Policy>): Policy => ({
  ...before,
  epoch: before.epoch + 1,
  prev: policyDigest(before, nodeHashes),
  signatures: [],
  ...change,
})

describe('a policy store', () => {
  it('admits nobody before it has read anything, and without documents', async () => {
    const { store } = setUp()
    expect(store.inForce()).toBeUndefined()

    await store.refresh()

    expect(store.inForce()).toBeUndefined()
    expect(store.problem()).toBe('POL_ANCHOR')
  })

  it('takes the anchored document and tells it once', async () => {
    const { store, put, anchorAs } = setUp()
    const told: (number | undefined)[] = []
    store.onChange(() => told.push(store.inForce()?.current.epoch))
    anchorAs(put(somePolicy()))

    await store.refresh()
    await store.refresh()

    expect(told).toEqual([1])
    expect(store.problem()).toBeUndefined()
  })

  it('a document with one signature, a changed byte, another name or another net is as good as absent', async () => {
    const { store, path, trio, put, anchorAs } = setUp()
    const signed = put(somePolicy())
    anchorAs(signed)
    const bytes = policyBytes(signed)
    const broken = Uint8Array.from(bytes)
    broken[bytes.length - 5] = 0x30 ^ (bytes[bytes.length - 5] ?? 0)
    const wrong = [
      policyBytes(signedBy(somePolicy(), trio.slice(0, 1))),
      broken,
      policyBytes(signedBy(somePolicy({ epoch: 2, prev: register(1, 32) }), trio)),
      policyBytes(signedBy(somePolicy({ net: 'testnet' }), trio)),
      new TextEncoder().encode('{}'),
    ]

    for (const one of wrong) {
      writeFileSync(join(path, '1.json'), one)
      await store.refresh()
      expect(store.inForce()).toBeUndefined()
    }
    writeFileSync(join(path, '1.json'), bytes)
    await store.refresh()
    expect(store.inForce()?.current).toEqual(signed)
  })

  it('a removal that is put here is in force at the next reading, within 5 s while watched', async () => {
    const { store, clock, put, anchorAs } = setUp()
    const first = put(somePolicy())
    anchorAs(first)
    const changes: number[] = []
    await store.refresh()
    store.onChange(() => changes.push(clock.now()))
    const watching = store.watch(2000)
    onTestFinished(() => watching.close())

    anchorAs(put(follow(first, { entries: [] })))
    clock.turn(2000)
    await store.refresh()

    expect(changes).toHaveLength(1)
    expect((changes[0] ?? 0) - NOW_S * 1000).toBeLessThanOrEqual(5000)
    expect(store.inForce()?.current.entries).toEqual([])
  })

  it('does not go back after a restart, whatever folder and registry say', async () => {
    const { store, path, open, put, anchorAs } = setUp()
    const first = put(somePolicy())
    anchorAs(first)
    await store.refresh()
    anchorAs(put(follow(first, { minEvalNumber: 18 })))
    await store.refresh()

    rmSync(join(path, '2.json'))
    anchorAs(first)
    const restarted = open()
    await restarted.refresh()

    expect(restarted.problem()).toBe('POL_ROLLBACK')
    expect(restarted.inForce()).toBeUndefined()
  })

  it('goes on without the registry after a restart, until the document ends', async () => {
    const { store, clock, open, put, anchorAs, silence } = setUp()
    anchorAs(put(somePolicy()))
    await store.refresh()
    silence()

    const restarted = open()
    await restarted.refresh()

    expect(restarted.inForce()?.current.epoch).toBe(1)
    expect(restarted.problem()).toBe('POL_ANCHOR')
    clock.turn(31 * dayS * 1000)
    expect(restarted.inForce()).toBeUndefined()
  })

  it('keeps additions waiting over a restart', async () => {
    const { store, clock, open, put, anchorAs, silence } = setUp()
    const first = put(somePolicy())
    anchorAs(first)
    await store.refresh()
    const next = put(follow(first, { entries: [tdxEntry(), snpEntry()] }))
    anchorAs(next, { activeFrom: NOW_S + dayS })
    await store.refresh()
    silence()

    const restarted = open()
    await restarted.refresh()
    clock.turn(2 * dayS * 1000)

    expect(restarted.inForce()).toMatchObject({ current: first, pending: next })
    anchorAs(next, { anchoredAt: NOW_S, activeFrom: NOW_S + dayS })
    await restarted.refresh()
    expect(restarted.inForce()?.current).toEqual(next)
  })

  it('a damaged record of what was seen is not taken for none', async () => {
    const { path, open, put, anchorAs } = setUp()
    anchorAs(put(somePolicy()))
    writeFileSync(join(path, 'seen.json'), '{"epoch":')

    const store = open()
    await store.refresh()

    expect(store.inForce()).toBeUndefined()
  })

  it('shows the signed text of each epoch that is here, and no other', async () => {
    const { store, path, put, anchorAs } = setUp()
    const first = put(somePolicy())
    anchorAs(first)
    await store.refresh()
    anchorAs(put(follow(first, { minEvalNumber: 18 })))
    await store.refresh()

    expect(await store.policyText(1)).toBe(readFileSync(join(path, '1.json'), 'utf8'))
    expect(await store.policyText('latest')).toBe(readFileSync(join(path, '2.json'), 'utf8'))
    expect(await store.policyText(3)).toBeUndefined()
    writeFileSync(join(path, '3.json'), '{"v":1}')
    expect(await store.policyText(3)).toBeUndefined()
  })
})

describe('the policy of the dev network', () => {
  const machine = tdxEntry({ mrtd: `53494d${register(1, 45)}` })
  const entries = [devEntry(tdxMeasured(machine))]
  const accepts = (policy: Policy | undefined): boolean =>
    policy !== undefined &&
    judge(policy, someJudged({ net: 'devnet', verdict: someVerdict(tdxMeasured(machine)) })).ok

  async function start(place: { folder: string; keys: string }, clock = handClock()) {
    const made = await issueDevPolicy({ ...place, clock }, entries)
    const store = createPolicyStore({ net: 'devnet', ...made, clock, log: keptLog().log })
    await store.refresh()
    return store
  }

  it('is made at the first start and admits the simulated machine', async () => {
    const place = { folder: folderOf(), keys: folderOf() }

    const store = await start(place)

    expect(accepts(store.inForce()?.current)).toBe(true)
    expect(statSync(join(place.keys, 'policy.key')).mode & 0o777).toBe(0o600)
  })

  it('is the same at the next start, and renewed before it ends', async () => {
    const place = { folder: folderOf(), keys: folderOf() }
    await start(place)
    expect((await start(place)).inForce()?.current.epoch).toBe(1)

    const later = await start(place, handClock((NOW_S + 200 * dayS) * 1000))

    expect(later.inForce()?.current.epoch).toBe(2)
  })

  it('starts as one document when two processes start at once', async () => {
    const place = { folder: folderOf(), keys: folderOf() }

    const stores = await Promise.all([start(place), start(place, handClock(NOW_S * 1000 + 5000))])

    for (const store of stores) await store.refresh()
    expect(new Set(stores.map((store) => store.inForce()?.sha256)).size).toBe(1)
    expect(existsSync(join(place.folder, '2.json'))).toBe(false)
  })

  it('revokes at once, and a denied measurement does not come back with the next start', async () => {
    const place = { folder: folderOf(), keys: folderOf() }
    const store = await start(place)

    const deny = { kids: [], hw: [], measurements: [machine.mrtd] }
    await reviseDevPolicy({ ...place, clock: handClock() }, () => ({ deny, entries: [] }))
    await store.refresh()

    expect(store.inForce()?.current).toMatchObject({ epoch: 2, entries: [] })
    expect(accepts((await start(place)).inForce()?.current)).toBe(false)
  })

  it('has entries for simulated AMD machines as well', () => {
    const guest = snpMeasured(snpEntry({ product: 'Genoa' }))
    const policy = somePolicy({ net: 'devnet', entries: [devEntry(guest)] })

    expect(judge(policy, someJudged({ net: 'devnet', verdict: someVerdict(guest) })).ok).toBe(true)
  })
})
