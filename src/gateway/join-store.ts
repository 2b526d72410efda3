/** @module Rows of join tokens: whose workers may connect. A token itself is shown once and never kept. */
import type { Database } from '../db/database.ts'
import type { JoinToken } from '../tee/admission/join.ts'
import { fromHex, toHex } from '../tee/crypto/binary.ts'

export interface JoinStore {
  /** Tokens that are not revoked. */
  all(): Promise<readonly JoinToken[]>
  /** Adds a token by its hash (32 bytes); one that is there already stays as it is. */
  add(token: JoinToken, nowMs: number): Promise<void>
  /** Where an owner is paid; empty where nothing is linked. */
  payoutOf(owner: string): Promise<string>
  /** Revokes all tokens of an owner; gives how many. */
  revoke(owner: string, nowMs: number): Promise<number>
}

export function createJoinStore({ rows }: Database): JoinStore {
  return {
    all: async () => {
      const found = await rows.joinToken.findMany({ where: { revokedAt: null } })
      return found.flatMap((row) => {
        const hash = fromHex(row.hash, 32)
        if (!hash) return []
        const { owner, payout, state, single, unusedUntil, usedAt } = row
        const unusedUntilMs = unusedUntil?.getTime() ?? 0
        const use = single && { single: { unusedUntilMs, isUsed: usedAt !== null } }
        return [{ hash, owner, payout, wish: state, ...use }]
      })
    },
    add: async ({ hash, owner, payout }, nowMs) => {
      const data = { hash: toHex(hash), owner, payout, createdAt: new Date(nowMs) }
      await rows.joinToken.createMany({ data: [data], skipDuplicates: true })
    },
    payoutOf: async (owner) =>
      (await rows.owner.findUnique({ where: { id: owner } }))?.payout ?? '',
    revoke: async (owner, nowMs) => {
      const { count } = await rows.joinToken.updateMany({
        where: { owner, revokedAt: null },
        data: { revokedAt: new Date(nowMs) },
      })
      return count
    },
  }
}
