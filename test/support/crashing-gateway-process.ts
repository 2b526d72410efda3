/** A gateway that ends by SIGKILL right after one step of settling: `CRASH_AFTER` says which. */
import { Job } from 'bullmq'
import { Redis } from 'ioredis'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import { Lifetime } from '../../src/core/lifetime.ts'
import { createLog, stderrSink } from '../../src/core/log.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { main } from '../../src/gateway/main.ts'
import type { CrashStep } from './crash-steps.ts'

const step = process.env['CRASH_AFTER'] as CrashStep
const die = (): never => {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('killed')
}

/** Makes a method die before or after its work, when `isIt` says that this is the call. */
function dieIn(
  target: object,
  name: string,
  { when, isIt }: { when: 'before' | 'after'; isIt: (args: readonly unknown[]) => boolean },
): void {
  const original: unknown = Reflect.get(target, name)
  if (typeof original !== 'function') throw new Error(`no method ${name}`)
  Reflect.set(target, name, function (this: unknown, ...args: unknown[]): unknown {
    if (!isIt(args)) return Reflect.apply(original, this, args)
    if (when === 'before') die()
    const done: unknown = Reflect.apply(original, this, args)
    return Promise.resolve(done).then(die)
  })
}

/** Whether this is the statement that settles: the only one that ends a job with an answer. */
const isSettling = ([text]: readonly unknown[]): boolean =>
  Array.isArray(text) && text.join('?').includes("state = 'done'")

/** Rows or a transaction that die before the settling statement, or tell that it ran. */
const wrapQueries = <T extends object>(rows: T, settled: () => void): T =>
  new Proxy(rows, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (name !== '$queryRaw' || typeof value !== 'function') return value
      return async (...args: unknown[]): Promise<unknown> => {
        if (!isSettling(args)) return Reflect.apply(value, target, args)
        if (step === 'checked') die()
        const found: unknown = await Reflect.apply(value, target, args)
        settled()
        return found
      }
    },
  })

/** The database with the settling statement in our hands, alone or in its transaction. */
const wrapRows = (db: Database): Database => ({
  ...db,
  rows: wrapQueries(db.rows, () => {
    if (step === 'settled') die()
  }),
  transaction: async (work) => {
    let hasSettled = false
    const result = await db.transaction((tx) =>
      work(
        wrapQueries(tx, () => {
          hasSettled = true
        }),
      ),
    )
    if (hasSettled && step === 'settled') die()
    return result
  },
})

if (step === 'told')
  dieIn(Redis.prototype, 'publish', {
    when: 'after',
    // One byte of kind before the job: 1 = ended.
    isIt: ([channel, message]) =>
      String(channel).startsWith('front:') && Buffer.isBuffer(message) && message[0] === 1,
  })
if (step === 'completed')
  dieIn(Job.prototype, 'moveToCompleted', { when: 'after', isIt: () => true })
if (step === 'acknowledged')
  dieIn(WebSocket.prototype, 'send', {
    when: 'after',
    isIt: ([data]) => String(data).includes('"type":"ack"'),
  })

const log = createLog('gateway', stderrSink, () => systemClock.now())
const life = new Lifetime({ log, clock: systemClock })
const url = process.env['DATABASE_URL'] ?? ''
const db = wrapRows(await openDatabase({ url, clock: systemClock }))
const facts = await main({ env: process.env, log, clock: systemClock, life, db })
process.stdout.write(`${JSON.stringify(facts)}\n`)
