import { expect, test } from 'vitest'
import { createDeliver, type DeliverDeps } from '../../../src/bot/delivery/deliver.ts'
import type { Delivery, DeliveryStore } from '../../../src/bot/delivery/delivery.ts'
import { createRecentFacts } from '../../../src/bot/delivery/recent-facts.ts'
import { createCommentPublisher } from '../../../src/bot/replies/channel.ts'
import { createGroupPublisher } from '../../../src/bot/replies/group.ts'
import { createPrivatePublisher } from '../../../src/bot/replies/private.ts'
import { isFrontId, isModelId, newJobId, parseId } from '../../../src/core/ids.ts'
import { createLog } from '../../../src/core/log.ts'
import { Plaintext } from '../../../src/core/plaintext.ts'
import type { Finished } from '../../../src/queue/desk-port.ts'
import { TestClock } from '../../support/test-clock.ts'

/** Ends the "process" at its n-th await: before the step has had its effect, or after it. */
class Crash {
  steps = 0
  readonly happened: Promise<void>
  readonly #at: number
  readonly #when: 'before' | 'after'
  #tell: () => void = () => {}

  constructor(at: number, when: 'before' | 'after') {
    this.#at = at
    this.#when = when
    this.happened = new Promise((resolve) => (this.#tell = resolve))
  }

  /** `thing` with every method a step. */
  watch<T extends object>(thing: T): T {
    return new Proxy(thing, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as unknown
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          const isIt = this.steps++ === this.#at
          if (isIt && this.#when === 'before') return this.#end()
          const result: unknown = await member.apply(target, args)
          return isIt ? this.#end() : result
        }
      },
    })
  }

  #end(): Promise<never> {
    this.#tell()
    return new Promise(() => {})
  }
}

const never = (): Crash => new Crash(-1, 'before')

/** What outlives the process: the row and Telegram. */
function lasting(place: Delivery['place']) {
  let row: Delivery = {
    job: newJobId(),
    front: parseId('bot-1', isFrontId),
    place,
    ui: 'en',
    task: 'translate',
    flow: 'translation',
    from: 'de',
    to: 'en',
    draftId: 5,
    state: 'planned',
    parts: 0,
  }
  const store = {
    get: async () => row,
    sending: async () => void (row = { ...row, state: 'sending' }),
    progress: async (_job: unknown, parts: number) => void (row = { ...row, parts }),
    settled: async (_job: unknown, { state }: { state: 'sent' | 'dropped' }) =>
      void (row = { ...row, state }),
  }
  const sent: string[] = []
  let id = 0
  const send = (kind: string) => async () => {
    sent.push(kind)
    return { message_id: ++id }
  }
  const api = {
    sendRichMessage: send('rich'),
    sendMessage: send('text'),
    sendDocument: send('file'),
    setMessageReaction: async () => true,
  }
  return { store, api, sent, job: row.job, state: () => row.state }
}

function process(world: ReturnType<typeof lasting>, crash: Crash) {
  const clock = new TestClock()
  const api = crash.watch(world.api) as never
  const silent = { lostGroup: async () => {}, unsure: async () => {} }
  const group = createGroupPublisher(api)
  const deps: DeliverDeps = {
    deliveries: crash.watch(world.store) as unknown as DeliveryStore,
    users: crash.watch({ get: async () => undefined }) as never,
    copies: crash.watch({
      keep: async () => ({ id: 'a'.repeat(16), key: 'b'.repeat(43) }),
    }) as never,
    live: crash.watch({ end: async () => {} }) as never,
    publishers: {
      private: createPrivatePublisher({ api, frameApi: api }),
      group,
      comment: createCommentPublisher({ api, trouble: silent as never, copies: {} as never }),
    } as never,
    recent: createRecentFacts(),
    chats: crash.watch({ isUnreachable: async () => false }),
    clock,
    log: createLog(
      'test',
      () => {},
      () => clock.now(),
    ),
  }
  return createDeliver(deps)
}

const finished = (job: Finished['job'], text: string): Finished => ({
  job,
  task: 'translate',
  model: parseId('echo-text', isModelId),
  tier: 'simulated',
  units: { inTokens: 1, cachedTokens: 0, outTokens: 1, audioMs: 0 },
  attempts: 1,
  timings: { waitedMs: 1, ranMs: 1, totalMs: 2 },
  state: 'done',
  output: Plaintext.of(
    JSON.stringify({
      v: 1,
      task: 'translate',
      text,
      language: 'en',
      checked: {
        links: 0,
        mentions: 0,
        tags: 0,
        numbers: 0,
        dates: 0,
        names: 0,
        redone: 0,
        dropped: 0,
        missing: 0,
      },
      outcome: 'ok',
    }),
  ),
})

interface Case {
  readonly place: Delivery['place']
  readonly text: string
  /** What a delivery without a crash sends. */
  readonly whole: readonly string[]
}

const short = 'Good morning!'
const person = { chatId: 7, userId: 7, replyTo: 1 }
const cases: readonly (readonly [string, Case])[] = [
  ['a private answer', { place: { kind: 'private', ...person }, text: short, whole: ['rich'] }],
  [
    'a private answer with a file',
    { place: { kind: 'private', ...person }, text: 'word '.repeat(8000), whole: ['rich', 'file'] },
  ],
  [
    'an answer in a group',
    { place: { kind: 'group', ...person, chatId: -7 }, text: short, whole: ['rich'] },
  ],
  [
    'a comment under a post',
    { place: { kind: 'comment', chatId: -7, replyTo: 1 }, text: short, whole: ['rich'] },
  ],
]

/** Every await of a delivery, counted in one without a crash. */
async function stepsOf(it: Case): Promise<number> {
  const world = lasting(it.place)
  const crash = never()
  await process(world, crash)(finished(world.job, it.text))
  expect(world.sent).toEqual(it.whole)
  return crash.steps
}

/** What the next process makes of a crash at this await: how often each message of the whole is out then. */
async function crashAt(it: Case, at: number, when: 'before' | 'after') {
  const world = lasting(it.place)
  const crash = new Crash(at, when)
  void process(world, crash)(finished(world.job, it.text))
  await crash.happened
  await process(world, never())(finished(world.job, it.text))
  const counts = it.whole.map((kind) => world.sent.filter((other) => other === kind).length)
  return { where: `${when} await ${at}`, state: world.state(), counts }
}

async function crashEverywhere(it: Case) {
  const steps = await stepsOf(it)
  const ends: Awaited<ReturnType<typeof crashAt>>[] = []
  for (let at = 0; at < steps; at++)
    ends.push(await crashAt(it, at, 'before'), await crashAt(it, at, 'after'))
  return ends
}

test.each(cases.filter(([, it]) => it.place.kind !== 'comment'))(
  'after a crash at any await, %s arrives by the next process, at most once more than whole',
  async (_name, it) => {
    const ends = await crashEverywhere(it)

    expect(ends.filter(({ state }) => state !== 'sent')).toEqual([])
    expect(ends.filter(({ counts }) => counts.some((count) => count < 1 || count > 2))).toEqual([])
    expect(ends.length).toBeGreaterThan(10)
  },
)

test.each(cases.filter(([, it]) => it.place.kind === 'comment'))(
  'after a crash at any await, %s is there at most once',
  async (_name, it) => {
    const ends = await crashEverywhere(it)

    expect(ends.filter(({ counts }) => counts.some((count) => count > 1))).toEqual([])
    // It is given up only between the row that says "sending" and the message itself.
    const lost = ends.filter(({ counts }) => counts.includes(0))
    expect(lost.length).toBeLessThanOrEqual(2)
    expect(ends.length).toBeGreaterThan(10)
  },
)
