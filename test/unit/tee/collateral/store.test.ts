import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createAmdService } from '../../../../src/tee/collateral/amd.ts'
import { type CollateralDisk, createCollateralDisk } from '../../../../src/tee/collateral/disk.ts'
import { createVendorGet, type FetchPort } from '../../../../src/tee/collateral/http.ts'
import { createIntelService, type IntelService } from '../../../../src/tee/collateral/intel.ts'
import { createCollateralStore } from '../../../../src/tee/collateral/store.ts'
import { createDevIntel } from '../../../../src/tee/dev/intel.ts'
import type { CollateralEdits } from '../../../../src/tee/dev/tdx-collateral.ts'
import { createVerdictCache } from '../../../../src/tee/evidence/verdict-cache.ts'
import { TeeError } from '../../../../src/tee/verify/codes.ts'
import type { Verdict } from '../../../../src/tee/verify/examination.ts'
import { devPki } from '../../../support/attested.ts'
import { quietLog } from '../../../support/quiet-log.ts'
import { handClock } from '../../../support/tee.ts'

const platform = { fmspc: 'dec06f000000', ca: 'platform' } as const
const HOUR = 3_600_000
const noDisk: CollateralDisk = { read: () => [], write: () => true }
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

async function codeOf(step: () => Promise<unknown>): Promise<string> {
  try {
    await step()
    return 'nothing thrown'
  } catch (error) {
    return error instanceof TeeError ? error.code : String(error)
  }
}

function open(disk = noDisk) {
  const clock = handClock()
  let edits: CollateralEdits = {}
  let fails = false
  const calls: string[] = []
  const real = createDevIntel(devPki(), clock, () => edits)
  const counted = <T>(name: string, step: () => Promise<T>): Promise<T> => {
    calls.push(name)
    return fails ? Promise.reject(new TeeError('COL_FETCH')) : step()
  }
  const intel: IntelService = {
    tcbInfo: (fmspc) => counted('tcb', () => real.tcbInfo(fmspc)),
    qeIdentity: () => counted('qe', () => real.qeIdentity()),
    pckCrl: (ca) => counted('pck', () => real.pckCrl(ca)),
    rootCrl: () => counted('root', () => real.rootCrl()),
  }
  const get = createVendorGet({ fetch: () => Promise.reject(new Error('no network')), clock })
  const store = createCollateralStore({
    intel,
    amd: createAmdService(get),
    disk,
    clock,
    log: quietLog,
  })
  return {
    clock,
    store,
    calls,
    fail: (now: boolean) => (fails = now),
    edit: (next: CollateralEdits) => (edits = next),
  }
}

describe('kept collateral', () => {
  test('is fetched once for all who ask at once, and again when it is due', async () => {
    const { clock, store, calls } = open()
    expect(store.knows(platform)).toBe(false)

    await Promise.all([store.tdx(platform), store.tdx(platform), store.tdx(platform)])
    expect(calls.toSorted()).toEqual(['pck', 'qe', 'root', 'tcb'])
    await store.tdx(platform)
    clock.turn(6 * HOUR)
    await store.refresh()

    expect(calls.slice(4).toSorted()).toEqual(['pck', 'root'])
    expect(store.knows(platform)).toBe(true)
  })

  test('is never replaced by an older number, and tells of what changed', async () => {
    const { clock, store, edit } = open()
    const before = await store.tdx(platform)
    let told = 0
    store.onChange(() => void told++)

    edit({ tcbInfo: (info) => void (info['tcbEvaluationDataNumber'] = 19) })
    clock.turn(16 * 24 * HOUR)
    await store.refresh()
    const kept = await store.tdx(platform)
    expect(kept.tcb_info).toBe(before.tcb_info)
    expect(told).toBeGreaterThan(0)

    edit({ tcbInfo: (info) => void (info['tcbEvaluationDataNumber'] = 21) })
    clock.turn(HOUR)
    await store.refresh()
    expect((await store.tdx(platform)).tcb_info).toContain('"tcbEvaluationDataNumber":21')
  })

  test('outlives its service: given until a new one comes, also past its end', async () => {
    const { clock, store, fail } = open()
    const before = await store.tdx(platform)
    fail(true)
    clock.turn(40 * 24 * HOUR)
    await store.refresh()

    expect(await store.tdx(platform)).toEqual(before)
    expect(await codeOf(() => store.tdx({ ...platform, fmspc: '000000000000' }))).toBe('COL_FETCH')
  })

  test('survives a restart, damaged files aside', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chrysalis-collateral-'))
    folders.push(folder)
    const first = await open(createCollateralDisk(folder)).store.tdx(platform)
    const again = open(createCollateralDisk(folder))
    again.fail(true)

    expect(await again.store.tdx(platform)).toEqual(first)
    expect(again.calls).toEqual([])
  })
})

describe('asking a vendor', () => {
  const get = (fetch: FetchPort) => createVendorGet({ fetch, clock: handClock() })

  test.each<[string, () => Response]>([
    ['a redirect', () => new Response('', { status: 302, headers: { location: 'http://x/' } })],
    ['an unknown machine', () => new Response('', { status: 404 })],
    ['an answer above 1 MiB', () => new Response(new Uint8Array(2 ** 20 + 1))],
  ])('%s is refused at once', async (_what, answer) => {
    let calls = 0
    const ask = get(async () => {
      calls++
      return answer()
    })

    expect(await codeOf(() => ask('https://vendor.test/'))).toBe('COL_FETCH')
    expect(calls).toBe(1)
  })

  test('the signed text is cut out as it stands; any other form is refused', async () => {
    const text = '{"a" : 1}'
    const good = `{"tcbInfo":${text},"signature":"${'ab'.repeat(64)}"}`
    const chain = encodeURIComponent('-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n')
    const service = (body: string, headers: Record<string, string>) =>
      createIntelService(get(async () => new Response(body, { headers })))
    const headers = { 'TCB-Info-Issuer-Chain': chain }

    expect((await service(good, headers).tcbInfo('dec06f000000')).text).toBe(text)
    expect(await codeOf(() => service('{}', headers).tcbInfo('dec06f000000'))).toBe('COL_SHAPE')
    expect(await codeOf(() => service(good, {}).tcbInfo('dec06f000000'))).toBe('COL_SHAPE')
    expect(await codeOf(() => service(good, headers).tcbInfo('../secret'))).toBe('COL_SHAPE')
  })

  test('a chip’s certificate is asked for by its product, id and levels', async () => {
    const asked: string[] = []
    const amd = createAmdService(
      get(async (url) => {
        asked.push(url)
        return new Response(Uint8Array.of(0x30, 0))
      }),
    )
    const chipId = '0a'.repeat(64)
    const tcb = { bl: 10, tee: 0, snp: 23, ucode: 84, fmc: 1 }
    await amd.leaf({ product: 'Genoa', signer: 'vcek', chipId, tcb })
    await amd.leaf({ product: 'Turin', signer: 'vcek', chipId, tcb })

    expect(asked.map((url) => url.split('/vcek/v1/')[1])).toEqual([
      `Genoa/${chipId}?blSPL=10&teeSPL=00&snpSPL=23&ucodeSPL=84`,
      `Turin/${'0a'.repeat(8)}?fmcSPL=01&blSPL=10&teeSPL=00&snpSPL=23&ucodeSPL=84`,
    ])
  })
})

describe('remembered verdicts', () => {
  const subject = {
    evidence: [Uint8Array.of(1)],
    collateral: 'aa',
    epoch: 1,
    expected: Uint8Array.of(2),
  }

  test('die with what they were made from, and belong to it alone', async () => {
    const clock = handClock()
    const cache = createVerdictCache(clock)
    let made = 0
    const make = async (): Promise<Verdict> => {
      made++
      return { ok: true, tee: 'tdx', failed: [], notBefore: 0, expiresAt: clock.now() + 1000 }
    }

    await cache.verdictOn(subject, make)
    await cache.verdictOn(subject, make)
    expect(made).toBe(1)
    await cache.verdictOn({ ...subject, epoch: 2 }, make)
    await cache.verdictOn({ ...subject, collateral: 'ab' }, make)
    await cache.verdictOn({ ...subject, expected: Uint8Array.of(3) }, make)
    await cache.verdictOn({ ...subject, evidence: [Uint8Array.of(1), Uint8Array.of()] }, make)
    expect(made).toBe(5)
    clock.turn(1000)
    await cache.verdictOn(subject, make)
    expect(made).toBe(6)
  })

  test('are accepting ones with an end, and no more than there is room for', async () => {
    const cache = createVerdictCache(handClock(), 2)
    const refused = async (): Promise<Verdict> => ({ ok: false, tee: 'tdx', failed: ['TDX_SIG'] })
    await cache.verdictOn(subject, refused)
    expect(cache.size).toBe(0)
    for (const epoch of [1, 2, 3])
      await cache.verdictOn({ ...subject, epoch }, async () => ({
        ok: true,
        tee: 'tdx',
        failed: [],
        expiresAt: Number.MAX_SAFE_INTEGER,
      }))
    expect(cache.size).toBe(2)
  })
})
