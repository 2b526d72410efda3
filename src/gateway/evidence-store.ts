/** @module Rows of evidence: what admissions were decided from, for as long as a receipt cites it (CONF §8). */
import type { Kid } from '../core/ids.ts'
import type { Database } from '../db/database.ts'

/** A record under its own hash; `document` is its canonical text. */
interface KeptEvidence {
  readonly id: string
  readonly kid: Kid
  readonly document: string
}

export interface EvidenceStore {
  /** Durable when it resolves; the same record twice is one. Throws what the database throws. */
  keep(evidence: KeptEvidence, nowMs: number): Promise<void>
  /** The canonical text of a record, or undefined. */
  evidence(id: string): Promise<string | undefined>
  /** Forgets what is older than `beforeMs` and cited by no receipt and no running job. Gives how many. */
  purge(beforeMs: number): Promise<number>
}

export function createEvidenceStore({ rows }: Database): EvidenceStore {
  return {
    keep: async ({ id, kid, document }, nowMs) => {
      const data = {
        id,
        kid,
        at: new Date(nowMs),
        document: Uint8Array.from(Buffer.from(document, 'utf8')),
      }
      await rows.evidence.createMany({ data: [data], skipDuplicates: true })
    },
    evidence: async (id) => {
      if (!/^[0-9a-f]{64}$/.test(id)) return undefined
      const row = await rows.evidence.findUnique({ where: { id }, select: { document: true } })
      return row ? Buffer.from(row.document).toString('utf8') : undefined
    },
    purge: (beforeMs) => rows.$executeRaw`
      DELETE FROM evidence WHERE at < ${new Date(beforeMs)}::timestamptz
        AND NOT EXISTS (SELECT 1 FROM receipts WHERE receipts.evidence_id = evidence.id)
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.evidence_id = evidence.id AND jobs.state = 'running')`,
  }
}
