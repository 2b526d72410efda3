/** @module The release log's rows for whoever checks them, and the signed heads (CONF §6). Rows only: what they mean is the broker's. */
import type { Database } from '../db/database.ts'

/** A release as it stands in its row; the network is the database's own. */
export interface ReleaseRow {
  readonly chain: string
  readonly seq: number
  readonly job: string
  readonly attempt: number
  readonly lease: string
  readonly kid: string
  readonly evidenceId: string
  readonly epoch: number
  readonly envHash: string
  readonly at: number
  readonly prev: string
  readonly hash: string
}

/** A signed head; `id` is its hash. */
export interface HeadRow {
  readonly id: string
  readonly aud: string
  readonly chain: string
  readonly seq: number
  readonly hash: string
  readonly prev: string
  readonly at: number
  readonly sig: string
}

export type ReleaseStore = ReturnType<typeof createReleaseStore>

const page = 1000

export function createReleaseStore({ rows }: Database) {
  return {
    /** Adds heads in order; one that is known already is left as it is. */
    addHeads: async (heads: readonly HeadRow[]): Promise<void> => {
      await rows.releaseHead.createMany({
        data: heads.map(({ id, aud, chain, seq, hash, prev, at, sig }) => ({
          id,
          aud,
          chain,
          seq,
          hash,
          prev,
          at: new Date(at),
          sig,
        })),
        skipDuplicates: true,
      })
    },

    /** The newest head of a broker, which the next one cites. */
    lastHead: async (aud: string): Promise<string | undefined> => {
      const row = await rows.releaseHead.findFirst({
        where: { aud },
        orderBy: [{ at: 'desc' }, { seq: 'desc' }],
        select: { id: true },
      })
      return row?.id
    },

    heads: async (): Promise<readonly HeadRow[]> => {
      const found = await rows.releaseHead.findMany({ orderBy: { at: 'asc' } })
      return found.map((row) => ({ ...row, at: row.at.getTime() }))
    },

    /** All entries, by chain and place. */
    entries: async (): Promise<readonly ReleaseRow[]> => {
      const all: ReleaseRow[] = []
      for (;;) {
        const last = all.at(-1)
        const found = await rows.release.findMany({
          orderBy: [{ chain: 'asc' }, { seq: 'asc' }],
          take: page,
          ...(last && {
            skip: 1,
            cursor: { chain_seq: { chain: last.chain, seq: last.seq } },
          }),
        })
        all.push(...found.map((row) => ({ ...row, at: row.at.getTime() })))
        if (found.length < page) return all
      }
    },

    /** How many attempts each job that is still known has had. */
    attempts: async (): Promise<readonly { job: string; attempt: number }[]> => {
      const found = await rows.job.findMany({ select: { id: true, attempt: true } })
      return found.map(({ id: job, attempt }) => ({ job, attempt }))
    },
  }
}
