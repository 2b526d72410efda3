/** @module `POST /sim/*`: what only the owner of a local network can do: coins out of nothing, time, faults, going back. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { comment } from '@ton/core'
import { z } from 'zod'
import { FEE_TABLES, type FeeTableName } from '../contracts/fee-tables.ts'
import type { LocalChain, Saved } from './chain.ts'
import { type FaultBook, faultSchema } from './faults.ts'
import { parsed, readBody, sendJson } from './json-rpc.ts'
import { addressSchema } from './toncenter.ts'

export interface AdminParts {
  readonly chain: LocalChain
  readonly faults: FaultBook
  readonly setFees: (name: FeeTableName) => Promise<void>
}

const maxBodyBytes = 64 * 1024
const hourMs = 3_600_000

const isFeeTable = (name: string): name is FeeTableName => name in FEE_TABLES

const faucetBody = z.strictObject({
  address: addressSchema,
  nano: z
    .string()
    .regex(/^\d{1,19}$/)
    .transform(BigInt),
  comment: z.string().max(500).optional(),
})
const blockBody = z.union([
  z.strictObject({ count: z.int().min(1).max(10_000) }),
  z.strictObject({ untilIdle: z.literal(true) }),
])
/** At most thirty years, so that times stay within what contracts count in. */
const clockBody = z.strictObject({
  advanceMs: z
    .int()
    .positive()
    .max(30 * 365 * 24 * hourMs),
})
const restoreBody = z.strictObject({ id: z.string() })
const feesBody = z.strictObject({ table: z.string().refine(isFeeTable) })

/** 200 with `{ok: true, …}`; 404 for an unknown action, 422 for a body that does not read. */
export function createAdmin({ chain, faults, setFees }: AdminParts) {
  const saved = new Map<string, Saved>()
  const actions: Record<string, (body: unknown) => Promise<object | undefined>> = {
    faucet: taking(faucetBody, async ({ address, nano, comment: text }) => {
      await chain.faucet(address, nano, text === undefined ? undefined : comment(text))
      await chain.mineUntilIdle()
      return {}
    }),
    block: taking(blockBody, async (body) => {
      if ('count' in body) await chain.mine(body.count)
      else await chain.mineUntilIdle()
      return { seqno: chain.head().seqno }
    }),
    clock: taking(clockBody, async ({ advanceMs }) => {
      await chain.advance(advanceMs)
      return { ms: chain.head().ms }
    }),
    snapshot: async () => {
      const id = `snapshot-${String(saved.size + 1)}`
      saved.set(id, await chain.save())
      return { id }
    },
    restore: taking(restoreBody, async ({ id }) => {
      const found = saved.get(id)
      if (found) await chain.restore(found)
      return found && {}
    }),
    faults: taking(faultSchema, async (fault) => {
      faults.add(fault)
      return { waiting: faults.list().length }
    }),
    'faults/clear': async () => {
      faults.clear()
      return {}
    },
    fees: taking(feesBody, async ({ table }) => {
      await setFees(table)
      return {}
    }),
  }
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    action: string,
  ): Promise<void> => {
    const run = Object.hasOwn(actions, action) ? actions[action] : undefined
    if (request.method !== 'POST') sendJson(response, 405, { ok: false, error: 'POST only' })
    else if (!run) sendJson(response, 404, { ok: false, error: 'unknown action' })
    else {
      const text = await readBody(request, maxBodyBytes)
      const done = await run(text === '' ? {} : parsed(text))
      if (done) sendJson(response, 200, { ok: true, ...done })
      else sendJson(response, 422, { ok: false, error: 'this body does not read' })
    }
  }
}

/** Undefined for a body that does not fit. */
const taking =
  <S extends z.ZodType>(schema: S, act: (body: z.output<S>) => Promise<object | undefined>) =>
  async (body: unknown): Promise<object | undefined> => {
    const { success, data } = schema.safeParse(body)
    return success ? act(data) : undefined
  }
