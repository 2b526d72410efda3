/** @module Rows of where owners are paid: tickets of the wallet page, nonces, linked addresses and their change. */
import { randomBytes } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import type { Database, Tx } from '../../db/database.ts'

/** An address that is to take the place of another. */
export interface PayoutChange {
  readonly id: string
  readonly owner: string
  readonly from: string
  readonly to: string
  /** `proven`: waits for a word in the owner's chat; `waiting`: for its day to pass. */
  readonly state: 'proven' | 'waiting'
  readonly dueAtMs?: number
}

export interface LinkedPayout {
  /** Raw address; empty where nothing is linked. */
  readonly payout: string
  /** Its key has signed for this owner. */
  readonly isProven: boolean
  readonly change?: PayoutChange
}

export interface WalletStore {
  addTicket(ticket: { hash: string; owner: string; expiresAtMs: number }): Promise<void>
  ownerOfTicket(hash: string, nowMs: number): Promise<string | undefined>
  addNonce(nonce: {
    hash: string
    owner: string
    issuedAtMs: number
    expiresAtMs: number
  }): Promise<void>
  /** Takes a nonce, once in all processes; gives when it was issued, ms, or why not. */
  takeNonce(
    hash: string,
    owner: string,
    nowMs: number,
  ): Promise<number | 'unknown' | 'foreign' | 'used' | 'expired'>
  payoutOf(owner: string): Promise<LinkedPayout>
  /**
   * Notes a proven address. `linked`: it counts from now on, as there was none, or none that anybody had proved.
   * `same`: it is the linked one already. Otherwise the change that has to be confirmed; throws `wallet.change-open`
   * while another one waits for its day.
   */
  prove(owner: string, payout: string, nowMs: number): Promise<'linked' | 'same' | PayoutChange>
  /** Links an address that nobody proved, where there is no proven one. False where there is. */
  linkUnproven(owner: string, payout: string, nowMs: number): Promise<boolean>
  /** From then on the day counts. Throws `wallet.change-unknown`. */
  confirm(owner: string, id: string, it: { nowMs: number; dueAtMs: number }): Promise<PayoutChange>
  /** Ends an open change. Throws `wallet.change-unknown`. */
  cancel(owner: string, id: string, nowMs: number): Promise<void>
  /**
   * Executes what is due, reminds once `reminderMs` before, ends what nobody confirmed since `staleMs`, and deletes what
   * has expired. Gives how many addresses were switched.
   */
  sweep(it: { nowMs: number; staleMs: number; reminderMs: number }): Promise<number>
}

export function createWalletStore(db: Database): WalletStore {
  const { rows } = db
  return {
    addTicket: async ({ hash, owner, expiresAtMs }) => {
      await rows.walletTicket.create({ data: { hash, owner, expiresAt: new Date(expiresAtMs) } })
    },
    ownerOfTicket: async (hash, nowMs) => {
      const row = await rows.walletTicket.findUnique({ where: { hash } })
      return row && row.expiresAt.getTime() > nowMs ? row.owner : undefined
    },
    addNonce: async ({ hash, owner, issuedAtMs, expiresAtMs }) => {
      const data = {
        hash,
        owner,
        issuedAt: new Date(issuedAtMs),
        expiresAt: new Date(expiresAtMs),
      }
      await rows.walletNonce.create({ data })
    },
    takeNonce: async (hash, owner, nowMs) => {
      const now = new Date(nowMs)
      const where = { hash, owner, usedAt: null, expiresAt: { gt: now } }
      const { count } = await rows.walletNonce.updateMany({ where, data: { usedAt: now } })
      const row = await rows.walletNonce.findUnique({ where: { hash } })
      if (!row) return 'unknown'
      if (count === 1) return row.issuedAt.getTime()
      if (row.owner !== owner) return 'foreign'
      return row.usedAt === null ? 'expired' : 'used'
    },
    payoutOf: async (owner) => {
      const row = await rows.owner.findUnique({ where: { id: owner } })
      const change = await openChange(rows, owner)
      return {
        payout: row?.payout ?? '',
        isProven: row?.proven ?? false,
        ...(change && { change }),
      }
    },
    prove: (owner, payout, nowMs) =>
      db.transaction(async (tx) => {
        const known = await lockOwner(tx, owner, nowMs)
        if (known.payout === payout && known.proven) return 'same'
        if (known.payout === '' || !known.proven) {
          await setPayout(tx, owner, { payout, isProven: true, nowMs })
          await tell(tx, { owner, kind: 'linked', ref: payout, nowMs })
          return 'linked'
        }
        const open = await openChange(tx, owner)
        if (open?.state === 'waiting') throw new AppError('wallet.change-open')
        // One that was never confirmed gives way to the newer one.
        if (open) await endChange(tx, open, { state: 'cancelled', nowMs })
        const id = randomBytes(8).toString('hex')
        const from = known.payout
        const data = { id, owner, open: owner, from, to: payout, state: 'proven' } as const
        await tx.payoutChange.create({ data: { ...data, provenAt: new Date(nowMs) } })
        await tell(tx, { owner, kind: 'change-asked', ref: id, nowMs })
        return { id, owner, from, to: payout, state: 'proven' }
      }),
    linkUnproven: (owner, payout, nowMs) =>
      db.transaction(async (tx) => {
        const known = await lockOwner(tx, owner, nowMs)
        if (known.proven) return false
        await setPayout(tx, owner, { payout, isProven: false, nowMs })
        return true
      }),
    confirm: (owner, id, { nowMs, dueAtMs }) =>
      db.transaction(async (tx) => {
        const { count } = await tx.payoutChange.updateMany({
          where: { id, owner, state: 'proven' },
          data: { state: 'waiting', confirmedAt: new Date(nowMs), dueAt: new Date(dueAtMs) },
        })
        const change = await openChange(tx, owner)
        if (count !== 1 || !change) throw new AppError('wallet.change-unknown')
        await tell(tx, { owner, kind: 'change-waits', ref: id, nowMs })
        return change
      }),
    cancel: (owner, id, nowMs) =>
      db.transaction(async (tx) => {
        const change = await openChange(tx, owner)
        if (change?.id !== id) throw new AppError('wallet.change-unknown')
        if (!(await endChange(tx, change, { state: 'cancelled', nowMs })))
          throw new AppError('wallet.change-unknown')
        await tell(tx, { owner, kind: 'change-cancelled', ref: id, nowMs })
      }),
    sweep: async ({ nowMs, staleMs, reminderMs }) => {
      const now = new Date(nowMs)
      await rows.walletTicket.deleteMany({ where: { expiresAt: { lte: new Date(nowMs - dayMs) } } })
      // Kept for a day, so that a second showing is told from an unknown one.
      await rows.walletNonce.deleteMany({ where: { expiresAt: { lte: new Date(nowMs - dayMs) } } })
      const stale = { state: 'proven', provenAt: { lte: new Date(nowMs - staleMs) } } as const
      for (const row of await rows.payoutChange.findMany({ where: stale }))
        await db.transaction((tx) => endChange(tx, row, { state: 'cancelled', nowMs }))
      const soon = {
        state: 'waiting',
        reminded: 0,
        dueAt: { gt: now, lte: new Date(nowMs + reminderMs) },
      } as const
      for (const row of await rows.payoutChange.findMany({ where: soon }))
        await db.transaction((tx) => remind(tx, row, nowMs))
      let switched = 0
      const due = { state: 'waiting', dueAt: { lte: now } } as const
      for (const row of await rows.payoutChange.findMany({ where: due }))
        if (await db.transaction((tx) => execute(tx, row, nowMs))) switched++
      return switched
    },
  }
}

const dayMs = 24 * 3_600_000

/** The owner's row, made if need be and locked, so that two proofs of one owner come one after the other. */
async function lockOwner(
  tx: Tx,
  owner: string,
  nowMs: number,
): Promise<{ payout: string; proven: boolean }> {
  const data = { id: owner, createdAt: new Date(nowMs) }
  await tx.owner.createMany({ data: [data], skipDuplicates: true })
  await tx.$executeRaw`SELECT 1 FROM owners WHERE id = ${owner} FOR UPDATE`
  return tx.owner.findUniqueOrThrow({ where: { id: owner } })
}

/** The owner's address and that of all the owner's tokens, so that workers have to enrol again with it. */
async function setPayout(
  tx: Tx,
  owner: string,
  { payout, isProven, nowMs }: { payout: string; isProven: boolean; nowMs: number },
): Promise<void> {
  const data = { payout, proven: isProven, linkedAt: new Date(nowMs) }
  await tx.owner.update({ where: { id: owner }, data })
  await tx.joinToken.updateMany({ where: { owner }, data: { payout } })
}

async function openChange(
  tx: Pick<Tx, 'payoutChange'>,
  owner: string,
): Promise<PayoutChange | undefined> {
  const row = await tx.payoutChange.findUnique({ where: { open: owner } })
  if (!row || (row.state !== 'proven' && row.state !== 'waiting')) return undefined
  const { id, from, to, state, dueAt } = row
  return { id, owner, from, to, state, ...(dueAt && { dueAtMs: dueAt.getTime() }) }
}

/** False when another process ended it first. */
async function endChange(
  tx: Tx,
  { id, state: before }: { id: string; state: 'proven' | 'waiting' | 'done' | 'cancelled' },
  { state, nowMs }: { state: 'done' | 'cancelled'; nowMs: number },
): Promise<boolean> {
  const { count } = await tx.payoutChange.updateMany({
    where: { id, state: before },
    data: { state, open: null, endedAt: new Date(nowMs) },
  })
  return count === 1
}

async function execute(
  tx: Tx,
  change: {
    id: string
    owner: string
    to: string
    state: 'proven' | 'waiting' | 'done' | 'cancelled'
  },
  nowMs: number,
): Promise<boolean> {
  if (!(await endChange(tx, change, { state: 'done', nowMs }))) return false
  await setPayout(tx, change.owner, { payout: change.to, isProven: true, nowMs })
  await tell(tx, { owner: change.owner, kind: 'changed', ref: change.to, nowMs })
  return true
}

async function remind(tx: Tx, change: { id: string; owner: string }, nowMs: number): Promise<void> {
  const { count } = await tx.payoutChange.updateMany({
    where: { id: change.id, reminded: 0 },
    data: { reminded: 1 },
  })
  if (count === 1)
    await tell(tx, { owner: change.owner, kind: 'change-soon', ref: change.id, nowMs })
}

async function tell(
  tx: Tx,
  { owner, kind, ref, nowMs }: { owner: string; kind: string; ref: string; nowMs: number },
): Promise<void> {
  await tx.ownerNotice.create({ data: { owner, kind, ref, at: new Date(nowMs) } })
}
