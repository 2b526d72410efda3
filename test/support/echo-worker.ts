/** @module A worker process with the real conversation and work, and engines that echo; words in a text make it wait, fail or die. */
import { existsSync } from 'node:fs'
import { guardProcess } from '../../src/cli/guard.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import { AppError } from '../../src/core/app-error.ts'
import { systemClock } from '../../src/core/clock.ts'
import { loadConfig } from '../../src/core/config.ts'
import { Lifetime } from '../../src/core/lifetime.ts'
import { createLog, stderrSink } from '../../src/core/log.ts'
import { Secret } from '../../src/core/plaintext.ts'
import { splitJoin } from '../../src/tee/admission/join.ts'
import { pinBroker } from '../../src/tee/keys/identity.ts'
import { createBlobDownload } from '../../src/workers/blob-download.ts'
import { workerConfig } from '../../src/workers/config.ts'
import { openEvidenceSource } from '../../src/workers/evidence-source.ts'
import { startSessions, type WorkerLoop } from '../../src/workers/session.ts'
import { work } from '../../src/workers/work.ts'
import { echoLending } from './echo-lending.ts'
import { ORDERS } from './echo-orders.ts'

guardProcess(processTerminal)
const env = process.env
const config = loadConfig(workerConfig, env)
const clock = systemClock
const log = createLog('worker', stderrSink, () => clock.now())
const life = new Lifetime({ log, clock })

/** Obeys the order in a text. A held text goes on when the file `CHRYSALIS_ECHO_GATE` exists. */
async function obey(signal: AbortSignal, text: string): Promise<void> {
  if (text.includes(ORDERS.crash)) throw new AppError('engine.crash')
  if (text.includes(ORDERS.blurt)) throw new Error(text)
  if (text.includes(ORDERS.die)) queueMicrotask(() => fail(text))
  while (text.includes(ORDERS.hold) && !existsSync(env['CHRYSALIS_ECHO_GATE'] ?? '')) {
    if (signal.aborted) return
    await clock.sleep(20)
  }
}

/** As a broken library would: the message holds everything. */
function fail(text: string): never {
  throw new Error(text)
}

const net = config.CHRYSALIS_NET
const { token, devSeed } = splitJoin(config.CHRYSALIS_JOIN.reveal())
const source = await openEvidenceSource({ kind: config.CHRYSALIS_TEE, net, devSeed, clock })
const lending = echoLending({ before: obey })
const download = createBlobDownload({ clock, gatewayUrl: () => loop.url() })
const loop: WorkerLoop = startSessions({
  net,
  broker: pinBroker(config.CHRYSALIS_BROKER_KEY),
  join: Secret.of(token),
  source,
  build: 'echo',
  urls: config.CHRYSALIS_GATEWAY_URL,
  lending,
  work: (session, job) => work({ net, lending, download, clock, log }, session, job),
  clock,
  log,
})
life.keep('session', loop, (it) => it.drain(2000))
process.on('SIGTERM', () => void life.close().then(() => process.exit(0)))
