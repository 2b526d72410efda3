/** @module Telegram Stars: invoices, the question before a payment, credit, refunds, plans (PAY §12). */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import type { Database, Tx } from '../../db/database.ts'
import { lockedBalance, post } from '../ledger/ledger-store.ts'
import { compareWithTelegram } from './compare.ts'
import { type Customers, isCustomer } from './customers.ts'
import { createStarStore, type PaymentRow } from './star-store.ts'
import type {
  Checkout,
  CheckoutRefusal,
  Credited,
  FloatState,
  Paid,
  Refunded,
  RefundResult,
  StarCalls,
  Stars,
} from './stars-port.ts'

export interface StarsDeps {
  readonly db: Database
  readonly botId: number
  readonly customers: Customers
  readonly calls: StarCalls
  readonly float: () => FloatState
  /** Nothing is sold while the operator works on the house. */
  readonly isMaintenance: () => boolean
  readonly clock: Clock
  readonly log: Log
}

const invoiceLifeMs = 3_600_000
const dayMs = 24 * 3_600_000
const currency = 'XTR'

export function createStars(deps: StarsDeps): Stars {
  const { db, customers, calls, clock, log } = deps
  const store = createStarStore(deps)

  /** One transaction: the payment's row and its postings. The same charge id again changes nothing. */
  async function book(payment: Paid, isRepair: boolean): Promise<Credited> {
    const { chargeId, userId, payload, ustar, customer } = payment
    const booked = await db.transaction(async (tx) => {
      const invoice = isCustomer(payload) ? await store.invoice(payload, tx) : undefined
      const isTheirs = invoice?.customer === customer
      const state = isTheirs ? 'credited' : 'suspense'
      const kind = invoice?.kind ?? 'pack'
      const row = { ...payment, invoice: invoice && payload, kind, state, isRepair } as const
      if (!(await store.addPayment(tx, row))) return 'known'
      await post(tx, {
        reason: isTheirs ? 'stars.bought' : 'stars.suspense',
        ref: chargeId,
        atMs: clock.now(),
        postings: [
          { account: 'stars', asset: 'ustar', amount: -ustar },
          {
            account: isTheirs ? `customer:${customer}` : 'suspense',
            asset: 'ustar',
            amount: ustar,
          },
        ],
      })
      if (!isTheirs) return state
      await store.markPaid(tx, payload, chargeId)
      const { untilMs } = payment
      if (kind === 'plan' && untilMs !== undefined)
        await store.savePlan(tx, userId, {
          invoice: payload,
          chargeId,
          ustar,
          untilMs,
          atMs: clock.now(),
        })
      return state
    })
    if (booked === 'suspense') log.warn('stars.unattributed', { ustar })
    else if (booked === 'credited') log.info('stars.credited', { ustar, isRepair })
    return booked
  }

  /** Row and postings of a refund; the payment is locked by the caller. */
  async function bookRefund(
    tx: Tx,
    chargeId: string,
    it: { payment: PaymentRow; unspent: bigint; state: 'requested' | 'done' },
  ): Promise<void> {
    const { payment, unspent, state } = it
    const { customer, ustar } = payment
    const giver = payment.state === 'suspense' ? 'suspense' : `customer:${customer}`
    const asset = 'ustar'
    await store.addRefund(tx, { chargeId, state, unspent, atMs: clock.now() })
    await post(tx, {
      reason: 'stars.refunded',
      ref: chargeId,
      atMs: clock.now(),
      postings: [
        { account: 'stars', asset, amount: ustar },
        ...(unspent > 0n ? [{ account: giver, asset, amount: -unspent } as const] : []),
        ...(unspent < ustar
          ? [{ account: 'refunds', asset, amount: unspent - ustar } as const]
          : []),
      ],
    })
    if (payment.kind === 'plan' && payment.userId !== undefined)
      await store.setPlanState(
        {
          userId: payment.userId,
          state: 'canceled',
          atMs: clock.now(),
          until: clock.now(),
        },
        tx,
      )
  }

  async function request(
    { chargeId, userId }: Refunded,
    onlyUnspent: boolean,
  ): Promise<Exclude<RefundResult, 'done'>> {
    return db.transaction(async (tx) => {
      const payment = await store.lockPayment(tx, chargeId)
      if (payment?.userId !== userId) return 'unknown'
      const known = await store.refundState(tx, chargeId)
      if (known !== undefined) return known === 'done' ? 'already' : 'requested'
      const unspent = await unspentOf(tx, payment)
      if (onlyUnspent && unspent < payment.ustar) return 'short'
      await bookRefund(tx, chargeId, { payment, unspent, state: 'requested' })
      return 'requested'
    })
  }

  /** Tells Telegram of a refund that is booked; false when it has to be tried again. */
  async function settle({ chargeId, userId }: Refunded): Promise<boolean> {
    try {
      await calls.refund(userId, chargeId)
      await store.refundDone(chargeId, clock.now())
      log.info('stars.refunded', {})
      return true
    } catch (error) {
      log.failure('stars.refund-failed', describe(error))
      return false
    }
  }

  async function refunded({ chargeId, userId }: Refunded): Promise<'booked' | 'known' | 'unknown'> {
    const result = await db.transaction(async (tx) => {
      const payment = await store.lockPayment(tx, chargeId)
      if (!payment || (payment.userId !== undefined && payment.userId !== userId)) return 'unknown'
      if ((await store.refundState(tx, chargeId)) !== undefined) {
        await store.refundDone(chargeId, clock.now(), tx)
        return 'known'
      }
      const unspent = await unspentOf(tx, payment)
      await bookRefund(tx, chargeId, { payment, unspent, state: 'done' })
      return 'booked'
    })
    if (result === 'booked') log.warn('stars.charged-back', {})
    return result
  }

  return {
    customerOf: (userId) => customers.of(deps.botId, userId),
    float: deps.float,
    invoice: async (customer, offer) => {
      if (deps.float() === 'closed' || deps.isMaintenance()) return undefined
      const invoice = { ...offer, id: randomBytes(16).toString('hex') }
      const createdAtMs = clock.now()
      const expiresAtMs = createdAtMs + invoiceLifeMs
      await store.addInvoice({ ...invoice, customer, createdAtMs, expiresAtMs })
      return invoice
    },
    checkout: async (query) => {
      if (deps.isMaintenance()) return 'maintenance'
      if (deps.float() === 'closed') return 'closed'
      return checkoutOf(
        query,
        isCustomer(query.payload) ? await store.invoice(query.payload) : undefined,
        clock.now(),
      )
    },
    paid: (payment) => book(payment, false),
    refund: async ({ onlyUnspent, ...refund }) => {
      const result = await request(refund, onlyUnspent)
      if (result !== 'requested') return result
      return (await settle(refund)) ? 'done' : 'requested'
    },
    refunded,
    planState: async (customer, { payload, userId, state }) => {
      const invoice = isCustomer(payload) ? await store.invoice(payload) : undefined
      if (invoice?.customer !== customer) return
      await store.setPlanState({ userId, invoice: payload, state, atMs: clock.now() })
    },
    planOf: (userId) => store.plan(userId),
    endPlan: async (userId) => {
      const plan = await store.plan(userId)
      if (!plan) return false
      await calls.endPlan(userId, plan.chargeId)
      await store.setPlanState({ userId, state: 'canceled', atMs: clock.now() })
      return true
    },
    payments: store.payments,
    ownerOf: store.ownerOf,
    openTicket: (ticket) => store.openTicket(ticket, clock.now()),
    ticket: store.ticket,
    compare: async () => {
      for (const refund of await store.openRefunds()) await settle(refund)
      await store.sweep(clock.now() - dayMs)
      return compareWithTelegram({
        calls,
        chargeIds: store.chargeIds,
        customerOf: (userId) => customers.of(deps.botId, userId),
        paid: (payment) => book(payment, true),
        refunded,
        clock,
        log,
      })
    },
    forget: async (userId) => {
      const plan = await store.plan(userId)
      if (plan?.state === 'active' && plan.untilMs > clock.now())
        await calls.endPlan(userId, plan.chargeId)
      return store.forget(userId)
    },
    exportOf: store.exportOf,
  }
}

/** What the buyer's account still has of it; the account is locked. */
async function unspentOf(tx: Tx, { customer, state, ustar }: PaymentRow): Promise<bigint> {
  if (state === 'suspense') return ustar
  const balance = await lockedBalance(tx, `customer:${customer}`, 'ustar')
  return balance < ustar ? balance : ustar
}

type Row = Awaited<ReturnType<ReturnType<typeof createStarStore>['invoice']>>

function checkoutOf(query: Checkout, invoice: Row, now: number): 'ok' | CheckoutRefusal {
  if (!invoice) return 'unknown'
  if (invoice.customer !== query.customer) return 'other-person'
  if (invoice.isPaid) return 'paid'
  if (invoice.expiresAtMs <= now) return 'expired'
  return query.currency === currency && query.ustar === invoice.ustar ? 'ok' : 'other-amount'
}
