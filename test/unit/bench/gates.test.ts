import { expect, test } from 'vitest'
import { bestOf, type Gate, holds, limitOf } from '../../bench/gates.ts'

const lower = (value: number): Gate => ({ value, target: 1.5, better: 'lower' })
const higher = (value: number): Gate => ({ value, target: 0.8, better: 'higher' })

test('a target that was never reached is held to a quarter above the best value', () => {
  expect(limitOf(lower(0), 4)).toBe(5)
  expect([holds(lower(5), 4), holds(lower(5.01), 4)]).toEqual([true, false])
  expect([holds(higher(0.2), 0.25), holds(higher(0.19), 0.25)]).toEqual([true, false])
})

test('a target that was reached is the gate itself, however much better the best was', () => {
  expect([holds(lower(1.5), 1.4), holds(lower(1.51), 1.4)]).toEqual([true, false])
  expect([holds(higher(0.8), 0.9), holds(higher(0.79), 0.9)]).toEqual([true, false])
})

test('the first run holds whatever it measures, and nothing that is no number', () => {
  expect([holds(lower(9), undefined), holds(higher(0.01), undefined)]).toEqual([true, true])
  expect([holds(lower(Number.NaN), undefined), holds(higher(Number.NaN), 0.1)]).toEqual([
    false,
    false,
  ])
})

test('the best value only gets better', () => {
  expect([bestOf(lower(4), 5), bestOf(lower(6), 5), bestOf(lower(6), undefined)]).toEqual([4, 5, 6])
  expect([bestOf(higher(0.3), 0.2), bestOf(higher(0.1), 0.2)]).toEqual([0.3, 0.2])
})
