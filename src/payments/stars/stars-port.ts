/** @module What a bot may do about Telegram Stars, and what it does at Telegram for us. Types only: `main.ts` passes the functions. */

/** 32 hex characters: a keyed hash of a person, the same for ever and of no use without the key. */
export type Customer = string

export type StarKind = 'pack' | 'plan'

/** What is sold; `ustar` is a whole number of Stars. */
export interface Offer {
  readonly kind: StarKind
  readonly ustar: bigint
}

export interface Invoice extends Offer {
  /** Telegram's payload. */
  readonly id: string
}

/** A pressed Pay button, as Telegram asks about it. */
export interface Checkout {
  readonly customer: Customer
  readonly payload: string
  readonly currency: string
  readonly ustar: bigint
}

/** Why a payment is not taken; the bot has a sentence for each. */
export type CheckoutRefusal =
  | 'unknown'
  | 'expired'
  | 'other-person'
  | 'other-amount'
  | 'paid'
  | 'closed'
  | 'maintenance'

export interface Paid {
  readonly chargeId: string
  readonly userId: number
  readonly customer: Customer
  readonly payload: string
  readonly ustar: bigint
  readonly paidAtMs: number
  /** A subscription's period ends then. */
  readonly untilMs?: number
}

/** `known`: booked before, nothing changed. `suspense`: nobody's until a person has looked; the Stars are safe. */
export type Credited = 'credited' | 'known' | 'suspense'

export interface Refunded {
  readonly chargeId: string
  readonly userId: number
}

/** `short`: something of it was spent and the asker may not decide that. */
export type RefundResult = 'done' | 'requested' | 'already' | 'unknown' | 'short'

export interface PaymentLine {
  readonly chargeId: string
  readonly kind: StarKind
  readonly ustar: bigint
  readonly paidAtMs: number
  readonly state: 'credited' | 'suspense' | 'refunded'
}

export interface Plan {
  readonly ustar: bigint
  readonly state: 'active' | 'canceled' | 'failed'
  readonly untilMs: number
  readonly chargeId: string
}

export interface Ticket {
  readonly number: number
  readonly userId: number
  readonly ui: string
  readonly chargeId?: string
}

/** Selling stops at 1.0 of what may be owed to workers before Stars can be withdrawn; a warning comes at 0.8. */
export type FloatState = 'open' | 'low' | 'closed'

/** What only the bot can do. Each may be repeated. */
export interface StarCalls {
  /** `refundStarPayment`; "already refunded" counts as done. */
  refund(userId: number, chargeId: string): Promise<void>
  /** `editUserStarSubscription`; a subscription that is unknown or over counts as done. */
  endPlan(userId: number, chargeId: string): Promise<void>
  /** `getStarTransactions`, oldest first; undefined for what is no payment by invoice. */
  transactions(offset: number, limit: number): Promise<readonly (StarEntry | undefined)[]>
}

/** A line of Telegram's own account of the bot's Stars that concerns a payment by invoice. */
export interface StarEntry {
  readonly chargeId: string
  readonly direction: 'in' | 'out'
  readonly userId: number
  readonly ustar: bigint
  readonly payload: string
  readonly atMs: number
  readonly periodMs?: number
}

export interface Stars {
  customerOf(userId: number): Customer
  float(): FloatState
  /** Undefined while nothing is sold. Valid for an hour. */
  invoice(customer: Customer, offer: Offer): Promise<Invoice | undefined>
  /** At most one query, by primary key; no Redis. `ok`, or why not. */
  checkout(query: Checkout): Promise<'ok' | CheckoutRefusal>
  /** The only thing that credits; once for each charge id, whatever brings it. */
  paid(payment: Paid): Promise<Credited>
  /** Gives a payment back: row and postings first, then Telegram, then done. `onlyUnspent`: not when something of it was spent. */
  refund(refund: Refunded & { readonly onlyUnspent: boolean }): Promise<RefundResult>
  /** Telegram says that it was given back, by us or by Telegram itself. */
  refunded(refund: Refunded): Promise<'booked' | 'known' | 'unknown'>
  planState(
    customer: Customer,
    it: { payload: string; userId: number; state: Plan['state'] },
  ): Promise<void>
  planOf(userId: number): Promise<Plan | undefined>
  endPlan(userId: number): Promise<boolean>
  /** Newest first, at most 20. */
  payments(userId: number): Promise<readonly PaymentLine[]>
  /** Whose payment that is. */
  ownerOf(chargeId: string): Promise<number | undefined>
  openTicket(ticket: Omit<Ticket, 'number'>): Promise<number>
  ticket(number: number): Promise<Ticket | undefined>
  /** Compares with Telegram's account and books what is missing here. */
  compare(): Promise<Compared>
  /** Ends the plan and unlinks payments; the ledger keeps its entries under the pseudonym. Gives back the number of rows. */
  forget(userId: number): Promise<number>
  /** Rows that name the person. */
  exportOf(userId: number): Promise<unknown>
}

export interface Compared {
  readonly seen: number
  /** Booked now because their own updates never came. */
  readonly repaired: number
  /** Here and not at Telegram: an operator has to look. */
  readonly foreign: number
}
