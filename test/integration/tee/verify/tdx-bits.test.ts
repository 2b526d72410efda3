import { expect, test } from 'vitest'
import { settle } from '../../../../src/tee/verify/settle.ts'
import { examineTdx } from '../../../../src/tee/verify/tdx/verify.ts'
import { devContext, fixedTdx, rememberingCheck } from '../../../support/dev-tdx.ts'

// Of version 5 only what differs from version 4: header, descriptor, body and the length after it.
test.each([
  ['4', Number.POSITIVE_INFINITY],
  ['5/1.5', 48 + 6 + 648 + 4],
] as const)(
  'no flipped bit of a quote of format %s passes, whichever of all of them it is',
  {
    timeout: 600_000,
  },
  async (format, end) => {
    const { quote, collateral } = fixedTdx({}, { format })
    const check = rememberingCheck()
    const judge = (changed: Uint8Array) =>
      settle(examineTdx({ quote: changed, collateral }, devContext()), check)
    expect((await judge(quote)).ok).toBe(true)

    const accepted: string[] = []
    const changed = quote.slice()
    const bits = 8 * Math.min(quote.length, end)
    for (let bit = 0; bit < bits; bit++) {
      const at = bit >> 3
      changed[at] = (quote[at] ?? 0) ^ (1 << (bit & 7))
      const { ok, code } = await judge(changed)
      if (ok || code === undefined) accepted.push(`${String(at)}.${String(bit & 7)}`)
      changed[at] = quote[at] ?? 0
    }

    console.log(`TDX ${format}: ${String(bits)} flipped bits, ${String(accepted.length)} accepted`)
    expect(accepted).toEqual([])
  },
)
