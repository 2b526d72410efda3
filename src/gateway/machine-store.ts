/** @module Rows of what is seen of the machines behind join tokens, for their owners. */
import type { Database } from '../db/database.ts'

export interface TriedModels {
  readonly models: readonly string[]
  /** Gave no answer. */
  readonly failed: readonly { readonly id: string; readonly code: string }[]
}

/** Machines are named by what is kept of their join tokens (64 hex characters); a token that is no machine's changes nothing. */
export interface MachineStore {
  /** The installation's own token as its owner's first machine. Idempotent. */
  addOwn(machine: { token: string; owner: string; payout: string }, nowMs: number): Promise<void>
  admitted(
    token: string,
    it: { kid: string; tier: string; evidenceUntilMs: number; nowMs: number },
  ): Promise<void>
  /** Its models were tried: those that answered are announced. */
  ready(token: string, tried: TriedModels, nowMs: number): Promise<void>
  refused(token: string, code: string, nowMs: number): Promise<void>
  /** The worker with this key left; one that came back under another key stays. */
  gone(token: string, kid: string, nowMs: number): Promise<void>
  seen(tokens: readonly string[], nowMs: number): Promise<void>
}

/** Model ids of one machine, joined; with their codes, where they failed. */
const maxModels = 160
const joined = (parts: readonly string[]): string => parts.join(',').slice(0, maxModels)

export function createMachineStore(db: Database): MachineStore {
  const { rows } = db
  return {
    addOwn: ({ token, owner, payout }, nowMs) =>
      db.transaction(async (tx) => {
        const createdAt = new Date(nowMs)
        const own = { hash: token, owner, payout, createdAt }
        await tx.joinToken.createMany({ data: [own], skipDuplicates: true })
        await tx.joinToken.updateMany({ where: { hash: token }, data: { payout } })
        if ((await tx.machine.count({ where: { owner } })) > 0) return
        await tx.machine.create({ data: { token, owner, number: 1, createdAt } })
      }),
    admitted: async (token, { kid, tier, evidenceUntilMs, nowMs }) => {
      const at = new Date(nowMs)
      const { count } = await rows.machine.updateMany({
        where: { token },
        data: {
          kid,
          tier,
          evidenceUntil: new Date(evidenceUntilMs),
          admittedAt: at,
          seenAt: at,
          goneAt: null,
          refused: null,
          refusedAt: null,
        },
      })
      if (count > 0)
        await rows.machineKey.createMany({ data: [{ kid, token, at }], skipDuplicates: true })
    },
    ready: async (token, { models, failed }, nowMs) => {
      const codes = failed.map(({ id, code }) => `${id}:${code}`)
      const data = { readyAt: new Date(nowMs), models: joined(models), failed: joined(codes) }
      await rows.machine.updateMany({ where: { token }, data })
    },
    refused: async (token, code, nowMs) => {
      const data = { refused: code, refusedAt: new Date(nowMs) }
      await rows.machine.updateMany({ where: { token }, data })
    },
    gone: async (token, kid, nowMs) => {
      const data = { goneAt: new Date(nowMs), readyAt: null }
      await rows.machine.updateMany({ where: { token, kid }, data })
    },
    seen: async (tokens, nowMs) => {
      const where = { token: { in: [...tokens] } }
      await rows.machine.updateMany({ where, data: { seenAt: new Date(nowMs) } })
    },
  }
}
