import { describe, expect, test } from 'vitest'
import { toHex, u16le } from '../../../../src/core/bytes.ts'
import { Anchors } from '../../../../src/tee/verify/anchors.ts'
import { fixedTdx, judgeTdx } from '../../../support/dev-tdx.ts'
import { tdxOffsets, tdxRefusals } from '../../../support/tdx-refusals.ts'

describe.each(Object.entries(tdxRefusals))('%s that are refused', (_, cases) => {
  test.each(cases)('%s: %s', async (_what, code, make) => {
    const { context, ...evidence } = make()

    const verdict = await judgeTdx(evidence, context)

    expect(verdict.ok).toBe(false)
    expect(verdict.failed).toContain(code)
    expect(verdict.code).toBe(code)
  })
})

test('leaving old firmware to a policy lets nothing else pass', async () => {
  const accepted: string[] = []
  for (const [what, code, make] of Object.values(tdxRefusals).flat()) {
    const { context, ...evidence } = make()
    const { ok } = await judgeTdx(evidence, { ...context, tcbJudge: 'policy' })
    if (ok && code !== 'TCB_STATUS') accepted.push(what)
  }
  expect(accepted).toEqual([])
})

test.each(['mainnet', 'testnet'] as const)('%s has no room for a dev root', (net) => {
  const roots = { intel: [], amd: [], nvidia: [] }

  expect(() => Anchors.forDev(net, roots, { production: false })).toThrow('DEV_FORBIDDEN')
  expect(() => Anchors.forDev('devnet', roots, { production: true })).toThrow('DEV_FORBIDDEN')
})

test('a marked guest is refused under the vendors for its mark as well as for its root', async () => {
  for (const net of ['mainnet', 'testnet', 'devnet'] as const) {
    const verdict = await judgeTdx(fixedTdx(), { anchors: Anchors.forNet(net) })

    expect(verdict.failed).toEqual(['X509_ROOT', 'DEV_MARK'])
  }
})

test('more than a hundred and twenty ways to be refused, each with its code', () => {
  const all = Object.values(tdxRefusals).flat()
  const { BOX_6, AUTH, BOX_5 } = tdxOffsets

  expect(all.length).toBeGreaterThanOrEqual(120)
  // Sanity of the offsets that the cases write to.
  const { quote } = fixedTdx()
  expect([u16le(quote, BOX_6), u16le(quote, AUTH), u16le(quote, BOX_5)]).toEqual([6, 32, 5])
  expect(toHex(quote.subarray(48 + 136, 48 + 139))).toBe(Buffer.from('SIM').toString('hex'))
})
