import { expect, test } from 'vitest'
import { createFaults } from '../../../src/sim/telegram/faults.ts'
import { createLimits } from '../../../src/sim/telegram/limits.ts'
import { Refusal } from '../../../src/sim/telegram/refusal.ts'

const group = { key: '-1', group: true }

test('a group takes 20 a minute, and says how long to wait', () => {
  let now = 0
  const limits = createLimits(() => now)
  for (let count = 0; count < 20; count += 1) {
    limits.count(1, group)
    now += 1000
  }

  expect(() => limits.count(1, group)).toThrow(new Refusal(429, '').message)
  now = 60_000
  expect(() => limits.count(1, group)).not.toThrow()
  expect(() => limits.count(1, { key: '-2', group: true })).not.toThrow()
})

test('a refused call does not count', () => {
  let now = 0
  const limits = createLimits(() => now)
  for (let count = 0; count < 20; count += 1) limits.count(1, group)
  for (let count = 0; count < 5; count += 1) expect(() => limits.count(1, group)).toThrow(Refusal)

  now = 60_001

  for (let count = 0; count < 20; count += 1) limits.count(1, group)
})

test('switched off, nothing is counted', () => {
  const limits = createLimits(() => 0)
  limits.enabled = false

  const many = (): void => {
    for (let count = 0; count < 100; count += 1) limits.count(1, group)
  }

  expect(many).not.toThrow()
})

test('a fault is used up, for its method and chat only', () => {
  const faults = createFaults()
  const base = {
    kind: 'error',
    errorCode: 429,
    description: undefined,
    retryAfter: 1,
    delayMs: 0,
  } as const
  faults.add({ ...base, method: 'sendmessage', chat: '5', times: 1 })

  expect(faults.take('sendmessage', '6')).toBeUndefined()
  expect(faults.take('getme', '5')).toBeUndefined()
  expect(faults.take('sendmessage', '5')?.errorCode).toBe(429)
  expect(faults.take('sendmessage', '5')).toBeUndefined()
  expect(faults.list()).toEqual([])
})
