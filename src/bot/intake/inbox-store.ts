/** @module Rows of updates that were kept before Telegram was told to forget them, shared by all processes of one bot. */
import type { Clock } from '../../core/clock.ts'
import type { FrontId } from '../../core/ids.ts'
import type { Database } from '../../db/database.ts'
import type { InboxStore, OpenUpdate } from './inbox.ts'

export interface InboxStoreDeps {
  readonly db: Database
  readonly botId: number
  /** Names this process among those that share the inbox; the same after a restart, so that it takes up its lanes at once. */
  readonly holder: FrontId
  readonly clock: Clock
}

/** A process that says nothing for so long is taken for dead, and its chats go to another. */
export const leaseMs = 30_000

export function createInboxStore({ db, holder, clock, ...deps }: InboxStoreDeps): InboxStore {
  const { inbox, inboxLane } = db.rows
  const botId = BigInt(deps.botId)

  /** One statement, so that two processes cannot take one lane: the second waits for the first and finds it held. */
  const take = (inHand: readonly number[], limit: number) => {
    const now = new Date(clock.now())
    const until = new Date(clock.now() + leaseMs)
    return db.rows.$queryRaw<readonly { lane: bigint }[]>`
      INSERT INTO inbox_lanes (bot_id, lane, holder, until)
      SELECT ${botId}::bigint, waiting.lane, ${holder}, ${until}::timestamptz FROM (
        SELECT i.lane, min(i.update_id) AS oldest FROM inbox i
        LEFT JOIN inbox_lanes l ON l.bot_id = i.bot_id AND l.lane = i.lane
        WHERE i.bot_id = ${botId}::bigint AND i.state = 'open'
          AND NOT (i.update_id = ANY(${inHand.map(BigInt)}::bigint[]))
          AND (l.lane IS NULL OR l.holder = ${holder} OR l.until < ${now}::timestamptz)
        GROUP BY i.lane ORDER BY oldest LIMIT ${limit}::int
      ) waiting ORDER BY waiting.lane
      ON CONFLICT (bot_id, lane) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
        WHERE inbox_lanes.holder = EXCLUDED.holder OR inbox_lanes.until < ${now}::timestamptz
      RETURNING lane`
  }

  return {
    keep: async (rows) => {
      if (rows.length === 0) return new Set()
      const receivedAt = new Date(clock.now())
      const made = await inbox.createManyAndReturn({
        data: rows.map((row) => ({
          botId,
          updateId: BigInt(row.updateId),
          kind: row.kind,
          chatId: row.chatId === undefined ? null : BigInt(row.chatId),
          userId: row.userId === undefined ? null : BigInt(row.userId),
          messageId: row.messageId ?? null,
          lane: BigInt(row.lane),
          receivedAt,
          sealedUpdate: Uint8Array.from(row.sealed),
        })),
        skipDuplicates: true,
        select: { updateId: true },
      })
      return new Set(made.map((row) => Number(row.updateId)))
    },
    claim: async (inHand, limit) => {
      const lanes = (await take(inHand, limit)).map(({ lane }) => lane)
      if (lanes.length === 0) return []
      // Read only now: what the last holder handled in between is closed.
      const rows = await inbox.findMany({
        where: {
          botId,
          state: 'open',
          lane: { in: lanes },
          updateId: { notIn: inHand.map(BigInt) },
        },
        orderBy: { updateId: 'asc' },
      })
      return rows.flatMap((row): OpenUpdate[] =>
        row.sealedUpdate
          ? [
              {
                updateId: Number(row.updateId),
                kind: row.kind,
                lane: Number(row.lane),
                receivedAt: row.receivedAt.getTime(),
                sealed: row.sealedUpdate,
              },
            ]
          : [],
      )
    },
    release: async (lanes) => {
      if (lanes.length === 0) return
      await inboxLane.deleteMany({ where: { botId, holder, lane: { in: lanes.map(BigInt) } } })
    },
    renew: async () => {
      await inboxLane.updateMany({
        where: { botId, holder },
        data: { until: new Date(clock.now() + leaseMs) },
      })
    },
    close: async (updateIds) => {
      await inbox.updateMany({
        where: { botId, updateId: { in: updateIds.map(BigInt) } },
        data: { state: 'done', sealedUpdate: null },
      })
    },
    replayed: async (updateId) => {
      const [row] = await inbox.updateManyAndReturn({
        where: { botId, updateId: BigInt(updateId) },
        data: { attempts: { increment: 1 } },
        select: { attempts: true },
      })
      return row?.attempts ?? 0
    },
    sweep: async (time) => {
      await inbox.deleteMany({
        where: { botId, state: 'done', receivedAt: { lt: new Date(time) } },
      })
    },
    forget: async (userId) => {
      const { count } = await inbox.deleteMany({ where: { botId, userId: BigInt(userId) } })
      return count
    },
  }
}
