import { describe, expect, it } from 'vitest'
import {
  either,
  flag,
  hex,
  integer,
  list,
  literal,
  object,
  optional,
  pattern,
  record,
  text,
} from '../../../../src/tee/verify/shape.ts'

describe('a strict object', () => {
  const shape = object({ a: integer(0, 9), b: optional(flag) })

  it('is accepted with its members, the optional one there or not', () => {
    expect(shape({ a: 1 })).toEqual({ a: 1 })
    expect(shape({ a: 1, b: false })).toEqual({ a: 1, b: false })
  })

  it.each([
    ['an unknown member', { a: 1, c: 1 }],
    ['a missing member', { b: true }],
    ['an optional member that is there and wrong', { a: 1, b: 'yes' }],
    ['an optional member that is there and undefined', { a: 1, b: undefined }],
    ['a member that is only inherited', Object.create({ a: 1 })],
    ['an own member named __proto__', JSON.parse('{"a":1,"__proto__":{"a":1}}')],
    ['a list', [1]],
    ['null', null],
    ['a text', 'a'],
  ])('is refused with %s', (_, value) => {
    expect(shape(value)).toBeUndefined()
  })
})

describe('values', () => {
  it('whole numbers are in their range and nothing else is', () => {
    const shape = integer(1, 3)

    expect([1, 3].map((one) => shape(one))).toEqual([1, 3])
    for (const wrong of [0, 4, 1.5, Number.NaN, Infinity, 2n, '2', null])
      expect(shape(wrong)).toBeUndefined()
  })

  it('hex has its length and is lower case', () => {
    expect(hex(2)('0aff')).toBe('0aff')
    for (const wrong of ['0aF0', '0af', '0aff0', '0aff\n', 'zzzz', 12])
      expect(hex(2)(wrong)).toBeUndefined()
  })

  it('lists and records are bounded and their items fit', () => {
    expect(list(flag, 2)([true, false])).toEqual([true, false])
    expect(list(flag, 2)([true, true, true])).toBeUndefined()
    expect(list(flag, 2)([1])).toBeUndefined()
    expect(record(flag, 1)({ x: true })).toEqual({ x: true })
    expect(record(flag, 1)({ x: true, y: true })).toBeUndefined()
    expect(record(flag, 1)({ ['x'.repeat(65)]: true })).toBeUndefined()
  })

  it('texts are short and well formed; literals, patterns and choices are exact', () => {
    expect(text(2)('ab')).toBe('ab')
    expect(text(2)('abc')).toBeUndefined()
    expect(text(2)('\ud800')).toBeUndefined()
    expect(literal('a', 1, null)(null)).toBeNull()
    expect(literal('a', 1)('1')).toBeUndefined()
    expect(pattern(/^x+$/)('xx')).toBe('xx')
    expect(pattern(/^x+$/)('xy')).toBeUndefined()
    expect(either(flag, literal('both'))(false)).toBe(false)
    expect(either(flag, literal('both'))('both')).toBe('both')
    expect(either(flag, literal('both'))('none')).toBeUndefined()
  })
})
