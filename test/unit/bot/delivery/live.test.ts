import { expect, test } from 'vitest'
import type { Delivery } from '../../../../src/bot/delivery/delivery.ts'
import { createLive } from '../../../../src/bot/delivery/live.ts'
import type { FrameResult, Publisher, View } from '../../../../src/bot/replies/publisher.ts'
import { isFrontId, newJobId, parseId } from '../../../../src/core/ids.ts'
import { createLog } from '../../../../src/core/log.ts'
import { ScriptedDesk } from '../../../support/scripted-desk.ts'
import { TestClock } from '../../../support/test-clock.ts'

function world(result: FrameResult = 'shown') {
  const clock = new TestClock()
  const desk = new ScriptedDesk()
  const frames: View[] = []
  let release: (() => void) | undefined
  const publisher: Publisher = {
    accepted: async () => {},
    frame: async (_delivery, view) => {
      frames.push(view)
      await new Promise<void>((resolve) => (release = resolve))
      return result
    },
    final: async () => 1,
    failed: async () => 1,
  }
  const live = createLive({
    desk,
    publishers: {
      private: publisher,
      group: publisher,
      aside: publisher,
      comment: publisher,
      append: publisher,
    },
    clock,
    log: createLog(
      'test',
      () => {},
      () => clock.now(),
    ),
  })
  const delivery: Delivery = {
    job: newJobId(),
    front: parseId('bot-1', isFrontId),
    place: { kind: 'private', chatId: 7, userId: 7, replyTo: 1 },
    ui: 'en',
    task: 'translate',
    flow: 'translation',
    draftId: 5,
    state: 'planned',
    parts: 0,
  }
  const land = async (): Promise<void> => {
    release?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { clock, live, frames, delivery, land }
}
const begin = { place: 0, canStop: true }

test('the end waits for the frame in flight, and none follows it', async () => {
  const { clock, live, frames, delivery, land } = world()
  live.begin(delivery, begin)
  let isOver = false

  const ending = live.end(delivery.job).then(() => (isOver = true))
  await new Promise((resolve) => setImmediate(resolve))
  const before = isOver
  await land()
  await ending
  clock.advance(60_000)

  expect(before).toBe(false)
  expect(frames.length).toBe(1)
})

test('drafts that would begin after the end never begin', async () => {
  const { clock, live, frames, delivery } = world()

  await live.end(delivery.job)
  live.begin(delivery, begin)
  clock.advance(60_000)

  expect(frames).toEqual([])
})

test('a draft is sent again before Telegram forgets it', async () => {
  const { clock, live, frames, delivery, land } = world()
  live.begin(delivery, begin)
  await land()

  clock.advance(20_000)

  expect(frames.length).toBe(2)
})

test('a place that takes no drafts is asked once', async () => {
  const { clock, live, frames, delivery, land } = world('off')
  live.begin(delivery, begin)
  await land()

  clock.advance(120_000)

  expect(frames.length).toBe(1)
})
