import { rmSync, writeFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { ORDERS } from '../support/echo-orders.ts'
import {
  chooseSeed,
  isAnswer,
  type Reply,
  repliesTo,
  seeded,
  startLoad,
} from '../support/kill-load.ts'
import { ageBlobs, leftovers } from '../support/leftovers.ts'
import { hasPrivatePostgres } from '../support/postgres.ts'
import type { LogLine } from '../support/role-process.ts'
import type { SeenMessage } from '../support/simulator.ts'
import { until } from '../support/until.ts'

/** As many as fit into about 100 s of two busy cores; `CHRYSALIS_KILLS=100` for a longer look. */
const kills = Number(process.env['CHRYSALIS_KILLS'] ?? 14)
const quietMs = 120_000

/** A German text that the echoing worker obeys. */
const order = (word: string): string =>
  `Guten Morgen! Heute sprechen wir über ${word} und danach gehen wir alle zusammen essen.`

describe.skipIf(!hasPrivatePostgres())(
  'one process dies (needs Postgres)',
  { timeout: 90_000 },
  () => {
    let deployment: Deployment
    let gate = ''
    beforeAll(async () => {
      const worker = { script: 'echo-worker.ts' }
      deployment = await deploy({
        gateways: 2,
        workers: [worker, worker],
        textModel: 'echo-text',
        speechModel: 'echo-speech',
      })
      gate = deployment.gate
    })
    afterAll(() => deployment?.close())
    beforeEach(async () => {
      rmSync(gate, { force: true })
      for (const role of deployment.roles.values())
        if (!role.isRunning) await deployment.start(role.name)
    })

    const openGate = (): void => writeFileSync(gate, '')
    /** Somebody asks; gives the person and the id of the job. */
    const ask = async (text: string): Promise<{ ann: number; job: string }> => {
      const ann = deployment.sim.person('Ann')
      await deployment.sim.say(ann, text)
      const job = await until('a row', async () => {
        const rows = await deployment.query<{ job: string }>(
          'SELECT job FROM deliveries WHERE chat_id = $1',
          [ann],
        )
        return rows[0]?.job
      })
      return { ann, job }
    }
    const answersOf = (ann: number): Promise<SeenMessage[]> => deployment.sim.answers(ann)
    const rowOf = async (job: string): Promise<object | undefined> => {
      const rows = await deployment.query('SELECT attempt, state, code FROM jobs WHERE id = $1', [
        job,
      ])
      return rows[0]
    }
    const taken = (worker: string, job: string): Promise<LogLine> =>
      deployment.role(worker).line('lease.taken', (line) => line['job'] === job)
    /** A job that waits for the gate on worker 1, which is alone. */
    const holdOnFirst = async (): Promise<{ ann: number; job: string }> => {
      await deployment.kill('worker-2')
      const held = await ask(order(ORDERS.hold))
      await taken('worker-1', held.job)
      return held
    }

    test('the job of a killed worker is taken by another one at once, and answered once', async () => {
      const { ann, job } = await holdOnFirst()
      await deployment.start('worker-2')
      const killedAt = systemClock.now()

      await deployment.kill('worker-1')
      await taken('worker-2', job)
      const tookMs = systemClock.now() - killedAt
      openGate()

      expect((await answersOf(ann)).filter(isAnswer)).toHaveLength(1)
      expect(await rowOf(job)).toMatchObject({ attempt: 2, state: 'done' })
      // By the closed socket and not by its lock, which runs out after 15 s.
      expect(tookMs).toBeLessThan(12_000)
    })

    test('the job of a frozen worker is answered by another one, and the thawed one adds nothing', async () => {
      const { ann, job } = await holdOnFirst()
      await deployment.start('worker-2')
      const frozenAt = systemClock.now()

      await deployment.kill('worker-1', 'SIGSTOP')
      await taken('worker-2', job)
      const tookMs = systemClock.now() - frozenAt
      openGate()
      await answersOf(ann)
      await deployment.kill('worker-2')
      await deployment.kill('worker-1', 'SIGCONT')
      await deployment.role('worker-1').line('session.admitted', (line) => line['held'] === 1)
      // Its slot is free again when it answers somebody else.
      const next = await ask(order('Brot'))
      await answersOf(next.ann)

      expect((await answersOf(ann)).filter(isAnswer)).toHaveLength(1)
      expect(await rowOf(job)).toMatchObject({ attempt: 2, state: 'done' })
      // By two missed pings, after 4.5 s, and not by its lock.
      expect(tookMs).toBeLessThan(14_000)
    })

    test('a gateway that is killed and started again finds its running job with its worker, which runs it once', async () => {
      const { ann, job } = await holdOnFirst()
      const isOfJob = (event: string) => (line: LogLine) =>
        line.event === event && line['job'] === job
      const holder = deployment
        .rolesOf('gateway')
        .find((it) => it.lines.some(isOfJob('job.leased')))

      await deployment.restart(holder?.name ?? '')
      await Promise.any(
        deployment.rolesOf('gateway').map((it) => it.line('job.adopted', isOfJob('job.adopted'))),
      )
      openGate()

      expect((await answersOf(ann)).filter(isAnswer)).toHaveLength(1)
      expect(await rowOf(job)).toMatchObject({ attempt: 1, state: 'done' })
      expect(deployment.role('worker-1').lines.filter(isOfJob('lease.taken'))).toHaveLength(1)
    })

    test('a job that fails on every worker ends in one sentence of a human kind with Try again', async () => {
      const { ann, job } = await ask(order(ORDERS.crash))

      const [said, ...more] = await answersOf(ann)

      expect(more).toEqual([])
      expect(said?.text).toMatch(/^[A-Z].*[.)]/)
      expect(said?.text).not.toContain('undefined')
      expect(said?.buttons).toHaveLength(1)
      expect(await rowOf(job)).toMatchObject({ attempt: 3, state: 'failed', code: 'engine.crash' })
    })

    test('jobs that wait while Redis is emptied are put back from their rows and answered', async () => {
      await Promise.all([deployment.kill('worker-1'), deployment.kill('worker-2')])
      const people = await Promise.all(['Brot', 'Milch', 'Butter'].map((word) => ask(order(word))))

      const redis = new Redis(deployment.redis.url)
      await redis.flushall()
      await redis.quit()
      await deployment.start('worker-1')
      const answers = await Promise.all(people.map(({ ann }) => answersOf(ann)))

      expect(answers.map((it) => it.filter(isAnswer).length)).toEqual([1, 1, 1])
    })

    test('the whole deployment stops by SIGTERM, quietly and in time', async () => {
      const names = [...deployment.roles.keys()]
      const stoppedAt = systemClock.now()
      await Promise.all(names.map((name) => deployment.kill(name, 'SIGTERM')))

      // Before the drain time of a gateway forces it.
      expect(systemClock.now() - stoppedAt).toBeLessThan(55_000)
      for (const name of names) expect(deployment.role(name).count('lifetime.close-failed')).toBe(0)
    })
  },
)

interface Kill {
  readonly name: string
  readonly at: number
}

/** Between Telegram's yes and the row that remembers it a killed bot cannot know that its answer is out: at least once. */
function wasCutOff({ bot, finals }: Reply, killed: readonly Kill[]): boolean {
  const [first] = finals
  const sentAt = (first?.date ?? 0) * 1000
  return killed.some(
    ({ name, at }) => name === `bot-${bot + 1}` && at > sentAt - 500 && at < sentAt + 5000,
  )
}

describe.skipIf(!hasPrivatePostgres())(`${kills} random kills under load (needs Postgres)`, () => {
  const seed = chooseSeed()
  let deployment: Deployment
  beforeAll(async () => {
    deployment = await deploy({ bots: 2, gateways: 2, workers: [{}, {}] })
  })
  afterAll(() => deployment?.close())

  test(`every question is answered once and nothing is left behind (CHRYSALIS_SEED=${seed})`, async () => {
    const random = seeded(seed)
    const load = startLoad(deployment, 8)
    const names = [...deployment.roles.keys(), 'redis']
    const killed: Kill[] = []
    const starting = new Map<string, Promise<unknown>>()

    while (killed.length < kills) {
      await systemClock.sleep(random(1500))
      const name = names[random(names.length)] ?? 'redis'
      await starting.get(name)
      killed.push({ name, at: systemClock.now() })
      if (name === 'redis') {
        await deployment.redis.kill('SIGKILL')
        await deployment.redis.start()
        continue
      }
      await deployment.kill(name)
      starting.set(
        name,
        deployment.start(name).catch(() => deployment.restart(name)),
      )
    }
    await Promise.all(starting.values())
    // What is not answered by then is listed below.
    await Promise.race([load.finish(), systemClock.sleep(quietMs)])
    const orphans = ageBlobs(deployment)
    if (orphans > 0) await deployment.restart('gateway-1')
    const left = await until(
      'nothing is left',
      async () => {
        const now = await leftovers(deployment)
        return now.length === 0 && []
      },
      quietMs,
    ).catch(() => leftovers(deployment))
    const replies = await repliesTo(deployment, load.asked)

    const told = replies.flatMap(({ finals }) => finals.filter((it) => !isAnswer(it)))

    expect(left).toEqual([])
    expect(replies.length).toBeGreaterThan(kills)
    expect(replies.filter(({ finals }) => finals.length === 0)).toEqual([])
    expect(replies.filter((it) => it.finals.length > 1 && !wasCutOff(it, killed))).toEqual([])
    // Who asks while Redis is away, or whose three attempts were all killed, is told so and may try again.
    expect(told.filter(({ text }) => !/stores\.down|worker\.lost/.test(text ?? ''))).toEqual([])
    expect(told.length).toBeLessThan(replies.length / 4)
  }, 900_000)
})
