/** A bot that polls, and one whose two processes take webhooks behind a balancer, killed in the middle of a burst: nobody is left without an answer. */
import { createServer, request, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Deployment, deploy } from '../support/deployment.ts'
import { hasPrivatePostgres } from '../support/postgres.ts'
import type { TestSimulator } from '../support/simulator.ts'
import { freePort } from '../support/stores.ts'
import { until } from '../support/until.ts'

const missing = hasPrivatePostgres() ? '' : 'no Postgres on this machine'
const perBot = 120
/** Of a machine that runs other tests beside. */
const patienceMs = 120_000

let deployment: Deployment | undefined
let balancer: { server: Server; url: string } | undefined

/** Gives each request to the next of the ports; 502 where nobody listens, as any balancer. */
async function startBalancer(ports: readonly number[]) {
  let turn = 0
  const server = createServer((from, to) => {
    const port = ports[turn++ % ports.length]
    const { url: path, method, headers } = from
    const on = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502)
      answer.pipe(to)
    })
    on.on('error', () => to.writeHead(502).end())
    from.pipe(on)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${port}` }
}

beforeAll(async () => {
  if (missing !== '') return
  const ports = [await freePort(), await freePort()]
  balancer = await startBalancer(ports)
  const quick = { CHRYSALIS_SENDS_PER_SECOND: '500' }
  const webhook = ports.map((port) => ({
    ...quick,
    CHRYSALIS_UPDATES: 'webhook',
    CHRYSALIS_WEBHOOK_URL: balancer?.url ?? '',
    CHRYSALIS_WEBHOOK_PORT: String(port),
  }))
  deployment = await deploy({
    bots: 2,
    botProcesses: [{ bot: 1, env: quick }, ...webhook.map((env) => ({ bot: 2, env }))],
    workers: [{ script: 'echo-worker.ts' }, { script: 'echo-worker.ts' }],
    textModel: 'echo-text',
    speechModel: 'echo-speech',
  })
}, 120_000)
afterAll(async () => {
  balancer?.server.closeAllConnections()
  balancer?.server.close()
  await deployment?.close()
}, 60_000)

const textOf = (at: number): string =>
  `Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen? Ich koche für ${at} Gäste.`

/** How many answers each of these people has. */
const countsOf = (sim: TestSimulator, people: readonly number[]): Promise<number[]> =>
  Promise.all(
    people.map(async (person) => (await sim.messages(person)).filter((it) => it.from_bot).length),
  )

test(`kill -9 of every process in a burst of ${2 * perBot} messages: each is answered, none becomes two jobs`, async ({
  skip,
}) => {
  if (!deployment) return skip(missing)
  const world = deployment
  const crowd = world.sims.map((sim) => ({
    sim,
    people: Array.from({ length: perBot }, () => sim.person('Ann', 'en')),
  }))
  const jobs = async (where: string): Promise<number> => {
    const sql = `SELECT count(*)::int AS count FROM jobs WHERE ${where}`
    return (await world.query<{ count: number }>(sql))[0]?.count ?? 0
  }
  const delivered = () => jobs('delivered_at IS NOT NULL')
  const bots = world.rolesOf('bot').map(({ name }) => name)

  const saying = crowd.flatMap(({ sim, people }) =>
    people.map((person, at) => sim.say(person, textOf(at))),
  )
  const answered = (count: number) =>
    until(`${count} are answered`, async () => (await delivered()) >= count, patienceMs)
  await answered(40)
  await Promise.all(bots.map((name) => world.kill(name)))
  await Promise.all(bots.map((name) => world.start(name)))
  await answered(Math.min((await delivered()) + 40, 2 * perBot))
  await world.restart('bot-2')
  await Promise.all(saying)
  // Looking at every chat again and again would take the time the processes need.
  await answered(2 * perBot)
  const counts = await Promise.all(crowd.map(({ sim, people }) => countsOf(sim, people)))
  const open = await until('all is handled', async () => {
    const rows = await world.query("SELECT 1 FROM inbox WHERE state = 'open'")
    return rows.length === 0 && 'nothing'
  })

  expect(counts.flat().filter((count) => count === 0)).toEqual([])
  expect(counts.flat().length).toBe(2 * perBot)
  expect(open).toBe('nothing')
  expect(await jobs('true')).toBe(2 * perBot)
  expect(await jobs("state = 'done'")).toBe(2 * perBot)
  // A send whose confirmation a kill swallowed is repeated: at most what was being sent at that moment.
  const twice = counts.flat().filter((count) => count > 1).length
  console.log(`answered twice after ${bots.length + 1} kills: ${twice} of ${2 * perBot}`)
  expect(twice).toBeLessThanOrEqual(16 * (bots.length + 1))
}, 400_000)
