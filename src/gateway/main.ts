/** @module The gateway process as a table of contents. Nothing else in it constructs clients. */
import { join } from 'node:path'
import { loadConfig } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import type { Ground } from '../core/ground.ts'
import { createRounds } from '../core/rounds.ts'
import type { Database } from '../db/database.ts'
import { openMoney } from '../payments/ledger/open-money.ts'
import { openOracle } from '../payments/oracle/open-oracle.ts'
import { noteOf } from '../payments/vouchers/pay-note.ts'
import type { Vouchers } from '../payments/vouchers/vouchers.ts'
import { payeeOf, showPayout } from '../payments/wallets/address.ts'
import { testWalletOf } from '../payments/wallets/test-wallet.ts'
import { createLinking, createPayouts, type LinkingDeps } from '../payments/wallets/wallets.ts'
import { createFileBlobs } from '../queue/blobs.ts'
import { createReceiptStore } from '../queue/receipt-store.ts'
import { checkRedis, connectRedis } from '../queue/redis.ts'
import { engineKinds } from '../tasks/index.ts'
import { createAdmission } from '../tee/admission/admission.ts'
import {
  createJoinTokens,
  INSTALLATION_OWNER,
  type JoinToken,
  openJoinToken,
  ownToken,
} from '../tee/admission/join.ts'
import { toHex } from '../tee/crypto/binary.ts'
import { createEpochKeys } from '../tee/keys/epoch-keys.ts'
import { openIdentity } from '../tee/keys/identity.ts'
import { createKeks } from '../tee/keys/kek.ts'
import { loadManifest } from '../workers/models/manifest.ts'
import { openTokenCounters, type TokenCounters } from '../workers/token-counters.ts'
import { openAttestation } from './attestation.ts'
import { serveAttestation } from './attestation-endpoint.ts'
import { gatewayConfig } from './config.ts'
import { createGateway } from './gateway.ts'
import { openHardware } from './hardware.ts'
import { createJoinStore } from './join-store.ts'
import { createMachineStore } from './machine-store.ts'
import { createMachines } from './machines.ts'
import { openPolicy } from './policy.ts'
import { createProofRoutes } from './proof-endpoint.ts'
import { createProofPage } from './proof-page-files.ts'
import type { Registry } from './registry-anchor.ts'
import { createWalletRoutes } from './wallet-endpoint.ts'
import { createManifest } from './wallet-manifest.ts'
import { createWalletPage } from './wallet-page-files.ts'

export interface GatewayFacts {
  readonly port: number
  /** What a worker shows to be talked to; for the worker that `start` runs itself. */
  readonly joinToken: string
  /** Where the installation's own worker earns; empty where nothing is paid. */
  readonly payout: () => Promise<string>
  /** What a worker pins; base64url. */
  readonly brokerKey: string
  /** Workers that are connected and admitted now. */
  readonly workers: () => number
}

/** Below the lifetime's 8 s for one close. */
const drainMs = 5000
const kekSweepMs = 600_000
/** Token rows are read again this often: a new, paused or removed one counts from then on. */
const joinMs = 2000
const seenMs = 10_000
const walletMs = 30_000
/** Global ids of the chains; the local one's is no other's. */
const chainIds = { mainnet: '-239', testnet: '-3', devnet: '-217' } as const
const nobody: ReadonlySet<string> = new Set()

/** Resolves when workers can connect. */
export async function main({
  env,
  db,
  log,
  clock,
  life,
  wallets,
  vouchers,
  registry,
  counters: shared,
}: Ground & {
  db: Database
  /** Vocabularies that another part of this process has open already. */
  counters?: TokenCounters
  /** What the chain's registry names. Testnet and mainnet admit nobody without it; the dev network has a file instead. */
  registry?: Registry
  /** Signs what workers earned; absent: they work, and are told of no pay. */
  vouchers?: Vouchers
  /** The chain that owners' wallets are on; absent: its number is known, and no contract of it. */
  wallets?: Pick<LinkingDeps, 'network' | 'own' | 'keyOnChain'>
}): Promise<GatewayFacts> {
  const config = loadConfig(gatewayConfig, env)
  const net = config.CHRYSALIS_NET
  const data = config.CHRYSALIS_DATA
  const keys = join(data, 'keys')
  const identity = openIdentity(keys)
  const joinToken = openJoinToken(keys)
  const joinStore = createJoinStore(db)
  const payout = await joinStore.payoutOf(INSTALLATION_OWNER)
  const own = { ...ownToken(joinToken), payout }
  const machineStore = createMachineStore(db)
  const ownMachine = { token: toHex(own.hash), owner: own.owner, payout }
  await machineStore.addOwn(ownMachine, clock.now())
  const machines = life.keep(
    'machines',
    createMachines({ store: machineStore, clock, log }),
    (it) => it.close(),
  )
  const isOwn = ({ hash }: JoinToken): boolean => toHex(hash) === ownMachine.token
  const readTokens = async (): Promise<JoinToken[]> => {
    const rows = await joinStore.all()
    return [rows.find(isOwn) ?? own, ...rows.filter((row) => !isOwn(row))]
  }
  const joins = createJoinTokens(await readTokens(), clock)
  const redis = life.keep('redis', await connectRedis(config.REDIS_URL.reveal(), log), (it) =>
    it.close(),
  )
  await checkRedis(redis)
  const keks = life.keep('keks', createKeks({ folder: join(data, 'kek'), net, clock }), (it) =>
    it.close(),
  )
  life.keep(
    'kek-sweep',
    clock.every(kekSweepMs, () => keks.sweep()),
    (stop) => stop(),
  )
  const blobs = createFileBlobs({ folder: join(data, 'blobs') })
  const policy = await openPolicy({
    net,
    data,
    signers: config.CHRYSALIS_POLICY_KEYS,
    ...(registry && { registry }),
    clock,
    log,
    life,
  })
  const attestation = await openAttestation({
    net,
    data,
    production: config.NODE_ENV === 'production',
    pccs: config.CHRYSALIS_PCCS,
    nras: config.CHRYSALIS_NRAS,
    db,
    inForce: () => policy.inForce(),
    hardware: openHardware({ net, db, clock, log, life }),
    clock,
    log,
    life,
  })
  const walletUrl = config.CHRYSALIS_WALLET_URL
  const manifest = createManifest(walletUrl)
  const walletGround = {
    domain: walletUrl === undefined ? '127.0.0.1' : new URL(walletUrl).hostname,
    network: chainIds[net],
    own: () => nobody,
    keyOnChain: () => Promise.resolve(undefined),
    ...wallets,
  }
  const payouts = createPayouts({ db, clock })
  const admission = createAdmission({
    identity,
    net,
    joins,
    ...attestation,
    ...(vouchers && { payTerms: payTermsBy(vouchers) }),
    clock,
  })
  const models = await loadManifest(data)
  const counters =
    shared ??
    openTokenCounters({
      folder: config.CHRYSALIS_MODELS ?? join(data, 'models'),
      rows: models,
      log,
      life,
    })
  const world = engineKinds(models)
  const { money, prices } = await openMoney({ db, world, clock, log, life })
  const oracle = config.CHRYSALIS_ORACLE
  if (oracle !== undefined) openOracle({ file: oracle, prices, world, clock, log, life })
  const gateway = await createGateway({
    net,
    db,
    redis,
    blobs,
    keks,
    identity,
    admission,
    money,
    pay: { payeeOf, counterOf: (model) => counters.counterOf(model) },
    ...(vouchers && { earnings: { vouchers, noteOf } }),
    machines,
    routes: [
      createProofPage(),
      createWalletPage(),
      manifest.route,
      createWalletRoutes({
        linking: createLinking({ db, clock, ...walletGround }),
        manifest,
        show: (address) => showPayout(address, net !== 'mainnet'),
        ...(net === 'devnet' && {
          testWallet: (publicKey) => testWalletOf(publicKey, Number(walletGround.network)),
        }),
      }),
      ...createProofRoutes({
        receipts: createReceiptStore(db),
        evidence: (id) => attestation.evidence.evidence(id),
        policyText: (epoch) => policy.policyText(epoch),
      }),
      serveAttestation({
        net,
        brokerKey: identity.publicKey,
        epochKeys: createEpochKeys({ net, clock }),
        epoch: () => policy.inForce()?.current.epoch ?? 0,
        clock,
      }),
    ],
    clock,
    log,
  })
  life.keep('gateway', gateway, (it) => it.drain(drainMs))
  const rounds = createRounds(clock, (error) => log.failure('join.unread', describe(error)))
  rounds.every(joinMs, async () => {
    joins.replace(await readTokens())
    gateway.heedTokens()
  })
  rounds.every(seenMs, () => machines.seen())
  rounds.every(walletMs, async () => {
    const switched = await payouts.sweep()
    if (switched > 0) log.info('payouts.switched', { switched })
  })
  life.keep('join-tokens', rounds, (it) => it.close())
  life.keep(
    'policy-watch',
    policy.onChange(() => gateway.judgeAgain()),
    (stop) => stop(),
  )
  attestation.onChange(() => gateway.judgeAgain())
  const port = await gateway.listen(config.CHRYSALIS_GATEWAY_PORT, config.CHRYSALIS_GATEWAY_HOST)
  log.info('gateway.listening', { port, kid: identity.kid })
  return {
    port,
    joinToken: attestation.joinSetting(joinToken),
    payout: () => joinStore.payoutOf(INSTALLATION_OWNER),
    brokerKey: identity.publicKey,
    workers: () => gateway.workers(),
  }
}

/** A payout text that is no address of the base chain is paid nowhere. */
const payTermsBy = (vouchers: Vouchers) => async (payout: string) => {
  const payee = payeeOf(payout)
  return payee === undefined ? undefined : vouchers.terms(payee)
}
