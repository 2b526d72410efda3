/** @module The rows of the sender leases. */
import type { Database } from '../../db/database.ts'
import type { LeaseStore } from './sender-lease.ts'

export const createLeaseStore = (db: Database): LeaseStore => ({
  take: async (wallet, { holder, nowMs, untilMs }) => {
    const now = new Date(nowMs)
    const until = new Date(untilMs)
    const [row] = await db.rows.$queryRaw<{ fence: bigint }[]>`
      INSERT INTO sender_leases AS held (wallet, holder, fence, until) VALUES (${wallet}, ${holder}, 1, ${until})
      ON CONFLICT (wallet) DO UPDATE SET
        fence = CASE WHEN held.holder = ${holder} THEN held.fence ELSE held.fence + 1 END,
        holder = ${holder}, until = ${until}
      WHERE held.holder = ${holder} OR held.until < ${now}
      RETURNING fence`
    return row?.fence
  },
  release: async (wallet, holder) => {
    await db.rows.senderLease.updateMany({
      where: { wallet, holder },
      data: { until: new Date(0) },
    })
  },
})
