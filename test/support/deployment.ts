/** @module A deployment as in production: bots, gateways and workers as processes of their own, on one Redis and one Postgres of the test's. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { ModelRow } from '../../src/tasks/models.ts'
import { devJoin, openDevSeed, openJoinToken } from '../../src/tee/admission/join.ts'
import { openIdentity } from '../../src/tee/keys/identity.ts'
import { fixtureModel } from './models/fixture-models.ts'
import { type PrivatePostgres, startPrivatePostgres } from './postgres.ts'
import { RoleProcess } from './role-process.ts'
import { TestSimulator } from './simulator.ts'
import { freePort, startTestRedis, type TestRedis } from './stores.ts'
import { until } from './until.ts'

interface WorkerPlan {
  /** Instead of `src/cli.ts worker`: a script beside this file, with the same environment. */
  readonly script?: string
  readonly env?: Readonly<Record<string, string>>
}

interface BotProcess {
  /** Which bot it serves: 1 is the first. */
  readonly bot: number
  readonly env?: Readonly<Record<string, string>>
}

export interface DeploymentOptions {
  /** Each has a token and a simulator of its own. */
  readonly bots?: number
  /** The processes `bot-1`, `bot-2`, … in this order; one for each bot by default. */
  readonly botProcesses?: readonly BotProcess[]
  readonly gateways?: number
  readonly workers?: readonly WorkerPlan[]
  /** Writes models to the folder and gives their rows; the fixture that says its script and the one that hears its own by default. */
  readonly models?: (folder: string) => readonly ModelRow[]
  readonly textModel?: string
  readonly speechModel?: string
  /** Bots, gateways and workers of `cli.ts` throw an uncaught error with these words on SIGUSR2. */
  readonly crashWords?: string
}

/** Everything runs when `deploy` resolves: each role has started and each worker was admitted by a gateway. */
export class Deployment {
  readonly root: string
  /** Keys and blobs, which bots and gateways share. */
  readonly data: string
  /** The children's temporary folder. */
  readonly tmp: string
  readonly postgres: PrivatePostgres
  readonly redis: TestRedis
  readonly sims: readonly TestSimulator[]
  readonly roles = new Map<string, RoleProcess>()
  readonly #client: { now: Client | undefined } = { now: undefined }

  constructor(it: Pick<Deployment, 'root' | 'data' | 'tmp' | 'postgres' | 'redis' | 'sims'>) {
    this.root = it.root
    this.data = it.data
    this.tmp = it.tmp
    this.postgres = it.postgres
    this.redis = it.redis
    this.sims = it.sims
  }

  /** The file whose presence lets the echoing workers' held jobs go on. */
  get gate(): string {
    return join(this.root, 'gate')
  }

  get sim(): TestSimulator {
    const [sim] = this.sims
    if (!sim) throw new Error('no bot')
    return sim
  }

  role(name: string): RoleProcess {
    const role = this.roles.get(name)
    if (!role) throw new Error(`no role ${name}`)
    return role
  }

  rolesOf(kind: 'bot' | 'gateway' | 'worker'): RoleProcess[] {
    return [...this.roles.values()].filter(({ name }) => name.startsWith(kind))
  }

  /** Starts a role and waits until it does its work. */
  async start(name: string): Promise<void> {
    const role = this.role(name)
    role.start()
    await role.line(name.startsWith('worker') ? 'session.admitted' : 'role.started')
  }

  async kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.role(name).kill(signal)
  }

  async restart(name: string): Promise<void> {
    await this.kill(name)
    await this.start(name)
  }

  /** Rows of a query; waits for a database that is away. */
  async query<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return until('database answers', async () => {
      try {
        const client = (this.#client.now ??= await this.#connect())
        return (await client.query<T>(sql, [...values])).rows
      } catch (error) {
        this.#client.now = undefined
        if (error instanceof Error && 'severity' in error && isOurFault(error)) throw error
        return undefined
      }
    })
  }

  async #connect(): Promise<Client> {
    const client = new Client({ connectionString: this.postgres.url })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  /** What all processes printed, by name. */
  outputs(): ReadonlyMap<string, string> {
    return new Map([...this.roles].map(([name, role]) => [name, role.output]))
  }

  /** Ends every process and removes every file, whatever happened. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.roles.values()].map((role) => role.kill('SIGKILL')))
    await this.#client.now?.end().catch(() => undefined)
    await Promise.allSettled(this.sims.map((sim) => sim.close()))
    await Promise.allSettled([this.redis.stop(), this.postgres.stop()])
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** The database refused the statement itself: nothing that passes with time. */
const isOurFault = (error: Error): boolean =>
  'code' in error && typeof error.code === 'string' && /^(22|23|42)/.test(error.code)

const tokenOf = (bot: number): string => `770000000${bot}:test-token-of-the-simulated-bot-000`

/** Starts everything at once, as after a power cut: roles have to find each other. */
export async function deploy(options: DeploymentOptions = {}): Promise<Deployment> {
  const root = mkdtempSync(join(tmpdir(), 'chrysalis-deployment-'))
  const folder = (name: string): string => {
    mkdirSync(join(root, name), { recursive: true })
    return join(root, name)
  }
  const count = options.bots ?? 1
  const bots = Array.from({ length: count }, (_, at) => at + 1)
  const [postgres, redis, sims] = await Promise.all([
    startPrivatePostgres(),
    startTestRedis(),
    Promise.all(bots.map((bot) => TestSimulator.start({ token: tokenOf(bot) }))),
  ])
  const tmp = folder('tmp')
  const deployment = new Deployment({ root, data: folder('data'), tmp, postgres, redis, sims })
  try {
    chmodSync(root, 0o755)
    await addRoles(deployment, { ...options, models: options.models ?? standardModels })
    process.once('exit', () => {
      for (const role of deployment.roles.values()) void role.kill('SIGKILL')
    })
    await Promise.all([...deployment.roles.keys()].map((name) => deployment.start(name)))
    return deployment
  } catch (error) {
    await deployment.close()
    throw error
  }
}

const standardModels = (folder: string): readonly ModelRow[] => [
  fixtureModel(folder, 'fixture-scripted'),
  fixtureModel(folder, 'fixture-speech'),
]

async function addRoles(
  deployment: Deployment,
  options: DeploymentOptions & Required<Pick<DeploymentOptions, 'models'>>,
): Promise<void> {
  const { root, data, tmp, postgres, redis, sims } = deployment
  const models = join(root, 'models')
  mkdirSync(models)
  const rows = options.models(models)
  writeFileSync(join(models, 'models.json'), JSON.stringify({ v: 1, models: rows }))
  const keys = join(data, 'keys')
  const shared = {
    PATH: process.env['PATH'] ?? '',
    HOME: root,
    TMPDIR: tmp,
    CHRYSALIS_TEXT_MODEL: options.textModel ?? 'fixture-scripted',
    CHRYSALIS_SPEECH_MODEL: options.speechModel ?? 'fixture-speech',
    CHRYSALIS_CRASH_WORDS: options.crashWords ?? '',
  }
  const crash = ['--import', join(import.meta.dirname, 'crash-on-signal.ts')]
  const cli = (role: string): string[] => [
    ...(options.crashWords === undefined ? [] : crash),
    'src/cli.ts',
    role,
  ]
  const stores = { CHRYSALIS_DATA: data, REDIS_URL: redis.url, DATABASE_URL: postgres.url }
  const add = (name: string, args: readonly string[], env: Record<string, string>): void => {
    deployment.roles.set(name, new RoleProcess({ name, args, env: { ...shared, ...env } }))
  }
  const ports = await Promise.all(Array.from({ length: options.gateways ?? 1 }, freePort))
  for (const [at, port] of ports.entries())
    add(`gateway-${at + 1}`, cli('gateway'), {
      ...stores,
      CHRYSALIS_GATEWAY_PORT: String(port),
    })
  const each = sims.map((_, at): BotProcess => ({ bot: at + 1 }))
  for (const [at, { bot, env }] of (options.botProcesses ?? each).entries()) {
    const sim = sims[bot - 1] ?? deployment.sim
    add(`bot-${at + 1}`, cli('bot'), {
      ...stores,
      TELEGRAM_TOKEN: sim.token,
      TELEGRAM_API_ROOT: sim.base,
      CHRYSALIS_FRONT: `bot-${at + 1}`,
      CHRYSALIS_ALLOW_LOOPBACK_LINKS: 'true',
      ...env,
    })
  }
  const urls = ports.map((port) => `ws://127.0.0.1:${port}/v1/connect`)
  for (const [at, { script, env }] of (options.workers ?? [{}]).entries())
    add(
      `worker-${at + 1}`,
      // Signals are meant for the worker itself, not for one that watches over it.
      script === undefined ? [...cli('worker'), '--once'] : [join(import.meta.dirname, script)],
      {
        CHRYSALIS_MODELS: models,
        CHRYSALIS_THREADS: '1',
        // Each begins with another gateway.
        CHRYSALIS_GATEWAY_URL: urls.map((_, i) => urls[(at + i) % urls.length]).join(','),
        CHRYSALIS_JOIN: devJoin(openJoinToken(keys), openDevSeed(keys)),
        CHRYSALIS_BROKER_KEY: openIdentity(keys).publicKey,
        CHRYSALIS_ECHO_GATE: deployment.gate,
        ...env,
      },
    )
}
