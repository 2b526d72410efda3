/** @module The bot under test: real grammY over HTTP against the simulator, a real database in memory, a scripted desk. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { startBot } from '../../src/bot/bot.ts'
import type { GpuPort } from '../../src/bot/gpu/port.ts'
import type { IntakeChoice } from '../../src/bot/intake/intake.ts'
import { createReader } from '../../src/bot/reading/read.ts'
import { createPacer, type Pacer } from '../../src/bot/telegram/pacer.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { isModelId, type JobId, parseId } from '../../src/core/ids.ts'
import { Lifetime } from '../../src/core/lifetime.ts'
import { createLog, type Log } from '../../src/core/log.ts'
import { Secret } from '../../src/core/plaintext.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { createMoney } from '../../src/payments/ledger/money.ts'
import { readOwnTable } from '../../src/payments/prices/own-table.ts'
import { openPrices } from '../../src/payments/prices/prices.ts'
import { openStarsDesk } from '../../src/payments/stars/stars-desk.ts'
import type { FloatState } from '../../src/payments/stars/stars-port.ts'
import type { JobRequest } from '../../src/queue/desk-port.ts'
import { engineKinds } from '../../src/tasks/index.ts'
import { MODELS } from '../../src/tasks/models.ts'
import { createKeks } from '../../src/tee/keys/kek.ts'
import { createVault } from '../../src/tee/sealing/vault.ts'
import { type Script, ScriptedDesk } from './scripted-desk.ts'
import { TestSimulator } from './simulator.ts'

/** Prices, ledger and Stars of a world in which requests cost something. */
interface TestMoney {
  readonly float?: () => FloatState
  readonly isMaintenance?: () => boolean
  /** Which of the simulator's people answer tickets; asked when the bot starts. */
  readonly operators?: (sim: TestSimulator) => readonly number[]
}

export interface BotWorld extends AsyncDisposable {
  readonly sim: TestSimulator
  readonly desk: ScriptedDesk
  readonly db: Database
  /** All log lines so far. */
  readonly logs: string[]
  readonly fatal: string[]
  bot: Awaited<ReturnType<typeof startBot>>
  /** Ends the process as `kill -9` would, as far as one process can: nothing is delivered, nothing handled any more. */
  crash(): Promise<void>
  restart(): Promise<void>
}

export interface BotWorldOptions {
  readonly script?: Script
  readonly clock?: Clock
  readonly sample?: boolean
  readonly textModel?: string
  readonly limits?: boolean
  /** Turns the simulator's time, long polls included, and not the bot's. */
  readonly simClock?: Clock
  readonly intake?: IntakeChoice
  /** Sends as slowly as production does; otherwise at once. */
  readonly isPaced?: boolean
  readonly money?: TestMoney
  /** Opens what `/gpu` needs. */
  readonly gpu?: (ground: { db: Database; clock: Clock }) => GpuPort
}

const unpaced: Pacer = {
  turn: () => Promise.resolve('go'),
  frameInMs: () => 0,
  flooded: () => undefined,
}

/** Opening one takes seconds on a busy machine: the tests of a file share it, one after another, each beginning with no rows. */
let opened: Promise<Database> | undefined
beforeAll(async () => void (await emptyDatabase()), 180_000)
afterAll(async () => (await opened)?.close(), 60_000)

async function emptyDatabase(): Promise<Database> {
  opened ??= openDatabase({ url: 'memory:', clock: systemClock })
  const db = await opened
  const { inbox, inboxLane, delivery, botUser, copy, dialogue, channel, post, group } = db.rows
  const { starInvoice, starPayment, starRefund, starPlan, starTicket } = db.rows
  const { unreachableChat } = db.rows
  for (const table of [
    inbox,
    inboxLane,
    delivery,
    botUser,
    copy,
    dialogue,
    channel,
    post,
    group,
    unreachableChat,
    starInvoice,
    starPayment,
    starRefund,
    starPlan,
    starTicket,
  ])
    await (table.deleteMany as () => Promise<unknown>)()
  return db
}

/** The same names of accounts would meet the entries of the test before: each world has a key of its own. */
async function openTestMoney(
  options: TestMoney,
  ground: { db: Database; clock: Clock; log: Log; sim: TestSimulator },
) {
  const { db, clock, log, sim } = ground
  const world = engineKinds(MODELS)
  const prices = await openPrices({ db, clock, world, first: readOwnTable(world) })
  const money = createMoney({ prices, clock, log })
  return {
    open: openStarsDesk({
      db,
      prices,
      money,
      key: randomBytes(32),
      float: options.float ?? (() => 'open'),
      isMaintenance: options.isMaintenance ?? (() => false),
      clock,
      log,
    }),
    /** A token a character, and as many again for the answer. */
    boundOf: async ({ text = '', audioMs = 0 }: { text?: string; audioMs?: number }) => ({
      inTokens: text.length,
      cachedTokens: 0,
      outTokens: text.length,
      audioMs,
    }),
    operators: options.operators?.(sim) ?? [],
    hold: async (job: JobId, { paid, task, model, tier, deadlineMs }: JobRequest) => {
      if (!paid) return
      const closesAtMs = clock.now() + deadlineMs
      const request = { job, ...paid, task, model, tier, closesAtMs }
      await db.transaction((tx) => money.hold(tx, request))
    },
  }
}

export async function startBotWorld(options: BotWorldOptions = {}): Promise<BotWorld> {
  const clock = options.clock ?? systemClock
  const sim = await TestSimulator.start({
    ...(options.sample !== undefined && { sample: options.sample }),
    ...(options.limits !== undefined && { limits: options.limits }),
    ...(options.simClock !== undefined && { clock: options.simClock }),
  })
  const db = await emptyDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'bot-test-'))
  const keks = createKeks({ folder: join(folder, 'kek'), net: 'devnet', clock })
  const desk = new ScriptedDesk(options.script)
  const logs: string[] = []
  const fatal: string[] = []
  const log = createLog(
    'bot',
    (line) => logs.push(line),
    () => clock.now(),
  )
  let life = new Lifetime({ log, clock })
  const money = options.money && (await openTestMoney(options.money, { db, clock, log, sim }))
  if (money) desk.hold = money.hold

  const gpu = options.gpu?.({ db, clock })

  const start = () =>
    startBot({
      token: Secret.of(sim.token),
      apiRoot: sim.base,
      desk,
      vault: createVault({ keks, net: 'devnet' }),
      db,
      reader: createReader({ clock, rules: { loopback: true } }),
      choice: {
        textModel: parseId(options.textModel ?? 'qwen2.5-coder-1.5b', isModelId),
        speechModel: parseId('whisper-base', isModelId),
        tier: 'simulated',
      },
      postKey: Buffer.alloc(32, 7),
      intake: options.intake ?? { kind: 'polling' },
      pacer: options.isPaced === true ? createPacer({ clock, perSecond: 25 }) : unpaced,
      clock,
      log,
      life,
      ...(money && { money }),
      ...(gpu && { gpu }),
      onFatal: (code) => fatal.push(code),
    })
  const world: BotWorld = {
    sim,
    desk,
    db,
    logs,
    fatal,
    bot: await start(),
    crash: async () => {
      desk.disconnect()
      await life.close()
    },
    restart: async () => {
      life = new Lifetime({ log, clock })
      world.bot = await start()
    },
    [Symbol.asyncDispose]: async () => {
      desk.disconnect()
      await life.close()
      await sim.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return world
}
