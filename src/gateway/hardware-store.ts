/** @module Rows of machines and of the workers that are live on them, shared by all gateways of one database (CONF §12). */
import type { Clock } from '../core/clock.ts'
import type { Kid } from '../core/ids.ts'
import type { Database, Tx } from '../db/database.ts'
import { judgeMachine } from '../tee/admission/hardware.ts'
import { domain, sha256Hex, utf8 } from '../tee/crypto/binary.ts'
import type { TeeCode } from '../tee/verify/codes.ts'

/** A machine as an operator enrols it. */
export interface Enrolment {
  /** `hardwareHash` of its chip's id. */
  readonly hw: string
  readonly tee: 'tdx' | 'snp'
  readonly owner: string
  readonly gpus: number
  readonly site: 'unknown' | 'audited'
}

export interface HardwareStore {
  /** Enrols a machine, or changes its GPUs and site; `HW_OWNER` where another owner has it. */
  enrol(machine: Enrolment): Promise<TeeCode | undefined>
  /** Forgets a machine; its live workers keep their sessions until these are judged again. False for an unknown one. */
  remove(hw: string): Promise<boolean>
  /** Ends a quarantine. */
  pardon(hw: string): Promise<boolean>
  list(): Promise<readonly (Enrolment & { readonly isSplit: boolean })[]>
  siteOf(hw: string): Promise<Enrolment['site']>
  /**
   * Counts the worker on its machine, or says why not (`judgeMachine`). Quarantines a machine that is live from two
   * networks. Idempotent for the same worker. `network` is kept as a hash.
   */
  claim(worker: {
    readonly hw: string
    readonly owner: string
    /** What is kept of its join token; one for a single machine is bound to the first. Absent: any machine. */
    readonly token?: string
    readonly kid: Kid
    readonly network: string
    readonly devices?: readonly string[]
  }): Promise<TeeCode | undefined>
  /** The worker is gone from this gateway; one that went on to another gateway stays counted there. */
  release(kid: Kid): Promise<void>
  /** Says that this gateway and its workers are alive; due every 10 s. Forgets workers of gateways that are not. */
  refresh(): Promise<void>
}

/** A gateway that was not heard of for so long is gone: three rounds of `refresh`. */
const liveMs = 30_000
/** One claim at a time over all gateways: caps and clones are counts over several rows. */
const claimLock = 1_262_836_503

export function createHardwareStore({
  db,
  gateway,
  clock,
}: {
  db: Database
  /** Of this process; at most 32 characters. */
  gateway: string
  clock: Clock
}): HardwareStore {
  const { rows } = db
  /** Workers of this gateway, to be written again where another gateway took this one for dead. */
  const mine = new Map<Kid, { kid: Kid; hw: string; network: string; devices: string[] }>()
  const now = (): Date => new Date(clock.now())
  const liveSince = (): Date => new Date(clock.now() - liveMs)

  return {
    enrol: ({ hw, tee, owner, gpus, site }) =>
      db.transaction(async (tx) => {
        const known = await tx.hardware.findUnique({ where: { hw } })
        if (known && known.owner !== owner) return 'HW_OWNER'
        await tx.hardware.upsert({
          where: { hw },
          create: { hw, tee, owner, gpus, site, enrolledAt: now() },
          update: { gpus, site },
        })
        return undefined
      }),
    remove: async (hw) => (await rows.hardware.deleteMany({ where: { hw } })).count > 0,
    pardon: async (hw) => {
      const where = { hw, splitAt: { not: null } }
      return (await rows.hardware.updateMany({ where, data: { splitAt: null } })).count > 0
    },
    list: async () => {
      const found = await rows.hardware.findMany({ orderBy: [{ owner: 'asc' }, { hw: 'asc' }] })
      return found.map(({ hw, tee, owner, gpus, site, splitAt }) => ({
        hw,
        tee: tee === 'snp' ? 'snp' : 'tdx',
        owner,
        gpus,
        site,
        isSplit: splitAt !== null,
      }))
    },
    siteOf: async (hw) => (await rows.hardware.findUnique({ where: { hw } }))?.site ?? 'unknown',

    claim: async ({ hw, owner, token, kid, network, devices = [] }) => {
      const worker = { kid, hw, network: hashOf(network), devices: [...devices] }
      const code = await db.transaction(async (tx): Promise<TeeCode | undefined> => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${claimLock}::bigint)`
        const row = await tx.hardware.findUnique({ where: { hw } })
        const machine = row ? { ...row, isSplit: row.splitAt !== null } : undefined
        const live = await tx.liveWorker.findMany({
          where: {
            seenAt: { gt: liveSince() },
            OR: [{ hw }, { devices: { hasSome: worker.devices } }],
          },
        })
        const refusal = judgeMachine(machine, { worker, owner, live })
        if (refusal === 'HW_SPLIT' && row?.splitAt === null)
          await tx.hardware.update({ where: { hw }, data: { splitAt: now() } })
        if (refusal) return refusal
        if (token !== undefined && !(await bindToken(tx, { token, hw, now: now() })))
          return 'HW_TOKEN'
        const data = { ...worker, gateway, seenAt: now() }
        await tx.liveWorker.upsert({ where: { kid }, create: data, update: data })
        return undefined
      })
      if (code === undefined) mine.set(kid, worker)
      return code
    },
    release: async (kid) => {
      mine.delete(kid)
      await rows.liveWorker.deleteMany({ where: { kid, gateway } })
    },
    refresh: async () => {
      const seenAt = now()
      // Only those that are here: one whose release the database missed must not live on.
      const where = { gateway, kid: { in: [...mine.keys()] } }
      await rows.liveWorker.updateMany({ where, data: { seenAt } })
      const data = [...mine.values()].map((worker) => ({ ...worker, gateway, seenAt }))
      await rows.liveWorker.createMany({ data, skipDuplicates: true })
      await rows.liveWorker.deleteMany({ where: { seenAt: { lte: liveSince() } } })
    },
  }
}

/** An address is nobody's business in a database: only its likeness counts. */
const hashOf = (network: string): string =>
  sha256Hex(domain('chrysalis/network/1', utf8(network))).slice(0, 32)

/** Notes the first use of a token, and of one for a single machine on which; false where that is another. */
async function bindToken(
  tx: Tx,
  { token, hw, now }: { token: string; hw: string; now: Date },
): Promise<boolean> {
  const row = await tx.joinToken.findUnique({ where: { hash: token } })
  if (row?.single && row.hw !== null && row.hw !== hw) return false
  if (row?.usedAt === null)
    await tx.joinToken.update({ where: { hash: token }, data: { hw, usedAt: now } })
  return true
}
