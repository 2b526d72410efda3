import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fromHalf, toHalf } from '../../../../src/workers/models/half-float.ts'

describe('half precision', () => {
  it('gives every half back unchanged after widening', () => {
    const isNaNBits = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0
    const all = Array.from({ length: 0x10000 }, (_, bits) => bits)

    const changed = all.filter((bits) => !isNaNBits(bits) && toHalf(fromHalf(bits)) !== bits)
    const numbers = all.filter((bits) => isNaNBits(bits) && !Number.isNaN(fromHalf(bits)))

    expect(changed).toEqual([])
    expect(numbers).toEqual([])
  })

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [65_519, 0x7bff],
    [65_520, 0x7c00],
    [Infinity, 0x7c00],
    [-0, 0x8000],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.5 * 2 ** -24, 0x0002],
    [1 + 1 / 2048, 0x3c00],
    [1 + 3 / 2048, 0x3c02],
    [2 - 1 / 8192, 0x4000],
  ])('rounds %d to nearest, ties to even', (value, bits) => {
    expect(toHalf(value)).toBe(bits)
  })

  it('agrees with the rounding of the nearest representable neighbours', () => {
    const wrong = Array.from({ length: 2000 }, () => {
      const low = randomInt(0x7bff)
      const [below, above] = [fromHalf(low), fromHalf(low + 1)]
      const value = below + (above - below) * (randomInt(1001) / 1000)
      const near = value - below < above - value ? low : low + 1
      const isTie = value - below === above - value
      const bits = toHalf(value)
      return { value, bits, isRight: isTie ? bits % 2 === 0 : bits === near }
    }).filter(({ isRight }) => !isRight)

    expect(wrong).toEqual([])
  })
})
