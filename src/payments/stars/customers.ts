/** @module Names of accounts: keyed hashes of people, so that a row of the ledger names nobody without the key. */
import { createHmac } from 'node:crypto'
import type { Customer } from './stars-port.ts'

export interface Customers {
  /** Of a person with this bot: 32 hex characters, the same for ever. */
  of(botId: number, userId: number): Customer
  /** Of a purse that is nobody's own, e.g. what a group or a channel's preview is given for free. */
  ofPurse(botId: number, purse: string): Customer
}

/** `key`: 32 bytes of this installation; who has it can tell whose account is whose. */
export function createCustomers(key: Uint8Array): Customers {
  const hash = (text: string): Customer =>
    createHmac('sha256', key).update(`chrysalis/customer/1:${text}`).digest('hex').slice(0, 32)
  return {
    of: (botId, userId) => hash(`${botId}:${userId}`),
    ofPurse: (botId, purse) => hash(`${botId}:purse:${purse}`),
  }
}

/** The shape of a customer's name and of an invoice's id. */
export const isCustomer = (text: string): boolean => /^[0-9a-f]{32}$/.test(text)
