import { describe, expect, it } from 'vitest'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import type { Measurements, Tcb } from '../../../../src/tee/verify/examination.ts'
import type { Policy } from '../../../../src/tee/verify/policy/document.ts'
import type { TdxEntry } from '../../../../src/tee/verify/policy/entry.ts'
import { hardwareHash } from '../../../../src/tee/verify/policy/hardware-id.ts'
import { judge, judgeInForce } from '../../../../src/tee/verify/policy/judge.ts'
import { loggedEvents, rtmr3Of } from '../../../support/event-log.ts'
import {
  dayS,
  failedBy,
  NOW_MS,
  register,
  snpEntry,
  snpMeasured,
  someJudged,
  someModel,
  somePolicy,
  someTcb,
  someVerdict,
  tdxEntry,
  tdxMeasured,
} from '../../../support/policy.ts'
import { NOW_S } from '../../../support/tee.ts'

const dayMs = dayS * 1000
const policy = somePolicy()
const measured = tdxMeasured(tdxEntry())
const hw = hardwareHash('tdx', register(0xbb, 16), nodeHashes)

describe('a worker whose state is listed', () => {
  it('is accepted with its tier, entry, hardware name and the earliest end', () => {
    const judgement = judge(policy, someJudged())

    expect(judgement).toEqual({
      ok: true,
      failed: [],
      tier: 'cpu-tee',
      entry: policy.entries[0],
      hw,
      expiresAt: NOW_MS + 7 * dayMs,
      mendBy: (policy.entries[0]?.until ?? 0) * 1000,
    })
  })

  it('ends with the policy or its entry where they end first', () => {
    const until = (change: Partial<Policy>) =>
      judge({ ...policy, ...change }, someJudged()).expiresAt

    expect(until({ notAfter: NOW_S + dayS })).toBe(NOW_MS + dayMs)
    expect(until({ entries: [tdxEntry({ until: NOW_S + 2 * dayS })] })).toBe(NOW_MS + 2 * dayMs)
  })

  it('is called simulated on devnet, whatever it shows', () => {
    const dev = somePolicy({ net: 'devnet' })

    expect(judge(dev, someJudged({ net: 'devnet' })).tier).toBe('simulated')
  })
})

describe('measurements are exact', () => {
  const members = [
    'mrTd',
    'rtmr0',
    'rtmr1',
    'rtmr2',
    'rtmr3',
    'mrConfigId',
    'mrOwner',
    'mrOwnerConfig',
  ] as const

  it.each(members)('another %s is not on the list', (member) => {
    const verdict = someVerdict({ ...measured, [member]: register(0x77) })

    expect(failedBy(policy, { verdict })).toEqual(['POL_MEASUREMENT'])
  })

  it('other attributes or features than the entry’s have their own codes', () => {
    const other = (change: Partial<typeof measured>) =>
      failedBy(policy, { verdict: someVerdict({ ...measured, ...change }) })

    expect(other({ tdAttributes: '0000005000000000' })).toEqual(['TDX_ATTR'])
    expect(other({ xfam: 'e700060000000000' })).toEqual(['TDX_XFAM'])
  })

  it.each([
    ['an empty list', { entries: [] }],
    ['an entry for gateways', { entries: [tdxEntry({ role: 'gateway' })] }],
    ['an entry that has ended', { entries: [tdxEntry({ until: NOW_S - 1 })] }],
    ['an entry that has not begun', { entries: [tdxEntry({ from: NOW_S + 1 })] }],
    ['an entry for AMD', { entries: [snpEntry()] }],
  ])('%s lets nobody in', (_, change) => {
    expect(failedBy(somePolicy(change))).toEqual(['POL_MEASUREMENT'])
  })

  it('evidence without measurements is not on any list', () => {
    const { measurements: _measurements, ...bare } = someVerdict(measured)

    expect(failedBy(policy, { verdict: bare })).toEqual(['POL_MEASUREMENT'])
  })

  it('of two entries for one state the one that is met counts, wherever it stands', () => {
    const other = tdxEntry({ models: [{ id: 'other', weights: someModel.weights }] })

    for (const entries of [
      [other, tdxEntry()],
      [tdxEntry(), other],
    ])
      expect(judge(somePolicy({ entries }), someJudged()).entry).toEqual(tdxEntry())
    expect(failedBy(somePolicy({ entries: [other] }))).toEqual(['CLM_MODEL'])
  })
})

describe('a compose hash', () => {
  const compose = register(0xab, 32)
  const events = [{ event: 'compose-hash', payload: compose }]
  const { rtmr3: _rtmr3, ...rest } = tdxEntry()
  const entry: TdxEntry = { ...rest, composeHash: compose }
  const byLog = somePolicy({ entries: [entry] })
  const verdict = someVerdict({ ...measured, rtmr3: rtmr3Of(events) })
  const log = JSON.stringify(loggedEvents(events))

  it('stands for the register when the log replays to it', () => {
    expect(failedBy(byLog, { verdict, eventlog: log })).toEqual([])
  })

  it('is not believed without a log, nor with one of another register', () => {
    expect(failedBy(byLog, { verdict })).toEqual(['POL_EVENTLOG'])
    expect(failedBy(byLog, { verdict: someVerdict(measured), eventlog: log })).toEqual([
      'POL_EVENTLOG',
    ])
  })

  it('is read from the log once, however many entries ask', () => {
    let hashed = 0
    const hashes = {
      ...nodeHashes,
      sha384: (bytes: Uint8Array) => {
        hashed++
        return nodeHashes.sha384(bytes)
      },
    }
    const entries = Array.from({ length: 100 }, (_, at) => ({
      ...entry,
      composeHash: register(at, 32),
    }))

    failedBy(somePolicy({ entries }), { verdict, eventlog: log, hashes })

    expect(hashed).toBe(2)
  })

  it('that is another one is another machine', () => {
    const others = [{ event: 'compose-hash', payload: register(0xcd, 32) }]
    const other = someVerdict({ ...measured, rtmr3: rtmr3Of(others) })
    const eventlog = JSON.stringify(loggedEvents(others))

    expect(failedBy(byLog, { verdict: other, eventlog })).toEqual(['POL_MEASUREMENT'])
  })
})

describe('AMD', () => {
  const entry = snpEntry()
  const amd = somePolicy({ entries: [entry] })
  const guest = snpMeasured(entry)
  const failed = (change: Partial<typeof guest>) =>
    failedBy(amd, { verdict: someVerdict({ ...guest, ...change }) })

  it('is accepted as listed, without Intel’s collateral', () => {
    expect(failed({})).toEqual([])
  })

  it.each([
    ['measurement', register(0x77)],
    ['hostData', register(0x77, 32)],
    ['policy', '0000000000020000'],
    ['idKeyDigest', register(0x77)],
    ['authorKeyDigest', register(0x77)],
    ['product', 'Turin'],
  ] as const)('another %s is not on the list', (member, value) => {
    expect(failed({ [member]: value })).toEqual(['POL_MEASUREMENT'])
  })

  it.each(['reportedTcb', 'committedTcb', 'launchTcb'] as const)(
    '%s must reach the minimum in every part',
    (version) => {
      expect(failed({ [version]: { ...guest[version], ucode: 71 } })).toEqual(['TCB_MIN'])
      expect(failed({ [version]: { bl: 9, tee: 0, snp: 23 } })).toEqual(['TCB_MIN'])
      expect(failed({ [version]: { ...guest[version], ucode: 73 } })).toEqual([])
    },
  )

  it('a cloud’s key names no chip and is refused', () => {
    expect(failed({ signer: 'vlek' })).toEqual(['SNP_SIGNER'])
  })

  it('Milan is refused off devnet even by a policy that could not be written', () => {
    const milan = snpEntry({ product: 'Milan' })
    const verdict = someVerdict(snpMeasured(milan))

    expect(failedBy(somePolicy({ entries: [milan] }), { verdict })).toEqual(['SNP_PRODUCT_BANNED'])
    const dev = somePolicy({ net: 'devnet', entries: [milan] })
    expect(failedBy(dev, { verdict, net: 'devnet' })).toEqual([])
  })
})

describe('Intel’s statuses', () => {
  const failed = (tcb: Partial<Tcb>, change: Partial<Policy> = {}) =>
    failedBy(somePolicy(change), { verdict: someVerdict(measured, { tcb: someTcb(tcb) }) })
  const generous = { tcb: { outOfDateDays: 30, advisories: ['INTEL-SA-1', 'INTEL-SA-2'] } }
  const none = { outOfDateDays: 0, advisories: [] }

  it('nothing but UpToDate passes by default', () => {
    expect(failed({})).toEqual([])
    for (const status of [
      'SWHardeningNeeded',
      'ConfigurationNeeded',
      'ConfigurationAndSWHardeningNeeded',
      'OutOfDate',
      'OutOfDateConfigurationNeeded',
    ] as const)
      expect(failed({ status, newestDateMs: NOW_MS }, { tcb: none })).toEqual(['TCB_STATUS'])
  })

  it('out of date is tolerated for the given days after the level that outdated it, and no longer', () => {
    const old = (days: number) =>
      failed({ status: 'OutOfDate', newestDateMs: NOW_MS - days * dayMs }, generous)

    expect(old(0)).toEqual([])
    expect(old(30)).toEqual([])
    expect(old(30.001)).toEqual(['TCB_STATUS'])
    expect(failed({ status: 'OutOfDate', newestDateMs: Number.NaN }, generous)).toEqual([
      'TCB_STATUS',
    ])
  })

  it('the tolerance ends the session with it', () => {
    const tcb = someTcb({ status: 'OutOfDate', newestDateMs: NOW_MS - 29 * dayMs })
    const judged = someJudged({ verdict: someVerdict(measured, { tcb }) })

    const { expiresAt, mendBy } = judge(somePolicy(generous), judged)
    expect([expiresAt, mendBy]).toEqual([NOW_MS + dayMs, NOW_MS + dayMs])
  })

  it('software hardening passes only with each of its advisories listed', () => {
    const hardening = (advisories: string[]) =>
      failed({ status: 'SWHardeningNeeded', advisories }, generous)

    expect(hardening(['INTEL-SA-2'])).toEqual([])
    expect(hardening(['INTEL-SA-2', 'INTEL-SA-3'])).toEqual(['TCB_STATUS'])
    expect(hardening([])).toEqual(['TCB_STATUS'])
  })

  it('what needs configuration or is revoked passes under no policy', () => {
    for (const status of [
      'ConfigurationNeeded',
      'ConfigurationAndSWHardeningNeeded',
      'OutOfDateConfigurationNeeded',
    ] as const)
      expect(
        failed({ status, newestDateMs: NOW_MS, advisories: ['INTEL-SA-1'] }, generous),
      ).toEqual(['TCB_STATUS'])
    expect(failed({ status: 'Revoked' }, generous)).toEqual(['TCB_REVOKED'])
  })

  it('collateral older than the policy wants, or none, is refused', () => {
    expect(failed({ evalNumber: 16 })).toEqual(['COL_EVAL_NUMBER'])
    const { tcb: _tcb, ...bare } = someVerdict(measured)
    expect(failedBy(policy, { verdict: bare })).toEqual(['TCB_UNKNOWN'])
  })
})

describe('GPUs', () => {
  const gpu = {
    drivers: ['580.95.05'],
    vbios: ['96.00.9f.00.01'],
    golden: { '0': register(1), '7': register(2) },
    nras: 'off',
  } as const
  const report: Extract<Measurements, { tee: 'nvidia' }> = {
    tee: 'nvidia',
    driver: '580.95.05',
    vbios: '96.00.9f.00.01',
    fwid: register(3),
    blocks: { '0': register(1), '7': register(2), '9': register(4) },
  }
  const withGpu = (change: object = {}) =>
    somePolicy({ entries: [tdxEntry({ gpu: { ...gpu, ...change } })] })
  const one = (change: Partial<typeof report> = {}) => ({
    verdict: someVerdict({ ...report, ...change }),
  })
  const failed = (change: Partial<typeof report>) => failedBy(withGpu(), { gpus: [one(change)] })

  it('that are all listed make the higher tier', () => {
    const second = { verdict: someVerdict(report, { hardware: register(0xab, 32) }) }

    expect(judge(withGpu(), someJudged({ gpus: [one(), second] })).tier).toBe('gpu-tee')
  })

  it('of another driver, firmware or golden digest are refused', () => {
    expect(failed({ driver: '570.1' })).toEqual(['GPU_VERSION'])
    expect(failed({ vbios: '96.00.00.00.00' })).toEqual(['GPU_VERSION'])
    expect(failed({ blocks: { ...report.blocks, '7': register(9) } })).toEqual(['GPU_MEASUREMENT'])
    expect(failed({ blocks: { '0': register(1) } })).toEqual(['GPU_MEASUREMENT'])
  })

  it('are not measured at a decoder that is off, and at nothing else less', () => {
    const listed = withGpu({ golden: { ...gpu.golden, '35': register(5) } })
    const on = (digest: string) => one({ blocks: { ...report.blocks, '35': digest } })

    expect(failedBy(listed, { gpus: [one()] })).toEqual([])
    expect(failedBy(listed, { gpus: [on(register(5))] })).toEqual([])
    expect(failedBy(listed, { gpus: [on(register(6))] })).toEqual(['GPU_MEASUREMENT'])
    expect(failedBy(withGpu({ golden: { '35': register(5) } }), { gpus: [one()] })).toEqual([
      'GPU_MEASUREMENT',
    ])
  })

  it('pass by no empty list', () => {
    for (const change of [{ drivers: [] }, { vbios: [] }])
      expect(failedBy(withGpu(change), { gpus: [one()] })).toEqual(['GPU_VERSION'])
    expect(failedBy(withGpu({ golden: {} }), { gpus: [one()] })).toEqual(['GPU_MEASUREMENT'])
  })

  it('are there where the entry names them, and not where it does not', () => {
    expect(failedBy(withGpu(), { gpus: [] })).toEqual(['GPU_MEASUREMENT'])
    expect(failedBy(policy, { gpus: [one()] })).toEqual(['GPU_VERSION'])
  })

  it('are not counted twice, and have a name', () => {
    const { hardware: _hardware, ...unnamed } = someVerdict(report)

    expect(failedBy(withGpu(), { gpus: [one(), one()] })).toEqual(['GPU_CLONE'])
    expect(failedBy(withGpu(), { gpus: [{ verdict: unnamed }] })).toEqual(['GPU_CLONE'])
  })

  it('need NVIDIA’s word where the entry says so', () => {
    const strict = withGpu({ nras: 'required' })

    expect(failedBy(strict, { gpus: [one()] })).toEqual(['GPU_NRAS_RESULT'])
    expect(failedBy(strict, { gpus: [{ ...one(), nras: false }] })).toEqual(['GPU_NRAS_RESULT'])
    expect(failedBy(strict, { gpus: [{ ...one(), nras: true }] })).toEqual([])
  })

  it('whose own evidence failed take the worker with them', () => {
    const bad = someVerdict(report, { ok: false, failed: ['GPU_SIG'], code: 'GPU_SIG' })

    expect(failedBy(withGpu(), { gpus: [{ verdict: bad }] })).toEqual(['GPU_SIG'])
  })
})

describe('whatever else is wrong', () => {
  it('a refused verdict stays refused, and all codes are named in table order', () => {
    const verdict = someVerdict(
      { ...measured, xfam: 'e700060000000000' },
      { ok: false, failed: ['TDX_SIG'], code: 'TDX_SIG' },
    )
    const judgement = judge(policy, someJudged({ verdict, models: [{ ...someModel, id: 'x' }] }))

    expect(judgement.failed).toEqual(['TDX_SIG', 'TDX_XFAM', 'CLM_MODEL'])
    expect(judgement.code).toBe('TDX_SIG')
    expect(judgement.tier).toBeUndefined()
  })

  it('a verdict that is not ok is never accepted, even where it names no reason', () => {
    const verdict = someVerdict(measured, { ok: false })

    expect(judge(policy, someJudged({ verdict })).ok).toBe(false)
  })

  it('a model that is not listed, or with other weights, is refused; none at all is fine', () => {
    expect(failedBy(policy, { models: [{ ...someModel, id: 'x' }] })).toEqual(['CLM_MODEL'])
    const weights = `sha256:${register(1, 32)}`
    expect(failedBy(policy, { models: [{ ...someModel, weights }] })).toEqual(['CLM_MODEL'])
    expect(failedBy(policy, { models: [] })).toEqual([])
    const open = somePolicy({ net: 'devnet', entries: [tdxEntry({ models: 'any' })] })
    expect(failedBy(open, { net: 'devnet', models: [{ id: 'x', weights }] })).toEqual([])
    expect(failedBy({ ...open, net: 'mainnet' }, { models: [] })).toEqual(['CLM_MODEL'])
  })

  it('names of machines, workers and registers on the deny list are refused', () => {
    const deny = (change: Partial<Policy['deny']>) =>
      failedBy(somePolicy({ deny: { ...policy.deny, ...change } }))

    expect(deny({ kids: [register(0xcc, 16)] })).toEqual(['POL_DENIED'])
    expect(deny({ hw: [hw ?? ''] })).toEqual(['POL_DENIED'])
    for (const value of [measured.mrTd, measured.rtmr3, measured.mrConfigId])
      expect(deny({ measurements: [value] })).toEqual(['POL_DENIED'])
    expect(deny({ measurements: [register(0x78)] })).toEqual([])
  })

  it('another network’s policy, a time outside it, and a clock that is no number are refused', () => {
    expect(failedBy(policy, { net: 'testnet' })).toEqual(['NET_MISMATCH'])
    const late = someVerdict(measured, { expiresAt: NOW_MS + 90 * dayMs })
    const entries = [tdxEntry({ until: NOW_S + 90 * dayS })]
    const at = (nowMs: number) => failedBy(somePolicy({ entries }), { nowMs, verdict: late })
    expect(at(NOW_MS + 31 * dayMs)).toEqual(['POL_EXPIRED'])
    expect(at(NOW_MS - 1.5 * dayMs)).toContain('POL_EARLY')
    expect(at(Number.NaN)).toContain('X509_NOW')
  })

  it('evidence that has ended, or has no end, is refused', () => {
    const { expiresAt: _end, ...endless } = someVerdict(measured)

    expect(failedBy(policy, { verdict: endless })).toEqual(['COL_TIME'])
    const ended = someVerdict(measured, { expiresAt: NOW_MS - 1 })
    expect(failedBy(policy, { verdict: ended })).toEqual(['COL_TIME'])
  })

  it('simulated measurements are refused off devnet even where a policy lists them', () => {
    const entry = tdxEntry({ mrtd: `53494d${register(0, 45)}` })
    const verdict = someVerdict(tdxMeasured(entry))

    expect(failedBy(somePolicy({ entries: [entry] }), { verdict })).toEqual(['DEV_MARK'])
  })
})

describe('while the next policy waits', () => {
  const other = tdxEntry({ mrtd: register(0x99) })
  const newcomer = someVerdict(tdxMeasured(other))

  it('what it adds is not accepted yet', () => {
    const pending = somePolicy({ epoch: 2, prev: register(1, 32), entries: [tdxEntry(), other] })

    expect(judgeInForce({ current: policy, pending }, someJudged()).ok).toBe(true)
    const judgement = judgeInForce({ current: policy, pending }, someJudged({ verdict: newcomer }))
    expect(judgement.failed).toEqual(['POL_MEASUREMENT'])
  })

  it('what it removes or denies is refused at once', () => {
    const removes = somePolicy({ epoch: 2, entries: [other] })
    const denies = somePolicy({ deny: { ...policy.deny, kids: [register(0xcc, 16)] } })

    expect(judgeInForce({ current: policy, pending: removes }, someJudged())).toMatchObject({
      ok: false,
      code: 'POL_MEASUREMENT',
    })
    expect(judgeInForce({ current: policy, pending: denies }, someJudged()).code).toBe('POL_DENIED')
  })

  it('its own time is not held against it', () => {
    const pending = somePolicy({ notBefore: NOW_S + dayS, notAfter: NOW_S + 40 * dayS })

    expect(judgeInForce({ current: policy, pending }, someJudged()).ok).toBe(true)
  })
})

describe('the name of a machine', () => {
  it('depends on its kind and id, and is none for what is no hex', () => {
    expect(hw).toMatch(/^[0-9a-f]{64}$/)
    expect(hardwareHash('snp', register(0xbb, 16), nodeHashes)).not.toBe(hw)
    expect(hardwareHash('tdx', 'no hex', nodeHashes)).toBeUndefined()
    expect(hardwareHash('tdx', '', nodeHashes)).toBeUndefined()
  })
})
