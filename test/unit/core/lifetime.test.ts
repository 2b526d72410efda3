import { expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { Lifetime } from '../../../src/core/lifetime.ts'
import { createLog } from '../../../src/core/log.ts'

function open(closeMs?: number) {
  const lines: string[] = []
  const log = createLog(
    'test',
    (line) => lines.push(line),
    () => 0,
  )
  return { lines, life: new Lifetime({ log, clock: systemClock }, closeMs) }
}

test('things close in reverse order, after the signal aborted', async () => {
  const { life } = open()
  const order: string[] = []
  life.keep('first', 'a', (it) => order.push(it, String(life.signal.aborted)))
  life.keep('second', 'b', (it) => order.push(it))

  await life.close()

  expect(order).toEqual(['b', 'a', 'true'])
})

test('a close that throws or hangs does not stop the others and is logged without its message', async () => {
  const { life, lines } = open(20)
  const closed: string[] = []
  life.keep('last', 1, () => closed.push('last'))
  life.keep('hanging', 1, () => new Promise(() => undefined))
  life.keep('throwing', 1, () => {
    throw new Error('kqzvmarker')
  })

  await life.close()

  expect(closed).toEqual(['last'])
  expect(lines).toHaveLength(2)
  expect(lines.join('')).not.toContain('kqzvmarker')
})

test('closing twice closes once', async () => {
  const { life } = open()
  let count = 0
  life.keep('thing', 1, () => count++)
  await Promise.all([life.close(), life.close()])
  expect(count).toBe(1)
})
