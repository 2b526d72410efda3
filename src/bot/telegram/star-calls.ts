/** @module What the money side asks of Telegram: refunds, ends of plans, and Telegram's own account of the bot's Stars. */
import { type Api, GrammyError } from 'grammy'
import type { StarTransaction, TransactionPartner } from 'grammy/types'
import type { StarCalls, StarEntry } from '../../payments/stars/stars-port.ts'

const ustarPerStar = 1_000_000n

export function createStarCalls(api: Api): StarCalls {
  return {
    refund: async (userId, chargeId) => {
      await api.refundStarPayment(userId, chargeId).catch(unlessDone('CHARGE_ALREADY_REFUNDED'))
    },
    endPlan: async (userId, chargeId) => {
      await api
        .editUserStarSubscription(userId, chargeId, true)
        .catch(unlessDone('SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_NOT_ACTIVE'))
    },
    transactions: async (offset, limit) => {
      const { transactions } = await api.getStarTransactions({ offset, limit })
      // Gifts, withdrawals and such are no payments by invoice: a line of them still counts for the paging.
      return transactions.map(entryOf)
    },
  }
}

/** What was done before is done. */
function unlessDone(...names: readonly string[]): (error: unknown) => void {
  return (error) => {
    const isDone =
      error instanceof GrammyError &&
      error.error_code === 400 &&
      names.some((name) => error.description.includes(name))
    if (!isDone) throw error
  }
}

function entryOf({ id, amount, date, source, receiver }: StarTransaction): StarEntry | undefined {
  const partner = source ?? receiver
  if (partner === undefined || !isInvoice(partner)) return undefined
  const { user, invoice_payload: payload = '', subscription_period: period } = partner
  return {
    chargeId: id,
    direction: source === undefined ? 'out' : 'in',
    userId: user.id,
    ustar: BigInt(amount) * ustarPerStar,
    payload,
    atMs: date * 1000,
    ...(period !== undefined && { periodMs: period * 1000 }),
  }
}

type UserPartner = Extract<TransactionPartner, { type: 'user' }>

/** A refund's line may name no kind of transaction but its person. */
const isInvoice = (partner: TransactionPartner): partner is UserPartner =>
  partner.type === 'user' && partner.transaction_type === 'invoice_payment'
