import { expect, test } from 'vitest'
import { createPacer, limits, type Turn } from '../../../../src/bot/telegram/pacer.ts'
import { TestClock } from '../../../support/test-clock.ts'

const person = 7
const group = -1007

function world(perSecond = 25) {
  const clock = new TestClock()
  const pacer = createPacer({ clock, perSecond })
  const turns: string[] = []
  const ask = (
    name: string,
    it: { chatId?: number; rank?: 'answer' | 'sentence' | 'edit'; edit?: string } = {},
  ): void => {
    const turn: Promise<Turn> = pacer.turn({
      chatId: it.chatId ?? person,
      rank: it.rank ?? 'answer',
      ...(it.edit !== undefined && { name: it.edit }),
    })
    void turn.then((how) => turns.push(how === 'go' ? name : `${name}:${JSON.stringify(how)}`))
  }
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left >= 0; left -= 50) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(Math.min(50, left))
      if (left === 0) break
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { clock, pacer, turns, ask, pass }
}

test('three messages to one person go at once, the next one a second later', async () => {
  const { turns, ask, pass } = world()
  for (const name of ['a', 'b', 'c', 'd']) ask(name)

  await pass(0)
  expect(turns).toEqual(['a', 'b', 'c'])
  await pass(900)
  expect(turns.length).toBe(3)
  await pass(200)
  expect(turns).toEqual(['a', 'b', 'c', 'd'])
})

test('a group gets at most 20 messages and edits in any minute', async () => {
  const { turns, ask, pass } = world()
  let asked = 0
  for (let second = 0; second < 60; second++) {
    ask(`m${asked++}`, { chatId: group, rank: asked % 2 === 0 ? 'edit' : 'answer' })
    await pass(1000)
  }

  expect(turns.filter((it) => !it.includes(':')).length).toBeLessThanOrEqual(20)
  expect(turns.filter((it) => !it.includes(':')).length).toBeGreaterThanOrEqual(18)
  expect(limits.group.everyMs * 17).toBeLessThan(60_000)
})

test('one busy chat holds up no other', async () => {
  const { turns, ask, pass } = world()
  for (let at = 0; at < 8; at++) ask('busy', { chatId: group })
  ask('other')

  await pass(0)

  expect(turns.filter((it) => it === 'other').length).toBe(1)
})

test('all chats together get what the token allows', async () => {
  const { turns, ask, pass } = world(25)
  for (let at = 0; at < 100; at++) ask(`p${at}`, { chatId: 1000 + at })

  await pass(0)
  expect(turns.length).toBe(25)
  await pass(1000)
  expect(turns.length).toBeGreaterThanOrEqual(49)
  expect(turns.length).toBeLessThanOrEqual(51)
})

test('answers go before our sentences, these before edits', async () => {
  const { turns, ask, pass } = world()
  for (const name of ['1', '2', '3']) ask(name, { chatId: group })
  await pass(0)
  ask('edit', { chatId: group, rank: 'edit' })
  ask('sentence', { chatId: group, rank: 'sentence' })
  ask('answer', { chatId: group, rank: 'answer' })

  await pass(11_000)

  expect(turns).toEqual(['1', '2', '3', 'answer', 'sentence', 'edit'])
})

test('of several waiting edits of one message only the newest is sent', async () => {
  const { turns, ask, pass } = world()
  for (const name of ['1', '2', '3']) ask(name, { chatId: group })
  await pass(0)
  for (const name of ['old', 'older', 'new'])
    ask(name, { chatId: group, rank: 'edit', edit: 'message 5' })
  ask('another', { chatId: group, rank: 'edit', edit: 'message 6' })

  await pass(8000)

  expect(turns).toEqual(['1', '2', '3', 'old:"late"', 'older:"late"', 'new', 'another'])
})

test('a frame is sent only where an answer would still go at once', async () => {
  const { pacer, turns, ask, pass } = world()

  expect([pacer.frameInMs(person), pacer.frameInMs(person)]).toEqual([0, 0])
  expect(pacer.frameInMs(person)).toBeGreaterThan(0)
  ask('answer')
  await pass(0)

  expect(turns).toEqual(['answer'])
})

test('a frame a second, as one running answer sends them, is never held back', async () => {
  const { pacer, pass } = world()
  const waits: number[] = []

  for (let second = 0; second < 30; second++) {
    waits.push(pacer.frameInMs(person))
    await pass(1000)
  }

  expect(new Set(waits)).toEqual(new Set([0]))
})

test('after a flood error the chat is silent for as long as Telegram asks', async () => {
  const { pacer, turns, ask, pass } = world()
  pacer.flooded(person, 5000)
  ask('answer')

  await pass(4900)
  expect(turns).toEqual([])
  await pass(200)
  expect(turns).toEqual(['answer'])
})

test('a call that would wait very long is told so, instead of keeping others from being delivered', async () => {
  const { turns, ask, pass } = world()
  for (let at = 0; at < 12; at++) ask(`m${at}`, { chatId: group })

  await pass(0)

  expect(turns.filter((it) => it.includes('refusedMs')).length).toBeGreaterThan(0)
})
