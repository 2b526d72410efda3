/** @module Rows of join tokens: whose workers may connect. A token itself is shown once and never kept. */
import type { Database } from '../db/database.ts'
import { fromHex, toHex } from '../tee/binary.ts'
import type { JoinToken } from '../tee/join.ts'

export interface JoinStore {
  /** Tokens that are not revoked. */
  all(): Promise<readonly JoinToken[]>
  /** Adds a token by its hash (32 bytes); one that is there already stays as it is. */
  add(token: JoinToken, nowMs: number): Promise<void>
  /** Revokes all tokens of an owner; gives how many. */
  revoke(owner: string, nowMs: number): Promise<number>
}

export function createJoinStore({ rows }: Database): JoinStore {
  return {
    all: async () => {
      const found = await rows.joinToken.findMany({ where: { revokedAt: null } })
      return found.flatMap((row) => {
        const hash = fromHex(row.hash, 32)
        return hash ? [{ hash, owner: row.owner, payout: row.payout }] : []
      })
    },
    add: async ({ hash, owner, payout }, nowMs) => {
      const data = { hash: toHex(hash), owner, payout, createdAt: new Date(nowMs) }
      await rows.joinToken.createMany({ data: [data], skipDuplicates: true })
    },
    revoke: async (owner, nowMs) => {
      const { count } = await rows.joinToken.updateMany({
        where: { owner, revokedAt: null },
        data: { revokedAt: new Date(nowMs) },
      })
      return count
    },
  }
}
