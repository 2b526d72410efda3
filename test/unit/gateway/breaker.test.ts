import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isKid, isModelId, parseId } from '../../../src/core/ids.ts'
import { createBreaker } from '../../../src/gateway/breaker.ts'
import { handClock } from '../../support/tee.ts'

const model = parseId('m', isModelId)
const kid = parseId(randomBytes(16).toString('hex'), isKid)
const other = parseId(randomBytes(16).toString('hex'), isKid)

const open = () => {
  const clock = handClock()
  const breaker = createBreaker(clock)
  return { clock, breaker, allows: (running = 0) => breaker.allows(kid, model, running) }
}

test('a worker rests one second after a fault, two after the next', () => {
  const { clock, breaker, allows } = open()

  breaker.fault(kid, model, 'count')
  expect(allows()).toBe(false)
  clock.turn(1000)
  expect(allows()).toBe(true)
  breaker.fault(kid, model, 'count')
  clock.turn(1000)
  expect(allows()).toBe(false)
  clock.turn(1000)
  expect(allows()).toBe(true)
})

test('three faults in a row close the way for 30 s, then one job at a time until five succeed', () => {
  const { clock, breaker, allows } = open()
  for (let i = 0; i < 3; i++) breaker.fault(kid, model, 'count')

  clock.turn(29_999)
  expect(allows()).toBe(false)
  clock.turn(1)
  expect([allows(0), allows(1)]).toEqual([true, false])
  for (let i = 0; i < 4; i++) breaker.success(kid, model)
  expect(allows(1)).toBe(false)
  breaker.success(kid, model)
  expect(allows(1)).toBe(true)
})

test('a fault on probation doubles the time, up to ten minutes', () => {
  const { clock, breaker, allows } = open()
  for (let i = 0; i < 3; i++) breaker.fault(kid, model, 'count')
  clock.turn(30_000)

  breaker.fault(kid, model, 'count')
  clock.turn(59_999)
  expect(allows()).toBe(false)
  clock.turn(1)
  expect(allows()).toBe(true)
  for (let i = 0; i < 8; i++) breaker.fault(kid, model, 'count')
  clock.turn(600_000)
  expect(allows()).toBe(true)
})

test('five faults among twenty open it even between successes', () => {
  const { clock, breaker, allows } = open()
  for (let i = 0; i < 5; i++) {
    breaker.fault(kid, model, 'count')
    breaker.success(kid, model)
  }

  clock.turn(5000)
  expect(allows()).toBe(false)
})

test('a forged result closes the way for ten minutes at once, for this worker only', () => {
  const { clock, breaker, allows } = open()

  breaker.fault(kid, model, 'open')

  clock.turn(599_999)
  expect(allows()).toBe(false)
  expect(breaker.allows(other, model, 3)).toBe(true)
  clock.turn(1)
  expect(allows()).toBe(true)
})
