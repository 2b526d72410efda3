import type { Update } from '@grammyjs/types'
import { expect, test } from 'vitest'
import { createMerger, mergeMs } from '../../../../src/bot/intake/merge.ts'
import { TestClock } from '../../../support/test-clock.ts'

let nextId = 1
function message(content: object, from = 7): Update {
  const id = nextId++
  return {
    update_id: id,
    message: {
      message_id: id,
      date: 1,
      chat: { id: from, type: 'private', first_name: 'A' },
      from: { id: from, is_bot: false, first_name: 'A' },
      ...content,
    },
  }
}
const forward = (content: object, from?: number) =>
  message(
    { ...content, forward_origin: { type: 'hidden_user', sender_user_name: 'B', date: 1 } },
    from,
  )

function merging() {
  const clock = new TestClock()
  const bundles: number[][] = []
  const leads: number[] = []
  const merger = createMerger(clock, ({ update, parts }) => {
    bundles.push(parts.map((part) => part.update_id))
    leads.push(update.update_id)
  })
  return { clock, merger, bundles, leads }
}

test('a text waits for a forward and both are one request, led by the forward', () => {
  const { clock, merger, bundles, leads } = merging()
  const comment = message({ text: 'in German' })
  const material = forward({ text: 'Hello' })

  merger.add(comment)
  clock.advance(mergeMs.text - 1)
  merger.add(material)
  clock.advance(mergeMs.part)

  expect(bundles).toEqual([[comment.update_id, material.update_id]])
  expect(leads).toEqual([material.update_id])
})

test('a text alone goes on after its short wait', () => {
  const { clock, merger, bundles } = merging()
  const text = message({ text: 'Hello' })

  merger.add(text)
  expect(bundles).toEqual([])
  clock.advance(mergeMs.text)

  expect(bundles).toEqual([[text.update_id]])
})

test('two texts are two requests, in their order', () => {
  const { clock, merger, bundles } = merging()
  const first = message({ text: 'one' })
  const second = message({ text: 'two' })

  merger.add(first)
  merger.add(second)
  clock.advance(mergeMs.text)

  expect(bundles).toEqual([[first.update_id], [second.update_id]])
})

test('an album of five is one request', () => {
  const { clock, merger, bundles } = merging()
  const parts = Array.from({ length: 5 }, () => message({ photo: [], media_group_id: 'g' }))

  for (const part of parts) {
    merger.add(part)
    clock.advance(100)
  }
  clock.advance(mergeMs.part)

  expect(bundles).toEqual([parts.map((part) => part.update_id)])
})

test('parts that never end are cut off after three seconds', () => {
  const { clock, merger, bundles } = merging()
  for (let at = 0; at < 10; at++) {
    merger.add(message({ photo: [], media_group_id: 'g' }))
    clock.advance(500)
  }

  expect(bundles[0]?.length).toBeLessThanOrEqual(7)
})

test('commands and voice messages are not held, and never overtake a waiting text', () => {
  const { merger, bundles } = merging()
  const text = message({ text: 'Hello' })
  const command = message({ text: '/help' })
  const voice = message({ voice: {} })

  merger.add(text)
  merger.add(command)
  merger.add(voice)

  expect(bundles).toEqual([[text.update_id], [command.update_id], [voice.update_id]])
})

test('one person’s forward never joins another person’s text', () => {
  const { clock, merger, bundles } = merging()

  merger.add(message({ text: 'in German' }, 7))
  merger.add(forward({ text: 'Hello' }, 8))
  clock.advance(mergeMs.most)

  expect(bundles.map((it) => it.length)).toEqual([1, 1])
})
