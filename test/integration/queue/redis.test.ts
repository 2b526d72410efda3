import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { codeOf } from '../../../src/core/app-error.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { isProcessAlive } from '../../../src/core/process-alive.ts'
import { checkRedis, connectRedis } from '../../../src/queue/redis.ts'
import { startRedisServer } from '../../../src/queue/redis-server.ts'
import { keptLog, startTestRedis, tempFolder } from '../../support/stores.ts'
import { until } from '../../support/until.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})
const { log } = keptLog()
const connect = async (url: string) => {
  const link = await connectRedis(url, log)
  closers.push(() => link.close())
  return link
}
const startOwn = async (dataDir: string) => {
  const server = await startRedisServer({ dataDir, env: {}, log, clock: systemClock })
  closers.push(() => server.stop())
  return server
}
const processId = async (link: Awaited<ReturnType<typeof connect>>): Promise<number> =>
  Number(/process_id:(\d+)/.exec(await link.commands.info('server'))?.[1])

test.each([
  [['maxmemory-policy', 'allkeys-lru'], 'maxmemory-policy-noeviction'],
  [['appendonly', 'no'], 'appendonly-yes'],
] as const)('a Redis with %s is refused', async (setting, want) => {
  const redis = await startTestRedis()
  closers.push(() => redis.stop())
  const link = await connect(redis.url)
  await checkRedis(link)
  await link.commands.config('SET', ...setting)

  await expect(checkRedis(link)).rejects.toMatchObject({ code: 'config.redis', details: { want } })
})

test('nobody there is stores.down', async () => {
  await expect(connectRedis('redis://127.0.0.1:1', log).then(() => '', codeOf)).resolves.toBe(
    'stores.down',
  )
}, 30_000)

test('the own server wants its password, keeps it in a private file, and keeps data over a restart', async () => {
  const dataDir = tempFolder('own-redis')
  const first = await startOwn(dataDir)
  await (await connect(first.url)).commands.set('kept', 'yes')
  const file = join(dataDir, 'redis', 'redis.conf')

  const bare = new URL(first.url)
  bare.password = ''
  await expect(connectRedis(bare.href, log)).rejects.toThrow(/stores.down|NOAUTH/)
  expect(statSync(file).mode & 0o077).toBe(0)
  expect(readFileSync(file, 'utf8')).toContain('appendonly yes')
  await first.stop()
  const second = await connect((await startOwn(dataDir)).url)
  expect(await second.commands.get('kept')).toBe('yes')
}, 60_000)

test('a server that dies is started again', async () => {
  const dataDir = tempFolder('own-redis')
  const link = await connect((await startOwn(dataDir)).url)
  await link.commands.set('kept', 'yes')
  const pid = await processId(link)

  process.kill(pid, 'SIGKILL')

  const next = await until('answers again', async () => {
    const found = await processId(link).catch(() => pid)
    return found === pid ? undefined : found
  })
  expect(next).not.toBe(pid)
})

test('a server left behind by a killed start is stopped by the next one', async () => {
  const dataDir = tempFolder('own-redis')
  mkdirSync(dataDir, { recursive: true })
  const folder = join(import.meta.dirname, '../../../src')
  const script = `
    const { startRedisServer } = await import('${folder}/queue/redis-server.ts')
    const { systemClock } = await import('${folder}/core/clock.ts')
    const log = { info() {}, warn() {}, error() {}, failure() {} }
    console.log((await startRedisServer({ dataDir: '${dataDir}', env: process.env, log, clock: systemClock })).url)
    process.kill(process.pid, 'SIGKILL')`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  const orphan = await connect(stdout.trim())
  const pid = await processId(orphan)

  await startOwn(dataDir)

  expect(isProcessAlive({ pid })).toBe(false)
}, 60_000)
