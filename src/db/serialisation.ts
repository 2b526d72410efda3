/** @module Repeats a transaction that lost against another one. */
import { randomInt } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import { Prisma } from './generated/client.ts'

const maxTries = 5

/** Write conflict or deadlock (Prisma's P2034): the database asks for the same transaction again. */
const isConflict = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError &&
  (error.code === 'P2034' || (error.code === 'P2010' && isRawConflict(error.meta)))

/** Raw statements fail by another code, with what the driver said inside. */
const isRawConflict = (meta: unknown): boolean =>
  rawMeta.safeParse(meta).data?.driverAdapterError.cause.kind === 'TransactionWriteConflict'

const rawMeta = z.object({
  driverAdapterError: z.object({ cause: z.object({ kind: z.string() }) }),
})

/** Runs `work` up to 5 times while it fails by a serialisation conflict, after 5–80 ms each. */
export async function retrySerialisation<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries >= maxTries || !isConflict(error)) throw error
      await clock.sleep(randomInt(5, 10 * 2 ** (tries - 1) + 6))
    }
  }
}
