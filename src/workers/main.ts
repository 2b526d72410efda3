/** @module The worker process: engines, keys, and one conversation with a gateway at a time. Holds no credentials of any store. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import type { Ground } from '../core/ground.ts'
import { Secret } from '../core/plaintext.ts'
import { createRounds } from '../core/rounds.ts'
import { differs } from '../payments/prices/rates.ts'
import { payIn } from '../payments/vouchers/pay-note.ts'
import { standingReader } from '../payments/vouchers/vault-standing.ts'
import { checkVoucher } from '../payments/vouchers/voucher.ts'
import { payeeOf } from '../payments/wallets/address.ts'
import { splitJoin } from '../tee/admission/join.ts'
import { pinBroker } from '../tee/keys/identity.ts'
import { createBlobDownload } from './blob-download.ts'
import { type WorkerConfig, workerConfig } from './config.ts'
import { createEarnings, type Earnings } from './earnings.ts'
import { earningsInMemory, earningsPath, openEarningsFile } from './earnings-file.ts'
import { openEvidenceSource } from './evidence-source.ts'
import { loadEngines, packageFile } from './load-engines.ts'
import { selfTest } from './self-test.ts'
import { startSessions, type WorkerLoop } from './session.ts'
import { work } from './work.ts'

/** Below the 6 s after which `start` kills a worker that does not go. */
const DRAIN_MS = 4500
/** How often the owner's endpoint is asked what was paid: payouts come every few minutes at most. */
const CHAIN_MS = 15_000

/** Resolves when the engines are loaded and the first connection is being made. Closing `life` drains it. */
export async function main({ env, log, clock, life }: Ground): Promise<WorkerLoop> {
  const config = loadConfig(workerConfig, env)
  const net = config.CHRYSALIS_NET
  const broker = pinBroker(config.CHRYSALIS_BROKER_KEY)
  const { token, devSeed } = splitJoin(config.CHRYSALIS_JOIN.reveal())
  const { signal } = life
  const { engines, lending: untried } = await loadEngines(config, { log, clock, signal })
  life.keep('engines', engines, (it) => it.close())
  const lending = await selfTest(untried, { log, clock, signal })
  log.info('engines.loaded', { models: lending.models.length, ...lending.slots })
  const source = await openEvidenceSource({
    kind: config.CHRYSALIS_TEE,
    net,
    devSeed,
    machine: hostname(),
    gpuProgram: config.CHRYSALIS_GPU_EVIDENCE,
    clock,
  })
  const download = createBlobDownload({ clock, gatewayUrl: () => loop.url() })
  const earnings = openEarnings(config, { log, clock })
  const endpoint = config.CHRYSALIS_CHAIN_URL
  if (earnings && endpoint !== undefined) {
    const rounds = createRounds(clock, (error) => log.failure('chain.unread', describe(error)))
    const read = standingReader(endpoint, clock)
    rounds.every(CHAIN_MS, async () => {
      const terms = earnings.terms()
      if (terms) earnings.read(await read(terms))
    })
    life.keep('chain-rounds', rounds, (it) => it.close())
  }
  const loop: WorkerLoop = startSessions({
    net,
    broker,
    join: Secret.of(token),
    source,
    payout: config.CHRYSALIS_PAYOUT,
    build: packageFile().version,
    urls: config.CHRYSALIS_GATEWAY_URL,
    lending,
    ...(earnings && { earnings }),
    work: (session, job) =>
      work({ net, lending, download, ...(earnings && { earnings }), clock, log }, session, job),
    clock,
    log,
  })
  return life.keep('session', loop, (it) => it.drain(DRAIN_MS))
}

/** Undefined for a machine without a payout address: it works, and what it earns is nobody's. */
function openEarnings(
  config: WorkerConfig,
  { log, clock }: Pick<Ground, 'log' | 'clock'>,
): Earnings | undefined {
  const payee = payeeOf(config.CHRYSALIS_PAYOUT)
  if (payee === undefined) {
    log.warn('earnings.unaddressed', {})
    return undefined
  }
  const { CHRYSALIS_DATA: data } = config
  const folder = config.CHRYSALIS_EARNINGS ?? (data && join(data, 'earnings'))
  if (folder === undefined) log.warn('earnings.unkept', {})
  return createEarnings({
    file: folder === undefined ? earningsInMemory() : openEarningsFile(earningsPath(folder, payee)),
    check: checkVoucher,
    payIn,
    differs,
    creditNano: config.CHRYSALIS_CREDIT,
    clock,
    log,
  })
}
