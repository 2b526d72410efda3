import { expect, test } from 'vitest'
import { createSocketLimits } from '../../../src/gateway/socket-limits.ts'
import { handClock } from '../../support/tee.ts'

test('200 frames a second pass for ever, a flood does not', () => {
  const clock = handClock()
  const limits = createSocketLimits(clock)
  const passed = Array.from({ length: 20_000 }, () => {
    clock.turn(5)
    return limits.allows(100)
  })

  expect(passed.every(Boolean)).toBe(true)
  const flood = Array.from({ length: 5000 }, () => limits.allows(100))
  expect(flood.at(0)).toBe(true)
  expect(flood.at(-1)).toBe(false)
})

test('a worker with 64 leases may stream them all, and no faster than they need', () => {
  const clock = handClock()
  const limits = createSocketLimits(clock)
  const send = (perSecond: number): boolean[] =>
    Array.from({ length: 10_000 }, () => {
      clock.turn(1000 / perSecond)
      return limits.allows(100, 64)
    })

  expect(send(1000).every(Boolean)).toBe(true)
  expect(send(20_000).at(-1)).toBe(false)
})

test('64 MiB a minute pass, more do not', () => {
  const limits = createSocketLimits(handClock())

  expect(limits.allows(64 * 2 ** 20)).toBe(true)
  expect(limits.allows(1)).toBe(false)
})
