import { expect, test } from 'vitest'
import { concat, fromHex, toHex } from '../../../../src/core/bytes.ts'
import { extension, toPem } from '../../../../src/tee/dev/pki.ts'
import { devMeasurements, devPpid } from '../../../../src/tee/dev/tdx.ts'
import type { JsonObject } from '../../../../src/tee/dev/tdx-collateral.ts'
import { cutSignedText, parseCollateral } from '../../../../src/tee/verify/collateral.ts'
import { joinStatus } from '../../../../src/tee/verify/tdx/tcb.ts'
import { devNowMs, fixedPki, fixedTdx, judgeTdx, reportData } from '../../../support/dev-tdx.ts'

test.each(['4', '5/1.0', '5/1.5'] as const)(
  'a dev quote of format %s is accepted, with all that it says',
  async (format) => {
    const verdict = await judgeTdx(fixedTdx({}, { format }))

    expect(verdict).toMatchObject({
      ok: true,
      failed: [],
      tee: 'tdx',
      hardware: toHex(devPpid(fixedPki, 'first')),
      measurements: { tee: 'tdx', ...devMeasurements() },
      tcb: { status: 'UpToDate', advisories: [], evalNumber: 20 },
      // The collateral's end comes before that of any certificate.
      expiresAt: devNowMs + 30 * 24 * 3600 * 1000,
      notBefore: devNowMs - 24 * 3600 * 1000,
    })
    expect(verdict.reportData).toEqual(reportData)
  },
)

test('the same seed gives the same quote and collateral, another machine another', () => {
  const first = fixedTdx()

  expect(fixedTdx()).toEqual(first)
  expect(fixedTdx({}, { machine: 'second' }).quote).not.toEqual(first.quote)
})

test.each([0, 1, 31, 33, 1000])(
  'authentication data of %i bytes are bound as well',
  async (length) => {
    const { ok } = await judgeTdx(fixedTdx({ authData: new Uint8Array(length).fill(5) }))

    expect(ok).toBe(true)
  },
)

test.each([1, 70, 128])('%i zeros after the quote are its buffer', async (count) => {
  const { quote, collateral } = fixedTdx()

  expect((await judgeTdx({ quote: concat(quote, new Uint8Array(count)), collateral })).ok).toBe(
    true,
  )
})

test('with a module version above 0 the first two TDX components are left to its identity', async () => {
  const raise = (info: JsonObject): void => {
    const tcb = ((info['tcbLevels'] as JsonObject[])[0] as JsonObject)['tcb'] as JsonObject
    const [first, second] = tcb['tdxtcbcomponents'] as JsonObject[]
    Object.assign(first ?? {}, { svn: 200 })
    Object.assign(second ?? {}, { svn: 200 })
  }

  expect((await judgeTdx(fixedTdx({ tcbInfo: raise }))).ok).toBe(true)
})

test('with module version 0 all sixteen count, and the module has no level of its own', async () => {
  const report = (body: Uint8Array): void => body.set([5, 0, 3])

  expect((await judgeTdx(fixedTdx({ report }))).ok).toBe(true)
  expect((await judgeTdx(fixedTdx({ report: (body) => body.set([4, 0, 3]) }))).code).toBe(
    'TDX_TCB_NONE',
  )
})

test('an old platform is left to a policy where one will judge, with since when it is old', async () => {
  const old = fixedTdx({ platform: { pceSvn: 12 } })

  const verdict = await judgeTdx(old, { tcbJudge: 'policy' })

  expect(verdict).toMatchObject({
    ok: true,
    tcb: {
      status: 'OutOfDate',
      advisories: ['DEV-SA-OutOfDate'],
      dateMs: Date.parse('2024-11-13T00:00:00Z'),
      newestDateMs: Date.parse('2025-11-12T00:00:00Z'),
    },
  })
})

test('no policy makes a revoked or unknown platform pass', async () => {
  const revoked = fixedTdx({ qeReport: (report) => report.set([2], 258) })
  const unknown = fixedTdx({
    qeIdentity: (identity) => {
      Object.assign((identity['tcbLevels'] as JsonObject[])[0] ?? {}, { tcbStatus: 'Odd' })
    },
  })

  expect((await judgeTdx(revoked, { tcbJudge: 'policy' })).code).toBe('TCB_REVOKED')
  expect((await judgeTdx(unknown, { tcbJudge: 'policy' })).code).toBe('TCB_UNKNOWN')
})

test('several parts together lack whatever one of them lacks', () => {
  const join = (...statuses: Parameters<typeof joinStatus>[0][number]['level']['status'][]) =>
    joinStatus(
      statuses.map((status) => ({ level: { status, dateMs: 0, advisories: [] }, list: [] })),
    )

  expect(join('UpToDate', 'UpToDate')).toBe('UpToDate')
  expect(join('UpToDate', 'SWHardeningNeeded')).toBe('SWHardeningNeeded')
  expect(join('ConfigurationNeeded', 'SWHardeningNeeded')).toBe('ConfigurationAndSWHardeningNeeded')
  expect(join('ConfigurationNeeded', 'OutOfDate')).toBe('OutOfDateConfigurationNeeded')
  expect(join('OutOfDate', 'SWHardeningNeeded')).toBe('OutOfDate')
  expect(join('OutOfDate', 'Revoked')).toBe('Revoked')
  expect(join('Revoked', undefined)).toBeUndefined()
  expect(join()).toBeUndefined()
})

test('what Intel writes in other letters, or beside what is asked for, changes nothing', async () => {
  const verdict = await judgeTdx(
    fixedTdx({
      tcbInfo: (info) => {
        info['fmspc'] = 'dec06f000000'
        info['somethingNew'] = { a: [1, 'b', null, true] }
        Object.assign((info['tdxModuleIdentities'] as JsonObject[])[0] ?? {}, { id: 'tdx_01' })
      },
      qeIdentity: (identity) => {
        identity['version'] = 3
      },
    }),
  )

  expect(verdict.failed).toEqual([])
})

test('a list that names other serial numbers revokes nobody', async () => {
  const revoked = [Uint8Array.of(1), Uint8Array.of(0xff, 2), new Uint8Array(20).fill(3)]
  const edits = {
    pckCrl: <T extends object>(draft: T): T => ({ ...draft, revoked }),
    rootCrl: <T extends object>(draft: T): T => ({
      ...draft,
      revoked,
      extensions: [extension('2.5.29.20', Uint8Array.of(2, 1, 1))],
    }),
  }

  expect((await judgeTdx(fixedTdx(edits))).failed).toEqual([])
})

test('only what is in the quote is believed: reported facts of a refused quote stay readable', async () => {
  const { quote } = fixedTdx()

  const verdict = await judgeTdx({ quote })

  expect(verdict).toMatchObject({
    ok: false,
    failed: ['COL_FETCH'],
    measurements: devMeasurements(),
  })
})

test('collateral is nine strings, in text too', () => {
  const { collateral } = fixedTdx()

  expect(parseCollateral(JSON.stringify(collateral))).toEqual(collateral)
  expect(() => parseCollateral('{')).toThrow('COL_SHAPE')
  expect(() => parseCollateral(JSON.stringify({ ...collateral, more: '' }))).toThrow('COL_SHAPE')
})

test('signed text is cut out of an answer as it stands', () => {
  const signature = 'Ab'.repeat(64)
  const text = '{ "id":"TDX",  "version":3}'

  expect(cutSignedText(`{"tcbInfo":${text},"signature":"${signature}"}`, 'tcbInfo')).toEqual({
    text,
    signature: signature.toLowerCase(),
  })
  for (const bad of [
    `{"enclaveIdentity":${text},"signature":"${signature}"}`,
    `{"tcbInfo":${text},"signature":"${signature.slice(1)}"}`,
    `{"tcbInfo":${text},"signature":"${signature}","more":1}`,
    `{"tcbInfo":"text","signature":"${signature}"}`,
    `{"tcbInfo":{,"signature":"${signature}"}`,
    `{"tcbInfo":${text},"signature":"${signature}","signature":"${signature}"}`,
    '',
  ])
    expect(() => cutSignedText(bad, 'tcbInfo')).toThrow('COL_SHAPE')
})

test('hex is hex', () => {
  expect(fromHex('0g11')).toBeUndefined()
  expect(fromHex('abc')).toBeUndefined()
  expect(toPem(new Uint8Array(1))).toContain('AA==')
})
