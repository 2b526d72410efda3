/** @module `chrysalis start`: the whole system on one machine, as a table of contents. */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { main as runBot } from '../bot/main.ts'
import { AppError } from '../core/app-error.ts'
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import { Lifetime } from '../core/lifetime.ts'
import { createLog } from '../core/log.ts'
import type { Secret } from '../core/plaintext.ts'
import { createRounds } from '../core/rounds.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { main as runGateway } from '../gateway/main.ts'
import { checkLedger } from '../payments/ledger/check.ts'
import { main as runPayments } from '../payments/main.ts'
import { startRedisServer } from '../queue/redis-server.ts'
import { main as runSimulator } from '../sim/main.ts'
import { loadManifest } from '../workers/models/manifest.ts'
import { openTokenCounters } from '../workers/token-counters.ts'
import { type ControlCall, openControl } from './control.ts'
import { lockDataFolder } from './data-lock.ts'
import { sweepCall } from './deposit-sweep.ts'
import { depositCalls } from './deposits.ts'
import { keptPort } from './kept-port.ts'
import { chooseModels, ensureChosenModels } from './models.ts'
import { dataFolder, modelsFolder } from './paths.ts'
import { priceCalls } from './prices.ts'
import { startScreen } from './screen.ts'
import { settleCalls } from './settle.ts'
import { statementCall } from './statement-source.ts'
import { untilStopped } from './stop.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'
import { keepWorkerRunning } from './worker-child.ts'

/** The installation's own worker follows its owner's wallet this soon. */
const payoutMs = 2000

/** Runs until Ctrl-C. Everything it opens is closed in reverse order; children never outlive it. */
export async function runStart(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { values } = parseOptions(args, {
    port: { type: 'string' },
    data: { type: 'string' },
    small: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  })
  const port = parsePort(values.port ?? env['CHRYSALIS_PORT'] ?? '4800')

  const dataDir = dataFolder(values.data, env)
  openDataFolder(dataDir)
  const log = createLog('start', logSink(dataDir, values.verbose), () => systemClock.now())
  const life = new Lifetime({ log, clock: systemClock })
  const stopped = untilStopped(life)
  try {
    life.keep('data-folder', lockDataFolder(dataDir), (unlock) => unlock())
    const models = modelsFolder(env)
    const chosen = await chooseModels({ isSmall: values.small, env, dataDir })
    await ensureChosenModels(chosen.rows, { folder: models, env, terminal, signal: life.signal })

    const redis = await startRedisServer({ dataDir, env, log, clock: systemClock })
    life.keep('redis', redis, (it) => it.stop())
    const db = await openDatabase({ url: databaseUrl(env, dataDir), clock: systemClock })
    life.keep('database', db, (it) => it.close())

    const gatewayPort = await keptPort(dataDir, 'gateway')
    const settings: Record<string, string | undefined> = {
      ...env,
      CHRYSALIS_DATA: dataDir,
      CHRYSALIS_MODELS: models,
      CHRYSALIS_PORT: String(port),
      CHRYSALIS_GATEWAY_PORT: env['CHRYSALIS_GATEWAY_PORT'] ?? String(gatewayPort.wanted),
      CHRYSALIS_TEXT_MODEL: chosen.text,
      CHRYSALIS_SPEECH_MODEL: chosen.speech,
      REDIS_URL: redis.url,
    }
    const ground = { log, clock: systemClock, life }
    const chat =
      env['TELEGRAM_TOKEN'] === undefined
        ? await runSimulator({ ...ground, env: settings })
        : undefined
    const chainPort = await keptPort(dataDir, 'chain')
    const chainSettings = { CHRYSALIS_CHAIN_PORT: String(chainPort.wanted), ...settings }
    const payments = await runPayments({ ...ground, env: chainSettings, db }, { settles: true })
    if (payments.chainPort !== undefined) chainPort.keep(payments.chainPort)
    // Gateway and bot count by the same vocabularies, which take seconds to load.
    const counters = openTokenCounters({
      folder: models,
      rows: await loadManifest(dataDir),
      log,
      life,
    })
    const gateway = await runGateway({ ...ground, env: settings, db, counters, ...payments })
    gatewayPort.keep(gateway.port)
    const own = chat && { ...telegramOf(chat), ...pagesOf(gateway, payments.explorerUrl) }
    const bot = await runBot({
      ...ground,
      env: { ...settings, ...own },
      db,
      counters,
    })
    let payout = await gateway.payout()
    const worker = keepWorkerRunning({
      ...ground,
      env,
      dataDir,
      settings: () => ({
        CHRYSALIS_NET: env['CHRYSALIS_NET'] ?? 'devnet',
        CHRYSALIS_DATA: dataDir,
        CHRYSALIS_MODELS: models,
        CHRYSALIS_TEXT_MODEL: chosen.text,
        CHRYSALIS_SPEECH_MODEL: chosen.speech,
        CHRYSALIS_GATEWAY_URL: `ws://127.0.0.1:${String(gateway.port)}/v1/connect`,
        CHRYSALIS_JOIN: gateway.joinToken,
        CHRYSALIS_BROKER_KEY: gateway.brokerKey,
        CHRYSALIS_PAYOUT: payout,
      }),
    })
    const follow = createRounds(systemClock, (error) =>
      log.failure('payout.unread', describe(error)),
    )
    follow.every(payoutMs, async () => {
      const now = await gateway.payout()
      if (now === payout) return
      payout = now
      worker.restart()
    })
    life.keep('payout', follow, (it) => it.close())
    const calls = {
      ...ledgerCalls(db),
      'statement.get': statementCall(db, dataDir),
      ...settleCalls(payments, life.signal),
      ...depositCalls(payments.deposits),
      'deposits.sweep': sweepCall(payments, life.signal),
    }
    life.keep('control', await openControl({ dataDir, facts: bot.facts, calls }), (it) =>
      it.close(),
    )

    await Promise.race([untilWorker(gateway.workers, life.signal), stopped])
    if (!life.signal.aborted)
      terminal.out(
        startScreen({ chat, explorer: payments.explorerUrl, dataDir, models, chosen, env }),
      )
    await stopped
    return EXIT.ok
  } finally {
    await life.close()
  }
}

/** Ready means that somebody can answer. Ends when `signal` aborts. */
async function untilWorker(workers: () => number, signal: AbortSignal): Promise<void> {
  while (workers() === 0 && !signal.aborted) await systemClock.sleep(100)
}

/** What commands ask of the books while this process has the database. */
const ledgerCalls = (db: Database): Record<string, ControlCall> => ({
  'ledger.check': () => checkLedger(db, systemClock),
  ...priceCalls(db),
})

/** The simulator stands in for Telegram, and a page of this machine may be read, since the person here is its owner. */
function telegramOf(chat: {
  apiRoot: string
  token: Secret
  person: number
}): Record<string, string> {
  return {
    CHRYSALIS_LOCAL_OWNER: String(chat.person),
    // Payment tickets of the chat page are answered by the same person.
    CHRYSALIS_OPERATORS: String(chat.person),
    TELEGRAM_API_ROOT: chat.apiRoot,
    TELEGRAM_TOKEN: chat.token.reveal(),
    CHRYSALIS_ALLOW_LOOPBACK_LINKS: 'true',
  }
}

/** What the chat simulator's bot opens lies on this machine; for Telegram each page needs an address of its own. */
const pagesOf = (
  { port }: { port: number },
  explorer: string | undefined,
): Record<string, string> => ({
  CHRYSALIS_PROOF_URL: `http://127.0.0.1:${String(port)}/proof`,
  CHRYSALIS_WALLET_URL: `http://127.0.0.1:${String(port)}/wallet`,
  CHRYSALIS_GATEWAY_URL: `ws://127.0.0.1:${String(port)}/v1/connect`,
  ...(explorer !== undefined && { CHRYSALIS_EXPLORER_URL: `${explorer}#0:` }),
})

const databaseUrl = (env: Environment, dataDir: string): string =>
  env['DATABASE_URL'] ?? `pglite:${join(dataDir, 'db')}`

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new UsageError('--port takes a number from 1 to 65535.')
  return port
}

function openDataFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new AppError('config.data-folder', {}, { cause })
  }
}

function logSink(dataDir: string, isVerbose: boolean): (line: string) => void {
  const file = join(dataDir, 'chrysalis.log')
  return (line) => {
    appendFileSync(file, line, { mode: 0o600 })
    if (isVerbose) process.stderr.write(line)
  }
}
