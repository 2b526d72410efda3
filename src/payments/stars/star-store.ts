/** @module Rows of invoices, payments, refunds, plans and tickets. */
import type { Database, Tx } from '../../db/database.ts'
import type {
  Customer,
  Invoice,
  Offer,
  Paid,
  PaymentLine,
  Plan,
  StarKind,
  Ticket,
} from './stars-port.ts'

export interface InvoiceRow extends Offer {
  readonly customer: Customer
  readonly expiresAtMs: number
  readonly isPaid: boolean
}

export interface PaymentRow {
  readonly customer: Customer
  readonly userId: number | undefined
  readonly kind: StarKind
  readonly ustar: bigint
  readonly state: PaymentLine['state']
}

export interface NewPayment extends Paid {
  readonly invoice: string | undefined
  readonly kind: StarKind
  readonly state: 'credited' | 'suspense'
  readonly isRepair: boolean
}

const maxLines = 20

/** Rows of one bot. */
export function createStarStore(deps: { db: Database; botId: number }) {
  const botId = BigInt(deps.botId)
  const { rows } = deps.db
  const planKey = (userId: number) => ({ botId_userId: { botId, userId: BigInt(userId) } })
  return {
    addInvoice: async (
      invoice: Invoice & { customer: Customer; createdAtMs: number; expiresAtMs: number },
    ): Promise<void> => {
      const { createdAtMs, expiresAtMs, ...row } = invoice
      await rows.starInvoice.create({
        data: {
          ...row,
          botId,
          createdAt: new Date(createdAtMs),
          expiresAt: new Date(expiresAtMs),
        },
      })
    },
    /** By primary key. */
    invoice: async (id: string, tx: Tx = rows): Promise<InvoiceRow | undefined> => {
      const row = await tx.starInvoice.findUnique({ where: { id } })
      if (row?.botId !== botId) return undefined
      const { customer, kind, ustar, expiresAt, paidBy } = row
      return { customer, kind, ustar, expiresAtMs: expiresAt.getTime(), isPaid: paidBy !== null }
    },
    markPaid: async (tx: Tx, id: string, chargeId: string): Promise<void> => {
      await tx.starInvoice.updateMany({ where: { id, paidBy: null }, data: { paidBy: chargeId } })
    },
    /** False when the charge id is known. */
    addPayment: async (tx: Tx, payment: NewPayment): Promise<boolean> => {
      const { chargeId, userId, customer, invoice, kind, ustar, state, isRepair } = payment
      const { count } = await tx.starPayment.createMany({
        data: [
          {
            chargeId,
            botId,
            userId: BigInt(userId),
            customer,
            invoice: invoice ?? null,
            kind,
            ustar,
            state,
            isRepair,
            paidAt: new Date(payment.paidAtMs),
          },
        ],
        skipDuplicates: true,
      })
      return count > 0
    },
    /** Locks the row until the transaction ends. */
    lockPayment: async (tx: Tx, chargeId: string): Promise<PaymentRow | undefined> => {
      const { count } = await tx.starPayment.updateMany({
        where: { chargeId, botId },
        data: { botId },
      })
      if (count === 0) return undefined
      const row = await tx.starPayment.findUnique({ where: { chargeId } })
      if (!row) return undefined
      const { customer, userId, kind, ustar, state } = row
      return { customer, userId: userId === null ? undefined : Number(userId), kind, ustar, state }
    },
    ownerOf: async (chargeId: string): Promise<number | undefined> => {
      const row = await rows.starPayment.findUnique({ where: { chargeId } })
      return row?.botId === botId && row.userId !== null ? Number(row.userId) : undefined
    },
    addRefund: async (
      tx: Tx,
      refund: { chargeId: string; state: 'requested' | 'done'; unspent: bigint; atMs: number },
    ): Promise<void> => {
      const { chargeId, state, unspent } = refund
      const at = new Date(refund.atMs)
      const doneAt = state === 'done' ? at : null
      await tx.starRefund.create({
        data: { chargeId, state, unspent, requestedAt: at, doneAt },
      })
      await tx.starPayment.update({ where: { chargeId }, data: { state: 'refunded' } })
    },
    refundState: async (tx: Tx, chargeId: string): Promise<'requested' | 'done' | undefined> =>
      (await tx.starRefund.findUnique({ where: { chargeId } }))?.state,
    refundDone: async (chargeId: string, atMs: number, tx: Tx = rows): Promise<void> => {
      await tx.starRefund.updateMany({
        where: { chargeId, state: 'requested' },
        data: { state: 'done', doneAt: new Date(atMs) },
      })
    },
    /** Written, and perhaps not yet told to Telegram. */
    openRefunds: async (): Promise<readonly { chargeId: string; userId: number }[]> => {
      const open = await rows.starRefund.findMany({
        where: { state: 'requested' },
        orderBy: { requestedAt: 'asc' },
        take: 100,
      })
      const of = await rows.starPayment.findMany({
        where: { botId, chargeId: { in: open.map((it) => it.chargeId) } },
      })
      return of.flatMap(({ chargeId, userId }) =>
        userId === null ? [] : [{ chargeId, userId: Number(userId) }],
      )
    },
    savePlan: async (
      tx: Tx,
      userId: number,
      plan: Omit<Plan, 'state'> & { invoice: string; atMs: number },
    ): Promise<void> => {
      const { invoice, ustar, chargeId } = plan
      const until = new Date(plan.untilMs)
      const updatedAt = new Date(plan.atMs)
      const known = await tx.starPlan.findUnique({ where: planKey(userId) })
      // A renewal keeps the first charge id, by which the plan is ended; an old payment found late shortens nothing.
      if (known?.invoice === invoice) {
        if (known.until >= until) return
        await tx.starPlan.update({
          where: planKey(userId),
          data: { until, ustar, state: 'active', updatedAt },
        })
        return
      }
      if (known && known.until >= until) return
      const row = { invoice, chargeId, ustar, state: 'active', until, updatedAt } as const
      await tx.starPlan.upsert({
        where: planKey(userId),
        create: { botId, userId: BigInt(userId), ...row },
        update: row,
      })
    },
    setPlanState: async (
      it: { userId: number; invoice?: string; state: Plan['state']; atMs: number; until?: number },
      tx: Tx = rows,
    ): Promise<void> => {
      const { userId, invoice, state, atMs, until } = it
      await tx.starPlan.updateMany({
        where: { botId, userId: BigInt(userId), ...(invoice !== undefined && { invoice }) },
        data: {
          state,
          updatedAt: new Date(atMs),
          ...(until !== undefined && { until: new Date(until) }),
        },
      })
    },
    plan: async (userId: number): Promise<(Plan & { invoice: string }) | undefined> => {
      const row = await rows.starPlan.findUnique({ where: planKey(userId) })
      if (!row) return undefined
      const { ustar, state, until, chargeId, invoice } = row
      return { ustar, state, untilMs: until.getTime(), chargeId, invoice }
    },
    payments: async (userId: number): Promise<readonly PaymentLine[]> => {
      const found = await rows.starPayment.findMany({
        where: { botId, userId: BigInt(userId) },
        orderBy: { paidAt: 'desc' },
        take: maxLines,
      })
      return found.map(({ chargeId, kind, ustar, paidAt, state }) => ({
        chargeId,
        kind,
        ustar,
        paidAtMs: paidAt.getTime(),
        state,
      }))
    },
    /** Charge ids of `atMs` or earlier, for the comparison. */
    chargeIds: async (untilMs: number): Promise<readonly string[]> => {
      const found = await rows.starPayment.findMany({
        where: { botId, paidAt: { lte: new Date(untilMs) } },
        select: { chargeId: true },
      })
      return found.map((it) => it.chargeId)
    },
    openTicket: async (ticket: Omit<Ticket, 'number'>, atMs: number): Promise<number> => {
      const { userId, ui, chargeId = null } = ticket
      const row = await rows.starTicket.create({
        data: { botId, userId: BigInt(userId), ui, chargeId, createdAt: new Date(atMs) },
      })
      return row.number
    },
    ticket: async (number: number): Promise<Ticket | undefined> => {
      const row = await rows.starTicket.findUnique({ where: { number } })
      if (row?.botId !== botId) return undefined
      const { userId, ui, chargeId } = row
      return { number, userId: Number(userId), ui, ...(chargeId !== null && { chargeId }) }
    },
    forget: async (userId: number): Promise<number> => {
      const own = { botId, userId: BigInt(userId) }
      const counts = [
        await rows.starPlan.deleteMany({ where: own }),
        await rows.starTicket.deleteMany({ where: own }),
        await rows.starPayment.updateMany({ where: own, data: { userId: null } }),
      ]
      return counts.reduce((sum, { count }) => sum + count, 0)
    },
    exportOf: async (userId: number): Promise<unknown> => {
      const where = { botId, userId: BigInt(userId) }
      const [payments, plans, tickets] = await Promise.all([
        rows.starPayment.findMany({ where }),
        rows.starPlan.findMany({ where }),
        rows.starTicket.findMany({ where }),
      ])
      return { payments, plans, tickets }
    },
    /** Invoices nobody paid are of no use a day after they expired. */
    sweep: async (beforeMs: number): Promise<void> => {
      await rows.starInvoice.deleteMany({
        where: { botId, paidBy: null, expiresAt: { lt: new Date(beforeMs) } },
      })
    },
  }
}
