import { expect, test } from 'vitest'
import { settle } from '../../../../src/tee/verify/settle.ts'
import { examineTdx } from '../../../../src/tee/verify/tdx/verify.ts'
import { devContext, fixedTdx, rememberingCheck } from '../../../support/dev-tdx.ts'

const check = rememberingCheck()
const { quote, collateral } = fixedTdx()
const judge = (changed: Uint8Array) =>
  settle(examineTdx({ quote: changed, collateral }, devContext()), check)

test('a flipped bit in any byte of a quote refuses it, even in the unsigned text', {
  timeout: 120_000,
}, async () => {
  expect((await judge(quote)).ok).toBe(true)
  const accepted: number[] = []
  for (let at = 0; at < quote.length; at++) {
    const changed = quote.slice()
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
    const { ok, code } = await judge(changed)
    if (ok || code === undefined) accepted.push(at)
  }
  expect(accepted).toEqual([])
})

test('a quote cut at any byte is refused', { timeout: 120_000 }, async () => {
  const accepted: number[] = []
  for (let length = 0; length < quote.length; length++)
    if ((await judge(quote.subarray(0, length))).ok) accepted.push(length)
  // The one zero that ends the text of the chain counts, too.
  expect(accepted).toEqual([])
})

test('a changed character anywhere in the collateral refuses it', {
  timeout: 120_000,
}, async () => {
  const accepted: string[] = []
  for (const [name, text] of Object.entries(collateral))
    for (let part = 0; part < 60; part++) {
      const at = Math.floor((text.length * part) / 60)
      const put = String.fromCharCode(text.charCodeAt(at) ^ 1)
      const changed = { ...collateral, [name]: text.slice(0, at) + put + text.slice(at + 1) }
      const examined = examineTdx({ quote, collateral: changed }, devContext())
      if ((await settle(examined, check)).ok) accepted.push(`${name} ${String(at)}`)
    }
  expect(accepted).toEqual([])
})
