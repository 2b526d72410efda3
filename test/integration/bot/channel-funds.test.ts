import { Api } from 'grammy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Channel, createChannelStore } from '../../../src/bot/channels/channel-store.ts'
import { createChannelTrouble, type TroubleDeps } from '../../../src/bot/channels/trouble.ts'
import type { Database } from '../../../src/db/database.ts'
import { quietLog } from '../../support/quiet-log.ts'
import { openTestDatabase } from '../../support/stores.ts'
import { TestClock } from '../../support/test-clock.ts'

const dayMs = 86_400_000
let db: Database
beforeAll(async () => {
  db = await openTestDatabase()
}, 180_000)
afterAll(() => db.close())

test('an admin without money is told once a day and channel, however often the bot starts and however many run', async () => {
  const clock = new TestClock()
  const told: string[] = []
  const start = () => {
    const channels = createChannelStore({ db, botId: 7, clock })
    const api = new Api('7:x')
    api.config.use((_call, _method, payload) => {
      told.push((payload as { text: string }).text)
      return Promise.resolve({ ok: true, result: true as never })
    })
    const deps = { api, channels, log: quietLog } as unknown as TroubleDeps
    return { channels, trouble: createChannelTrouble(deps) }
  }
  const { channels } = start()
  const channel: Channel = { chatId: -1001, mode: 'comment', threshold: 9, ui: 'en', adminId: 5 }
  await channels.save(channel)
  await channels.save({ ...channel, chatId: -1002 })
  const post = (messageId: number, chatId = -1001) => ({ chatId, messageId })

  await Promise.all([start().trouble.noFunds(post(1)), start().trouble.noFunds(post(2))])
  await channels.save(channel)
  await start().trouble.noFunds(post(3))
  expect(told).toHaveLength(1)

  await start().trouble.noFunds(post(1, -1002))
  expect(told).toHaveLength(2)

  clock.advance(dayMs)
  await start().trouble.noFunds(post(4))
  await start().trouble.noFunds(post(5))
  expect(told).toHaveLength(3)
  expect(told.at(-1)).toContain('/4')

  await start().trouble.noFunds(post(1, -1003))
  expect(told).toHaveLength(3)
}, 120_000)
