import { expect, test } from 'vitest'
import { startBotWorld } from '../../support/bot.ts'
import { TestClock } from '../../support/test-clock.ts'

/** How often something is looked for that a real event brings about. */
const patient = { timeout: 60_000, interval: 20 }

test('the idle bot makes at most three calls a minute', { timeout: 180_000 }, async () => {
  const clock = new TestClock()
  await using world = await startBotWorld({ simClock: clock })
  const { sim, botId } = world.sim
  const waits = () => sim.mail.isPolled(botId)
  await expect.poll(waits, patient).toBe(true)
  sim.calls.clear()

  for (let second = 0; second < 60; second += 1) {
    clock.advance(1000)
    await expect.poll(waits, patient).toBe(true)
  }

  const methods = sim.calls.list().map((it) => it.method)
  expect(methods.length).toBeGreaterThan(0)
  expect(methods.length).toBeLessThanOrEqual(3)
  expect(new Set(methods)).toEqual(new Set(['getUpdates']))
})
