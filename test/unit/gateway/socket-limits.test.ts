import { describe, expect, test } from 'vitest'
import { createSocketLimits, createUnsentWatch } from '../../../src/gateway/socket-limits.ts'
import { handClock } from '../../support/tee.ts'
import { TestClock } from '../../support/test-clock.ts'

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

describe('what a worker does not take', () => {
  const tooMuch = 8 * 2 ** 20 + 1

  test('ends its connection after 30 s', () => {
    const clock = new TestClock()
    const isStuck = createUnsentWatch(clock)

    expect(isStuck(tooMuch)).toBe(false)
    clock.advance(29_999)
    expect(isStuck(tooMuch)).toBe(false)
    clock.advance(1)
    expect(isStuck(tooMuch)).toBe(true)
  })

  test('is forgiven as soon as it has caught up', () => {
    const clock = new TestClock()
    const isStuck = createUnsentWatch(clock)
    isStuck(tooMuch)
    clock.advance(20_000)

    isStuck(tooMuch - 1)
    clock.advance(20_000)

    expect(isStuck(tooMuch)).toBe(false)
  })
})
