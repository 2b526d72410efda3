import type { Update } from '@grammyjs/types'
import { expect, test } from 'vitest'
import type { InboxStore, OpenUpdate } from '../../../../src/bot/intake/inbox.ts'
import { startPolling } from '../../../../src/bot/intake/polling.ts'
import { createUpdates } from '../../../../src/bot/intake/updates.ts'
import type { Vault } from '../../../../src/bot/vault-port.ts'
import { AppError } from '../../../../src/core/app-error.ts'
import { createLog } from '../../../../src/core/log.ts'
import { Plaintext } from '../../../../src/core/plaintext.ts'
import { TestClock } from '../../../support/test-clock.ts'

const hourMs = 3_600_000
/** No secrecy here: only that what was sealed comes back. */
const vault: Vault = {
  seal: (_what, _id, content) => Uint8Array.from(content.reveal()),
  open: (_what, _id, sealed) => Plaintext.of(Uint8Array.from(sealed)),
}

class FakeInbox implements InboxStore {
  readonly rows = new Map<number, OpenUpdate & { done: boolean }>()
  /** Lanes that another process holds. */
  readonly elsewhere = new Set<number>()
  readonly released: number[] = []
  /** How often writing fails before it works again. */
  failures = 0
  replays = 0
  /** How often looking at a row that was open at the start fails before it works again. */
  lostReads = 0
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  async keep(rows: Parameters<InboxStore['keep']>[0]) {
    if (this.failures-- > 0) throw new AppError('stores.down')
    const fresh = rows.filter((row) => !this.rows.has(row.updateId))
    for (const row of fresh)
      this.rows.set(row.updateId, { ...row, receivedAt: this.#now(), done: false })
    return new Set(fresh.map((row) => row.updateId))
  }

  async claim(inHand: readonly number[], limit: number) {
    const open = [...this.rows.values()].filter(
      (row) => !row.done && !inHand.includes(row.updateId) && !this.elsewhere.has(row.lane),
    )
    const lanes = [...new Set(open.map((row) => row.lane))].slice(0, limit)
    return open.filter((row) => lanes.includes(row.lane))
  }

  async release(lanes: readonly number[]) {
    this.released.push(...lanes)
  }

  async renew() {}

  open() {
    return [...this.rows.values()].filter((row) => !row.done)
  }

  async close(ids: readonly number[]) {
    for (const id of ids) {
      const row = this.rows.get(id)
      if (row) row.done = true
    }
  }

  async replayed() {
    if (this.lostReads-- > 0) throw new AppError('stores.down')
    return ++this.replays
  }

  async sweep() {}

  async forget() {
    return 0
  }
}

const voice = (id: number): Update => ({
  update_id: id,
  message: {
    message_id: id,
    date: 1,
    chat: { id: 7, type: 'private', first_name: 'A' },
    from: { id: 7, is_bot: false, first_name: 'A' },
    voice: { file_id: 'f', file_unique_id: 'u', duration: 1 },
  },
})

function world(
  handle: (update: Update) => Promise<void> = async () => {},
  { clock = new TestClock(), isShared = false } = {},
) {
  const inbox = new FakeInbox(() => clock.now())
  const handled: number[] = []
  const asked: number[][] = []
  const givenUp: number[] = []
  const urgent: number[] = []
  const batches: Update[][] = []
  const confirmed: number[] = []
  let wake: (() => void) | undefined
  const log = createLog(
    'test',
    () => {},
    () => clock.now(),
  )
  const updates = createUpdates({
    inbox,
    vault,
    handle: async ({ update }) => {
      await handle(update)
      handled.push(update.update_id)
    },
    giveUp: async (update) => void givenUp.push(update.update_id),
    askBacklog: async (stale) => void asked.push(stale.map((it) => it.update_id)),
    isIgnored: async () => false,
    atOnce: (update) =>
      update.pre_checkout_query && Promise.resolve(void urgent.push(update.update_id)),
    isShared,
    clock,
    log,
  })
  const start = async (): Promise<void> => {
    await updates.start()
    startPolling({
      fetch: async () => {
        confirmed.push(inbox.rows.size)
        while (batches.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        return batches.shift() ?? []
      },
      updates,
      onFatal: () => {},
      log,
    })
  }
  const push = (...batch: Update[]): void => {
    batches.push(batch)
    wake?.()
  }
  return { clock, inbox, handled, asked, givenUp, urgent, updates, start, push, confirmed }
}

/** Lets promises that are ready go on, turning the clock a little each time. */
async function settle(clock: TestClock, ms = 0): Promise<void> {
  for (let at = 0; at < 30; at++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(ms / 30)
  }
}

test('an update is handled once, however often it comes, and its words are dropped from the inbox afterwards', async () => {
  const { clock, inbox, handled, start, push } = world()
  await start()

  push(voice(1), voice(2))
  await settle(clock)
  push(voice(1))
  await settle(clock)

  expect(handled).toEqual([1, 2])
  expect([...inbox.rows.values()].every((row) => row.done)).toBe(true)
})

test('the next fetch, which confirms a batch, is made only after the batch was kept', async () => {
  const { clock, inbox, handled, start, push, confirmed } = world()
  await start()
  inbox.failures = 2

  push(voice(1))
  await settle(clock)
  const before = confirmed.length
  await settle(clock, 5000)

  expect(before).toBe(1)
  expect(confirmed).toEqual([0, 1])
  expect(handled).toEqual([1])
})

test('a database that goes away between claiming and reading loses nothing', async () => {
  const { clock, inbox, handled, start } = world()
  for (const id of [5, 6])
    await inbox.keep([
      {
        updateId: id,
        kind: 'message',
        lane: id,
        sealed: vault.seal('inbox', String(id), Plaintext.of(JSON.stringify(voice(id)))),
      },
    ])
  inbox.lostReads = 1

  const started = start()
  await settle(clock, 5000)
  await started
  await settle(clock)

  expect(handled).toEqual([5, 6])
})

test('what was open at the end is handled at the start', async () => {
  const { clock, inbox, handled, start } = world()
  const update = voice(5)
  await inbox.keep([
    {
      updateId: 5,
      kind: 'message',
      lane: 7,
      sealed: vault.seal('inbox', '5', Plaintext.of(JSON.stringify(update))),
    },
  ])

  await start()
  await settle(clock)

  expect(handled).toEqual([5])
})

test.each(['process', 'discard'] as const)(
  'private messages that waited over six hours are asked about first: %s',
  async (choice) => {
    const { clock, inbox, handled, asked, updates, start } = world()
    for (const id of [5, 6])
      await inbox.keep([
        {
          updateId: id,
          kind: 'message',
          lane: 7,
          sealed: vault.seal('inbox', '5', Plaintext.of(JSON.stringify(voice(id)))),
        },
      ])
    clock.advance(7 * hourMs)

    await start()
    await settle(clock)
    const handledBefore = [...handled]
    await updates.settleBacklog(7, choice)
    await settle(clock)

    expect(handledBefore).toEqual([])
    expect(asked).toEqual([[5, 6]])
    expect(handled).toEqual(choice === 'process' ? [5, 6] : [])
    expect(inbox.open().length).toBe(0)
  },
)

const money = (kind: 'successful_payment' | 'refunded_payment', id: number): Update => {
  const update = { ...voice(id), update_id: id } as { message?: object }
  return {
    ...update,
    message: { ...update.message, [kind]: { total_amount: 1 } },
  } as unknown as Update
}

test.each([
  money('successful_payment', 5),
  money('refunded_payment', 5),
  { update_id: 5, subscription: { state: 'failed' } } as Update,
])('news of money are handled however late they come, without asking', async (update) => {
  const { clock, inbox, handled, asked, start } = world()
  await inbox.keep([
    {
      updateId: 5,
      kind: 'message',
      lane: 5,
      sealed: vault.seal('inbox', '5', Plaintext.of(JSON.stringify(update))),
    },
  ])
  clock.advance(23 * hourMs)

  await start()
  await settle(clock)

  expect(handled).toEqual([5])
  expect(asked).toEqual([])
})

test('a question before a payment is answered at once and leaves no row; a payment has a lane of its own', async () => {
  const { clock, inbox, handled, urgent, start, push } = world()
  await start()

  push(
    { update_id: 8, pre_checkout_query: {} } as Update,
    money('successful_payment', 9),
    voice(10),
  )
  await settle(clock)

  expect(urgent).toEqual([8])
  expect(handled).toEqual([9, 10])
  expect(
    [...inbox.rows.values()].map(({ updateId, lane }) => [updateId, lane === updateId]),
  ).toEqual([
    [9, true],
    [10, false],
  ])
})

test('an update that was there at every start is dropped, since it may be what ends the process', async () => {
  const { clock, inbox, handled, start } = world()
  const sealed = vault.seal('inbox', '5', Plaintext.of(JSON.stringify(voice(5))))
  await inbox.keep([{ updateId: 5, kind: 'message', lane: 7, sealed }])
  inbox.replays = 5
  clock.advance(1)

  await start()
  await settle(clock)

  expect(handled).toEqual([])
  expect(inbox.open().length).toBe(0)
})

test('a request that fails three times is given up once, with a word to the person', async () => {
  const { clock, givenUp, inbox, start, push } = world(async () => {
    throw new TypeError('bug')
  })
  await start()

  push(voice(1))
  await settle(clock, 15_000)

  expect(givenUp).toEqual([1])
  expect(inbox.open().length).toBe(0)
})

test('what another process holds is left to it, and what it lets go is taken up', async () => {
  const { clock, inbox, handled, updates, start } = world(undefined, { isShared: true })
  await start()
  inbox.elsewhere.add(7)

  await updates.keep([voice(1)])
  await settle(clock, 1000)
  const before = [...handled]
  inbox.elsewhere.delete(7)
  await settle(clock, 1000)

  expect(before).toEqual([])
  expect(handled).toEqual([1])
  expect(inbox.released).toEqual([7])
})

test('a batch that could not be written before the end is not confirmed', async () => {
  const { clock, inbox, handled, updates, start } = world()
  await start()
  inbox.failures = 1000

  const kept = updates.keep([voice(1)])
  await settle(clock)
  void updates.stop()
  await settle(clock, 20_000)

  expect(await kept).toBe(false)
  expect(handled).toEqual([])
})
