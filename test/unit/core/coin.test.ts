import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCoin, formatStars, parseCoin, showCoin } from '../../../src/core/coin.ts'

test.each([
  ['0', 0n],
  ['0.5', 500_000_000n],
  ['1', 1_000_000_000n],
  ['0.000000001', 1n],
  ['007.10', 7_100_000_000n],
  ['999999999999.999999999', 999_999_999_999_999_999_999n],
])('%s is a sum of coins', (text, nano) => {
  expect(parseCoin(text)).toBe(nano)
})

test.each([
  '',
  '.5',
  '5.',
  '-1',
  '+1',
  '1e3',
  ' 1',
  '1 ',
  '1,5',
  '1.0000000001',
  '1000000000000',
  '0x10',
  '١',
  '1_000',
])('%j is refused', (text) => {
  expect(() => parseCoin(text)).toThrow(expect.objectContaining({ code: 'input.amount' }))
})

test('what is written is read again as the same sum', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), (nano) => {
      expect(parseCoin(formatCoin(nano))).toBe(nano)
    }),
  )
})

test('a sum is written without needless digits, its minus in front, its symbol behind', () => {
  expect(formatCoin(-1_500_000_000n)).toBe('-1.5')
  expect(formatCoin(1n)).toBe('0.000000001')
  expect(showCoin(2_000_000_000n)).toBe('2 GRAM')
})

test('Stars show three decimals, and a sum that is not nothing is never shown as 0', () => {
  expect(formatStars(0n)).toBe('0')
  expect(formatStars(1n)).toBe('0.001')
  expect(formatStars(1_000_001n)).toBe('1.001')
  expect(formatStars(200_000n)).toBe('0.2')
  expect(formatStars(-1n)).toBe('-0.001')
})
