/** @module The bot's process: nothing else constructs its clients. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { loadConfig } from '../core/config.ts'
import type { Ground } from '../core/ground.ts'
import type { JobId } from '../core/ids.ts'
import { encodeJoinCode } from '../core/join-code.ts'
import { readOrCreateSecretFile } from '../core/secret-file.ts'
import type { Database } from '../db/database.ts'
import { createDeskSealing } from '../gateway/desk-sealing.ts'
import { openMoney } from '../payments/ledger/open-money.ts'
import { starsFunded } from '../payments/ledger/payee-store.ts'
import { createDemandStore } from '../payments/settlement/demand-store.ts'
import { watchFloat } from '../payments/stars/float.ts'
import { openStarsDesk } from '../payments/stars/stars-desk.ts'
import { payeeOf, showPayout } from '../payments/wallets/address.ts'
import { createPayouts } from '../payments/wallets/wallets.ts'
import { createFileBlobs } from '../queue/blobs.ts'
import { createDesk } from '../queue/desk.ts'
import { connectRedis } from '../queue/redis.ts'
import { engineKinds, taskOf } from '../tasks/index.ts'
import { devJoin, INSTALLATION_OWNER, joinTokenHash, openDevSeed } from '../tee/admission/join.ts'
import { openIdentity } from '../tee/keys/identity.ts'
import { createKeks } from '../tee/keys/kek.ts'
import { createVault } from '../tee/sealing/vault.ts'
import { encodeProofLink } from '../tee/verify/proof-link.ts'
import { loadManifest } from '../workers/models/manifest.ts'
import { openTokenCounters, type TokenCounters } from '../workers/token-counters.ts'
import { startBot } from './bot.ts'
import { type BotConfig, botConfig } from './config.ts'
import type { ProofLinks, ProofSalts } from './delivery/proof-links.ts'
import type { AnswerFacts } from './delivery/recent-facts.ts'
import type { GpuPort } from './gpu/port.ts'
import type { IntakeChoice } from './intake/intake.ts'
import { createReader } from './reading/read.ts'
import { createBounds } from './requests/bounds.ts'
import { createPacer } from './telegram/pacer.ts'

/** Opens Redis, desk, keys and Telegram; `facts` gives the content-free facts of recent answers to tools of this machine. */
export async function main(
  ground: Ground & { readonly db: Database; readonly counters?: TokenCounters },
): Promise<{ facts: (job: JobId) => AnswerFacts | undefined }> {
  const { env, db, log, clock, life } = ground
  const config = loadConfig(botConfig, env)
  const { CHRYSALIS_DATA: data, CHRYSALIS_NET: net } = config
  const keks = life.keep('keks', createKeks({ folder: join(data, 'kek'), net, clock }), (it) =>
    it.close(),
  )
  const identity = openIdentity(join(data, 'keys'))
  const redis = await connectRedis(config.REDIS_URL.reveal(), log)
  life.keep('redis', redis, (it) => it.close())
  const models = await loadManifest(data)
  const counters =
    ground.counters ??
    openTokenCounters({
      folder: config.CHRYSALIS_MODELS ?? join(data, 'models'),
      rows: models,
      log,
      life,
    })
  // Loaded meanwhile, so that the first request need not wait for it; never rejects.
  void counters.counterOf(config.CHRYSALIS_TEXT_MODEL)
  const float = watchFloat({
    usedNano: (since) => starsFunded(db.rows, since),
    limitNano: config.CHRYSALIS_STARS_FLOAT,
    clock,
    log,
  })
  life.keep('float', float, (it) => it.close())
  await float.look()
  const { prices, money } = await openMoney({
    db,
    world: engineKinds(models),
    clock,
    log,
    life,
    // First nothing is sold any more, and then nothing given either.
    isGranting: () => float.state() !== 'closed',
  })
  const desk = await createDesk({
    front: config.CHRYSALIS_FRONT,
    // The part before the colon is the bot's public number.
    bot: config.TELEGRAM_TOKEN.reveal().split(':', 1)[0]?.slice(0, 32) ?? '',
    db,
    redis,
    sealing: createDeskSealing({ net, keks, brokerKid: identity.kid }),
    blobs: createFileBlobs({ folder: join(data, 'blobs') }),
    ownerKey: readOrCreateSecretFile(join(data, 'keys', 'owners.key'), () => randomBytes(32)),
    maxOutputBytes: (task) => taskOf(task).maxOutputBytes,
    money,
    clock,
    log,
  })
  life.keep('desk', desk, (it) => it.close())
  const bot = await startBot({
    token: config.TELEGRAM_TOKEN,
    apiRoot: config.TELEGRAM_API_ROOT.replace(/\/$/, ''),
    desk,
    vault: createVault({ keks, net }),
    db,
    reader: createReader({ clock, rules: { loopback: config.CHRYSALIS_ALLOW_LOOPBACK_LINKS } }),
    choice: {
      textModel: config.CHRYSALIS_TEXT_MODEL,
      speechModel: config.CHRYSALIS_SPEECH_MODEL,
      // Other tiers come with workers that can prove them; nothing else serves the test network.
      tier: net === 'devnet' ? 'simulated' : 'cpu-tee',
    },
    postKey: readOrCreateSecretFile(join(data, 'keys', 'posts.key'), () => randomBytes(32)),
    gpu: gpuPortOf(config, { db, clock, brokerKey: identity.publicKey }),
    money: {
      open: openStarsDesk({
        db,
        prices,
        money,
        key: readOrCreateSecretFile(join(data, 'keys', 'customers.key'), () => randomBytes(32)),
        float: float.state,
        isMaintenance: () => config.CHRYSALIS_MAINTENANCE,
        clock,
        log,
      }),
      boundOf: createBounds((model) => counters.counterOf(model)),
      operators: config.CHRYSALIS_OPERATORS,
    },
    clock,
    log,
    life,
    intake: intakeOf(config, data),
    ...(config.CHRYSALIS_PROOF_URL !== undefined && {
      proofs: proofLinksOf(config.CHRYSALIS_PROOF_URL),
    }),
    pacer: createPacer({ clock, perSecond: config.CHRYSALIS_SENDS_PER_SECOND }),
    onFatal: (code) => {
      log.error('bot.stopped', { code })
      void life.close()
    },
  })
  return { facts: bot.facts }
}

/** Owners are named by their Telegram account's number; the installation's own machine is its local person's. */
function gpuPortOf(
  config: BotConfig,
  { db, clock, brokerKey }: Pick<Ground, 'clock'> & { db: Database; brokerKey: string },
): GpuPort {
  const { CHRYSALIS_NET: net, CHRYSALIS_LOCAL_OWNER: local, CHRYSALIS_WALLET_URL: page } = config
  const keys = join(config.CHRYSALIS_DATA, 'keys')
  const demands = createDemandStore(db)
  const explorer = config.CHRYSALIS_EXPLORER_URL
  return {
    ownerOf: (userId) => (userId === local ? INSTALLATION_OWNER : `tg-${String(userId)}`),
    userOf: (owner) => {
      if (owner === INSTALLATION_OWNER) return local
      const digits = /^tg-(\d{1,15})$/.exec(owner)?.[1]
      return digits === undefined ? undefined : Number(digits)
    },
    payouts: createPayouts({ db, clock }),
    newToken: () => {
      const token = randomBytes(32).toString('base64url')
      return { token, hash: Buffer.from(joinTokenHash(token)).toString('hex') }
    },
    command: (token, payout) => {
      const joinSetting = net === 'devnet' ? devJoin(token, openDevSeed(keys)) : token
      const gateway = config.CHRYSALIS_GATEWAY_URL
      return `CHRYSALIS_JOIN=${encodeJoinCode({ net, join: joinSetting, brokerKey, payout, gateway })} ./chrysalis worker`
    },
    payeeOf,
    show: (payout) => showPayout(payout, net !== 'mainnet'),
    payNow: (payee) => demands.add(payee, clock.now()),
    ...(page !== undefined && { walletPage: (ticket: string) => `${page}#${ticket}` }),
    ...(explorer !== undefined && { explorer: (payee: string) => `${explorer}${payee}` }),
  }
}

/** A browser is given the secrets in the fragment, which no server sees; a Mini App needs its fragment for Telegram's own data. */
function proofLinksOf(page: string): ProofLinks {
  return {
    page: (job, salts) => `${page}#${encodeProofLink({ job, ...salts })}`,
    ...(page.startsWith('https:') && {
      app: (job: JobId, salts: ProofSalts) => `${page}?p=${encodeProofLink({ job, ...salts })}`,
    }),
  }
}

/** How updates come in. The key makes path and secret of the webhook, and all processes of one bot have the same. */
function intakeOf(config: BotConfig, data: string): IntakeChoice {
  const { CHRYSALIS_UPDATES: kind, CHRYSALIS_WEBHOOK_URL: url } = config
  if (kind !== 'webhook' || url === undefined) return { kind: kind === 'inbox' ? kind : 'polling' }
  const key = readOrCreateSecretFile(join(data, 'keys', 'webhook.key'), () => randomBytes(32))
  return {
    kind,
    url,
    host: config.CHRYSALIS_WEBHOOK_HOST,
    port: config.CHRYSALIS_WEBHOOK_PORT,
    key,
  }
}
