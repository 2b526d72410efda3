import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../../../src/core/bytes.ts'
import { Anchors } from '../../../../src/tee/verify/anchors.ts'
import { cutSignedText, parseCollateral } from '../../../../src/tee/verify/collateral.ts'
import { parseCrl } from '../../../../src/tee/verify/crl.ts'
import { parseQuote } from '../../../../src/tee/verify/tdx/quote.ts'
import { readQeIdentity, readTcbInfo } from '../../../../src/tee/verify/tdx/tcb-info.ts'
import { judgeTdx } from '../../../support/dev-tdx.ts'
import { publicEvidenceIsAbsent, publicFile, publicText } from '../../../support/public-evidence.ts'

const at = (day: string) => ({
  anchors: Anchors.forNet('mainnet'),
  nowMs: Date.parse(`${day}T00:00:00Z`),
})
const collateralOf = (name: string) => parseCollateral(publicText(`tdx/${name}_collateral.json`))
const quoteOf = (name: string) => publicFile(`tdx/${name}`)

describe.skipIf(publicEvidenceIsAbsent(12))('public TDX evidence', () => {
  const valid = () => ({ quote: quoteOf('tdx_quote'), collateral: collateralOf('tdx_quote') })

  test('a quote with its collateral holds while the collateral does', async () => {
    const verdict = await judgeTdx(valid(), at('2025-06-25'))

    expect(verdict).toMatchObject({
      ok: true,
      failed: [],
      hardware: '811dca2a26b952e85bb6448b097ba4fd',
      tcb: { status: 'UpToDate', evalNumber: 17 },
    })
    expect(toHex(readTcbInfo(valid().collateral.tcb_info).fmspc)).toBe('b0c06f000000')
  })

  test('the same a year later is stale collateral', async () => {
    expect((await judgeTdx(valid(), at('2026-11-24'))).code).toBe('COL_TIME')
  })

  test('the dev network does not take it', async () => {
    expect((await judgeTdx(valid(), { nowMs: at('2025-06-25').nowMs })).code).toBe('X509_ROOT')
  })

  test('a quote of TDX 1.5 below every level', async () => {
    const evidence = {
      quote: quoteOf('tdx_quote_outdated'),
      collateral: collateralOf('tdx_quote_outdated'),
    }

    const verdict = await judgeTdx(evidence, at('2026-02-19'))

    expect(verdict.failed).toEqual(['TDX_TCB_NONE'])
    expect(parseQuote(evidence.quote).report.mrServiceTd).toBeDefined()
  })

  test.each(['cocoon_quote.dat', 'quote_v5_sample.dat'])(
    'everything in %s holds but what needs collateral',
    async (name) => {
      expect((await judgeTdx({ quote: quoteOf(name) }, at('2026-02-19'))).failed).toEqual([
        'COL_FETCH',
      ])
    },
  )

  test('something after the end of a quote refuses it', async () => {
    const { code } = await judgeTdx(
      { quote: quoteOf('tdx_prod_quote_SPR_E4.dat') },
      at('2026-02-19'),
    )

    expect(code).toBe('TDX_TRAILING')
  })

  test('the same quote without what comes after it lets pages vanish', async () => {
    const quote = quoteOf('tdx_prod_quote_SPR_E4.dat').subarray(0, 4935)

    expect((await judgeTdx({ quote }, at('2026-02-19'))).failed).toEqual([
      'TDX_SEPT_VE',
      'COL_FETCH',
    ])
  })

  test.each([
    ['sample_tcbInfo_response', 'tcbInfo', 15],
    ['sample_tcbinfo_response_v5', 'tcbInfo', 18],
    ['sample_qeIdentity_response', 'enclaveIdentity', 15],
  ] as const)('signed text is cut out of %s', (name, member, evalNumber) => {
    const body = publicText(`tdx/${name}`)

    const { text, signature } = cutSignedText(body, member)

    expect(`{"${member}":${text},"signature":"${signature}"}`).toBe(body)
    const read = member === 'tcbInfo' ? readTcbInfo : readQeIdentity
    expect(read(text).evalNumber).toBe(evalNumber)
  })

  test('the lists of Intel are read', () => {
    expect(parseCrl(publicFile('tdx/root_ca_crl.der')).revoked).toEqual([])
    const { revoked } = parseCrl(publicFile('tdx/pck_crl.der'))
    expect(revoked.length).toBeGreaterThan(40)
    expect(revoked[0]).toEqual(fromHex('6fc34e5023e728923435d61aa4b83c618166ad35'))
  })
})
