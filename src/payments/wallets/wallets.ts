/** @module Where GPU owners are paid: linked by proof, changed by proof, a word in the chat and a day's delay (PAY §14). */
import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Database } from '../../db/database.ts'
import { checkProof } from './ton-proof.ts'
import { createWalletStore, type LinkedPayout, type PayoutChange } from './wallet-store.ts'

export type { LinkedPayout } from './wallet-store.ts'

/** What the wallet page shows and has signed. */
interface LinkOffer {
  /** To be signed: 64 hex characters, good once and for five minutes. */
  readonly nonce: string
  readonly domain: string
  /** Global id of the chain. */
  readonly network: string
  readonly payout: string
}

/** `linked` and `same`: the address counts. `asked`: the owner's chat asks whether it shall take the place of the old one. */
interface LinkOutcome {
  readonly state: 'linked' | 'same' | 'asked'
  /** Raw address. */
  readonly address: string
}

/** An owner's address and its change; needs no chain. */
export interface Payouts {
  payoutOf(owner: string): Promise<LinkedPayout>
  /** Opens the wallet page for an owner, for ten minutes; 43 base64url characters. */
  ticket(owner: string): Promise<string>
  /** Links what the installation made itself; false where the owner has proved an address. */
  linkLocal(owner: string, payout: string): Promise<boolean>
  /** The new address counts a day later. Throws `wallet.change-unknown`. */
  confirmChange(owner: string, id: string): Promise<PayoutChange>
  /** Throws `wallet.change-unknown`. */
  cancelChange(owner: string, id: string): Promise<void>
  /** Due about once a minute; gives how many owners have a new address now. */
  sweep(): Promise<number>
}

/** The server's side of the wallet page. */
export interface Linking {
  /** A fresh nonce. Throws `wallet.ticket` for an unknown or old ticket. */
  offer(ticket: string): Promise<LinkOffer>
  /** Takes a wallet's proof. Throws `wallet.ticket`, `wallet.proof.<reason>`, `wallet.change-open`, `chain.unavailable`. */
  link(ticket: string, proof: unknown): Promise<LinkOutcome>
}

export interface LinkingDeps {
  readonly db: Database
  /** Host of the wallet page. */
  readonly domain: string
  /** Global id of the chain. */
  readonly network: string
  /** Raw addresses of our own contracts. */
  readonly own: () => ReadonlySet<string>
  /** `get_public_key` of the deployed wallet at a raw address. */
  readonly keyOnChain: (address: string) => Promise<Buffer | undefined>
  readonly clock: Clock
}

const ticketMs = 600_000
const nonceMs = 300_000
/** Between the word in the chat and the switch. */
const delayMs = 24 * 3_600_000
const unconfirmedMs = 3_600_000
const reminderMs = 2 * 3_600_000

export function createPayouts({ db, clock }: { db: Database; clock: Clock }): Payouts {
  const store = createWalletStore(db)
  return {
    payoutOf: (owner) => store.payoutOf(owner),
    ticket: async (owner) => {
      const ticket = randomBytes(32).toString('base64url')
      const expiresAtMs = clock.now() + ticketMs
      await store.addTicket({ hash: hashOf(ticket), owner, expiresAtMs })
      return ticket
    },
    linkLocal: (owner, payout) => store.linkUnproven(owner, payout, clock.now()),
    confirmChange: (owner, id) => {
      const nowMs = clock.now()
      return store.confirm(owner, id, { nowMs, dueAtMs: nowMs + delayMs })
    },
    cancelChange: (owner, id) => store.cancel(owner, id, clock.now()),
    sweep: () => store.sweep({ nowMs: clock.now(), staleMs: unconfirmedMs, reminderMs }),
  }
}

export function createLinking(deps: LinkingDeps): Linking {
  const { db, domain, network, clock } = deps
  const store = createWalletStore(db)
  const ownerOf = async (ticket: string): Promise<string> => {
    const owner = await store.ownerOfTicket(hashOf(ticket), clock.now())
    if (owner === undefined) throw new AppError('wallet.ticket')
    return owner
  }
  return {
    offer: async (ticket) => {
      const owner = await ownerOf(ticket)
      const nonce = randomBytes(32).toString('hex')
      const issuedAtMs = clock.now()
      const expiresAtMs = issuedAtMs + nonceMs
      await store.addNonce({ hash: hashOf(nonce), owner, issuedAtMs, expiresAtMs })
      const { payout } = await store.payoutOf(owner)
      return { nonce, domain, network, payout }
    },
    link: async (ticket, proof) => {
      const owner = await ownerOf(ticket)
      const nowMs = clock.now()
      const rules = { domain, network, nowMs, own: deps.own(), keyOnChain: deps.keyOnChain }
      const proven = await checkProof(proof, rules)
      const taken = await store.takeNonce(hashOf(proven.payload), owner, nowMs)
      if (typeof taken === 'string') throw new AppError(`wallet.proof.nonce-${taken}`)
      // Nobody can have signed what was not there yet; a minute for clocks that differ.
      if (proven.signedAt * 1000 < taken - 60_000) throw new AppError('wallet.proof.timestamp')
      const outcome = await store.prove(owner, proven.address, nowMs)
      const state = typeof outcome === 'string' ? outcome : 'asked'
      return { state, address: proven.address }
    },
  }
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
