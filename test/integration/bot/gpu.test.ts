/** /gpu over HTTP against the simulator, with a real database and machines that are rows. */
import { expect, test } from 'vitest'
import { createGpuStore } from '../../../src/bot/gpu/gpu-store.ts'
import { systemClock } from '../../../src/core/clock.ts'
import type { Database } from '../../../src/db/database.ts'
import { createMachineStore } from '../../../src/gateway/machine-store.ts'
import { showPayout } from '../../../src/payments/wallets/address.ts'
import { createWalletStore } from '../../../src/payments/wallets/wallet-store.ts'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import { bringOnline, emptyGpuTables, payTask, testGpuPort } from '../../support/gpu.ts'
import type { SeenMessage } from '../../support/simulator.ts'
import { testWallet } from '../../support/wallet.ts'

const wallet = testWallet('v5r1', 31)
const payee = wallet.address.slice(2)
const now = () => systemClock.now()

interface World extends BotWorld {
  readonly ann: number
  readonly asked: string[]
}

async function startWorld(language = 'en'): Promise<World> {
  let asked: string[] = []
  const world = await startBotWorld({
    gpu: ({ db, clock }) => {
      const port = testGpuPort({
        db,
        clock,
        walletPage: (ticket) => `http://127.0.0.1/wallet#${ticket}`,
      })
      asked = port.asked
      return port
    },
  })
  await emptyGpuTables(world.db)
  return Object.assign(world, { ann: world.sim.person('Ann', language), asked })
}

const link = (db: Database, user: number, payout = wallet.address) =>
  createWalletStore(db).prove(`tg-${user}`, payout, now())

/** The bot's newest message that fits. */
const shown = (world: World, fits: (message: SeenMessage) => boolean) =>
  world.sim.until(async () => {
    const seen = await world.sim.messages(world.ann)
    return seen.findLast((it) => it.from_bot && fits(it))
  })
const saying = (text: string) => (it: SeenMessage) => it.text?.includes(text) === true

const buttonOf = (message: SeenMessage, text: string) => {
  const found = message.buttons.find((it) => it.text.includes(text))
  if (!found)
    throw new Error(`no button ${text} among ${message.buttons.map((it) => it.text).join()}`)
  return found
}
const press = (world: World, message: SeenMessage, text: string) =>
  world.sim.press(world.ann, message.message_id, { data: buttonOf(message, text).data ?? '' })

/** Linked, with one machine that works. */
async function withMachine(world: World) {
  await link(world.db, world.ann)
  await world.sim.say(world.ann, '/gpu')
  const menu = await shown(world, saying('No machines yet'))
  await press(world, menu, 'Add machine')
  await shown(world, saying('waiting for the command'))
  const row = await world.db.rows.machine.findFirstOrThrow()
  const kid = await bringOnline(world.db, row.token, { nowMs: now() })
  await shown(world, saying('✓ online'))
  return { kid, token: row.token, menu }
}

test('says in four lines what runs and how it is paid, and links a wallet before anything else', async () => {
  await using world = await startWorld()

  await world.sim.say(world.ann, '/gpu')
  const menu = await shown(world, saying('No machines yet'))
  expect(menu.text?.split('\n\n')[0]?.split('\n')).toHaveLength(4)
  expect(menu.text).toContain('No wallet is linked')
  await press(world, menu, 'Add machine')
  const offer = await shown(world, saying('Your wallet signs on this page'))

  expect(buttonOf(offer, 'Open the wallet page').url).toMatch(/\/wallet#[\w-]{43}$/)
  expect(await world.db.rows.machine.count()).toBe(0)
})

test('a machine’s command is shown once, to be copied, protected, and goes when it is used', async () => {
  await using world = await startWorld()
  await link(world.db, world.ann)
  await world.sim.say(world.ann, '/gpu')
  await press(world, await shown(world, saying('No machines yet')), 'Add machine')
  const command = await shown(world, saying('./chrysalis worker'))
  const steps = await shown(world, saying('waiting for the command'))
  const sent = (await world.sim.calls('sendMessage')).find(({ params }) =>
    String(params['text']).includes('./chrysalis worker'),
  )
  expect(sent?.params['protect_content']).toBe(true)
  expect(JSON.stringify(sent?.params['reply_markup'])).toContain('copy_text')
  const row = await world.db.rows.machine.findFirstOrThrow()
  const join = await world.db.rows.joinToken.findUniqueOrThrow({ where: { hash: row.token } })
  expect(join).toMatchObject({ single: true, payout: wallet.address, usedAt: null })
  // Only its hash is kept.
  expect(
    JSON.stringify([row, join], (_, it: unknown) => (typeof it === 'bigint' ? String(it) : it)),
  ).not.toContain(/CHRYSALIS_JOIN=([\w-]{43})/.exec(command.text ?? '')?.[1] ?? 'no token')

  await bringOnline(world.db, row.token, { nowMs: now() })
  const done = await shown(world, saying('✓ online'))

  expect(done.message_id).toBe(steps.message_id)
  expect(done.text).toContain('test tier (its evidence is simulated')
  expect(done.text?.split('\n').slice(-3)).toEqual([
    '✓ models loaded: qwen2.5-coder-1.5b',
    '✓ self-test passed: qwen2.5-coder-1.5b',
    '✓ online: it takes tasks now',
  ])
  await world.sim.until(async () => {
    const seen = await world.sim.messages(world.ann)
    return seen.every(({ message_id: id }) => id !== command.message_id)
  })
})

test('a machine whose models give no answer says which and why, takes nothing, and is online once they do', async () => {
  await using world = await startWorld()
  await link(world.db, world.ann)
  await world.sim.say(world.ann, '/gpu')
  await press(world, await shown(world, saying('No machines yet')), 'Add machine')
  await shown(world, saying('waiting for the command'))
  const { token } = await world.db.rows.machine.findFirstOrThrow()
  const [model, speech] = ['qwen2.5-coder-1.5b', 'whisper-base'] as const

  await bringOnline(world.db, token, {
    nowMs: now(),
    models: [],
    failed: [
      { id: model, code: 'engine.oom' },
      { id: speech, code: 'model.unheard-of' },
    ],
  })
  const failed = await shown(world, saying(`✗ self-test of ${model} failed: not enough memory`))
  expect(failed.text).toContain(`✗ self-test of ${speech} failed: model.unheard-of`)
  expect(failed.text).not.toContain('✓ self-test')
  expect(failed.text).not.toContain('online')
  await world.sim.say(world.ann, '/gpu')
  await shown(world, saying('Machine 1 · failed its self-test, takes nothing'))

  await bringOnline(world.db, token, {
    nowMs: now(),
    failed: [{ id: speech, code: 'input.unsupported' }],
  })
  const done = await shown(world, saying('✓ online'))
  expect(done.message_id).toBe(failed.message_id)
  expect(done.text).toContain(`✓ self-test passed: ${model}`)
  expect(done.text).toContain(`✗ self-test of ${speech} failed: sound cannot be decoded`)
  const { kid } = await world.db.rows.machine.findFirstOrThrow()
  await payTask(world.db, { kid: kid ?? '', payee, payNano: 5n, nowMs: now() })
  await shown(world, saying('Machine 1 · online · test tier · 1 task today, 0.000000005 GRAM'))
})

test('each task’s pay appears in the open message by itself', async () => {
  await using world = await startWorld()
  const { kid } = await withMachine(world)
  await world.sim.say(world.ann, '/gpu')
  const menu = await shown(world, saying('Machine 1 · online · test tier · 0 tasks today'))

  await payTask(world.db, { kid, payee, payNano: 4_738_000_000n, nowMs: now() })
  const first = await shown(world, saying('+4.738 GRAM   translate'))
  await payTask(world.db, { kid, payee, payNano: 1n, nowMs: now(), task: 'summarize' })
  const second = await shown(world, saying('+0.000000001 GRAM   summarize'))

  expect([first.message_id, second.message_id]).toEqual([menu.message_id, menu.message_id])
  expect(second.text).toContain('2 tasks today, 4.738000001 GRAM')
  expect(second.text).toContain('Unpaid: 4.738000001 GRAM')
})

test('pause, drain and resume are the owner’s alone; removing needs a second press', async () => {
  await using world = await startWorld()
  const { menu, token } = await withMachine(world)
  const state = async () =>
    (await world.db.rows.joinToken.findUniqueOrThrow({ where: { hash: token } })).state
  await press(world, menu, 'Add machine').catch(() => undefined)
  await world.sim.say(world.ann, '/gpu')
  const open = await shown(world, saying('Machine 1 · online'))
  await press(world, open, 'Machine 1')
  const machine = await shown(world, (it) => it.buttons.some(({ text }) => text === 'Pause'))
  await press(world, machine, 'Pause')
  const paused = await shown(world, (it) => it.buttons.some(({ text }) => text === 'Resume'))
  expect(await state()).toBe('paused')

  const bob = world.sim.person('Bob')
  await world.sim.press(bob, paused.message_id, { data: 'gr1', chat: world.ann })
  await world.sim.press(bob, paused.message_id, { data: 'gX1', chat: world.ann })
  await press(world, paused, 'Resume')
  const working = await shown(world, (it) => it.buttons.some(({ text }) => text === 'Drain'))
  expect(await state()).toBe('working')
  await press(world, working, 'Drain')
  const draining = await shown(world, saying('finishing, takes nothing new'))
  expect(await state()).toBe('draining')

  await press(world, draining, 'Remove')
  const question = await shown(world, saying('Remove Machine 1?'))
  expect(await world.db.rows.joinToken.count({ where: { hash: token, revokedAt: null } })).toBe(1)
  await press(world, question, 'Yes, remove it')
  await world.sim.until(
    async () =>
      (await world.db.rows.joinToken.count({ where: { hash: token, revokedAt: null } })) === 0,
  )
})

test('a payout on demand begins at 0.05, and needs a second press', async () => {
  await using world = await startWorld()
  const { kid } = await withMachine(world)
  await payTask(world.db, { kid, payee, payNano: 49_999_999n, nowMs: now() })
  await world.sim.say(world.ann, '/gpu')
  const little = await shown(world, saying('Unpaid: 0.049999999 GRAM'))
  await press(world, little, 'Pay out now')
  await world.sim.until(async () =>
    (await world.sim.calls('answerCallbackQuery')).some(({ params }) =>
      String(params['text']).includes('begin at 0.05 GRAM'),
    ),
  )
  await payTask(world.db, { kid, payee, payNano: 1n, nowMs: now() })
  const enough = await shown(world, saying('Unpaid: 0.05 GRAM'))
  expect(world.asked).toEqual([])

  await press(world, enough, 'Pay out now')
  const question = await shown(world, saying('Pay 0.05 GRAM out now?'))
  expect(world.asked).toEqual([])
  await press(world, question, 'Yes, pay out')

  await world.sim.until(() => world.asked.length > 0)
  expect(world.asked).toEqual([payee])
})

test('a payout on demand goes once an hour: who asks earlier is told from when on', async () => {
  await using world = await startWorld()
  const { kid } = await withMachine(world)
  await payTask(world.db, { kid, payee, payNano: 400_000_000n, nowMs: now() })
  const half = new Date(now() - 1_800_000)
  const paid = { vault: 'f'.repeat(64), lt: 1n, payee, txHash: 'a'.repeat(64), at: half }
  await world.db.rows.payout.create({ data: { ...paid, amountNano: 1n, totalNano: 1n } })
  await world.sim.say(world.ann, '/gpu')
  const open = await shown(world, saying('Unpaid: 0.4 GRAM'))

  for (const data of ['gp', 'gP']) await world.sim.press(world.ann, open.message_id, { data })
  await world.sim.until(async () => {
    const answers = await world.sim.calls('answerCallbackQuery')
    return (
      answers.filter(({ params }) => String(params['text']).includes('once an hour')).length > 1
    )
  })
  expect(world.asked).toEqual([])

  await world.db.rows.payout.updateMany({ data: { at: new Date(now() - 3_600_000) } })
  await world.sim.press(world.ann, open.message_id, { data: 'gP' })
  await world.sim.until(() => world.asked.length > 0)
  expect(world.asked).toEqual([payee])
})

test('alerts come once for each cause, and each can be switched off', async () => {
  await using world = await startWorld()
  const { token, kid } = await withMachine(world)
  await world.sim.say(world.ann, '/gpu')
  await press(world, await shown(world, saying('Machine 1 · online')), 'Alerts')
  const alerts = await shown(world, saying('Tell me when'))
  expect(alerts.buttons.filter(({ text }) => text.startsWith('✓'))).toHaveLength(4)
  await press(world, alerts, 'a payout is sent')
  await shown(world, (it) => it.buttons.some(({ text }) => text.startsWith('✗ a payout')))

  const at = new Date(now())
  const long = new Date(now() - 301_000)
  const payment = { vault: 'f'.repeat(64), payee, txHash: 'a'.repeat(64), totalNano: 1n, at }
  await world.db.rows.payout.create({ data: { ...payment, lt: 1n, amountNano: 1n } })
  await world.db.rows.machine.update({ where: { token }, data: { goneAt: long, seenAt: long } })
  const look = () =>
    createGpuStore(world.db).notice({ nowMs: now(), offlineMs: 300_000, evidenceMs: 1 })
  await look()
  await shown(world, saying('Machine 1 is offline for 5 minutes'))
  await world.db.rows.owner.updateMany({ data: { onPayout: true } })
  await world.db.rows.payout.create({
    data: { ...payment, lt: 2n, amountNano: 500_000_000n, at: new Date(now() + 1000) },
  })
  await look()
  const machines = createMachineStore(world.db)
  await machines.gone(token, kid, now() - 60_000)
  await machines.refused(token, 'TCB_STATUS', now())
  await look()
  await look()
  await shown(world, saying('Machine 1 is refused: its firmware is out of date; update BIOS'))
  await shown(world, saying('Paid out: 0.5 GRAM'))

  const told = (await world.sim.messages(world.ann)).filter((it) => it.from_bot)
  expect(told.filter(saying('offline for 5 minutes'))).toHaveLength(1)
  expect(told.filter(saying('Paid out:'))).toHaveLength(1)
  expect(told.filter(saying('is refused:'))).toHaveLength(1)
}, 90_000)

test('another wallet is asked about in the chat, in the owner’s language, and can be cancelled there', async () => {
  await using world = await startWorld('ru')
  const other = testWallet('v4r2', 32)
  await link(world.db, world.ann)
  await world.sim.say(world.ann, '/gpu')
  await shown(world, saying('Машин пока нет'))
  await link(world.db, world.ann, other.address)
  const question = await shown(world, saying('Подтверждайте, только если это вы'))
  expect(question.text).toContain(showPayout(wallet.address, true))
  expect(question.text).toContain(showPayout(other.address, true))

  await press(world, question, 'Да, сменить')
  const waits = await shown(world, saying(`вам платим на ${showPayout(other.address, true)}`))
  await press(world, waits, 'Отменить смену')
  await shown(world, saying('Смена адреса выплат отменена'))

  const { payout } = await world.db.rows.owner.findFirstOrThrow()
  expect(payout).toBe(wallet.address)
})

test('/export has the owner’s machines, address and alerts, and no token’s hash', async () => {
  await using world = await startWorld()
  await withMachine(world)
  const { token } = await world.db.rows.machine.findFirstOrThrow()

  await world.sim.say(world.ann, '/export')
  const sent = await shown(world, (it) => it.documents.length > 0)
  const text = await (await fetch(sent.documents[0]?.url ?? '')).text()

  expect((JSON.parse(text) as Record<string, unknown>)['gpu']).toMatchObject({
    owner: { payout: wallet.address, proven: true, onOffline: true, onPayout: true },
    machines: [{ number: 1, tier: 'simulated' }],
    joins: [{ state: 'working' }],
    changes: [],
  })
  expect(text).not.toContain(token)
})

test('deleting one’s data ends machines, tokens and the link to the wallet', async () => {
  await using world = await startWorld()
  await withMachine(world)
  await world.sim.say(world.ann, '/delete_data')
  const question = await shown(world, (it) => it.buttons.some(({ data }) => data === 'd1'))
  await world.sim.press(world.ann, question.message_id, { data: 'd1' })

  await world.sim.until(async () => (await world.db.rows.owner.count()) === 0)
  const { machine, joinToken, machineKey } = world.db.rows
  expect(await Promise.all([machine.count(), joinToken.count(), machineKey.count()])).toEqual([
    0, 0, 0,
  ])
})
