/** @module An order to a contract of ours as a person sees it before it is sent: who may give it, what it says, what it changes and when; then sent, and read back. */
import { type Address, type Cell, internal, type StateInit } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { parseCoin } from '../../core/coin.ts'
import type { ChainPort } from '../chain/port.ts'
import { type ExitName, exitName, type REGISTRY_OPS, type VAULT_OPS } from '../contracts/opcodes.ts'
import { sendFrom } from '../settlement/send.ts'
import type { Wallet } from '../settlement/wallet.ts'

/** A value and its unit. `at`: unix seconds by the chain, 0 for never. */
export type Value =
  | { readonly nano: bigint }
  | { readonly at: number }
  | { readonly seconds: number }
  | { readonly text: string }

/** Names are identifiers; whoever prints them makes words of them. */
export type Fields = Readonly<Record<string, Value>>

export type Role = 'owner' | 'guardian' | 'pricing' | 'anyone'

export interface Order {
  readonly contract: 'vault' | 'registry'
  readonly op: keyof typeof VAULT_OPS | keyof typeof REGISTRY_OPS
  /** Roles whose word counts, and whose wallets these are. */
  readonly signers: readonly { readonly role: Role; readonly address?: Address }[]
  readonly to: Address
  /** Attached. What the contract does not need comes back, except of a top-up. */
  readonly valueNano: bigint
  readonly body: Cell
  /** With the order that creates the contract. */
  readonly init?: StateInit
  /** What the message says. */
  readonly fields: Fields
  /** What is so now of that which changes, and what will be. */
  readonly before: Fields
  readonly after: Fields
  /** Unix seconds by the chain from which the change can be carried out; undefined: it acts at once. */
  readonly waitsUntil?: number
  /** Why the contract would refuse it now, as far as its state says. */
  readonly refusal?: ExitName
  /** Whether the chain's present state is what the order was for, and that state. */
  readonly check: (chain: ChainPort) => Promise<{ readonly holds: boolean; readonly now: Fields }>
}

/** Attached for gas: many times what an order costs with a full contract, also before fees were cut. */
export const orderGasNano = parseCoin('0.05')
/** For the wallet's own fees and its deployment. */
const walletFeesNano = parseCoin('0.02')

export type Outcome =
  | { readonly kind: 'done' | 'not-seen'; readonly now: Fields }
  /** The contract said no; nothing has changed but the gas. `name` is absent for codes of the virtual machine. */
  | { readonly kind: 'refused'; readonly exit: number; readonly name?: ExitName }

const looks = 15
const lookMs = 1000

/**
 * Sends the order and waits for what it did, whatever `refusal` foresees. A lagging provider is asked again for a while
 * before it is `not-seen`. Throws `funds.insufficient` for a wallet that cannot bear it, `chain.*`.
 */
export async function carryOut(
  order: Order,
  deps: {
    readonly wallet: Wallet
    readonly chain: ChainPort
    readonly clock: Clock
    readonly signal: AbortSignal
  },
): Promise<Outcome> {
  const { wallet, chain, clock, signal } = deps
  const { balanceNano } = await chain.account(wallet.address)
  const need = needNano(order)
  if (balanceNano < need)
    throw new AppError('funds.insufficient', {
      need: need.toString(),
      have: balanceNano.toString(),
      wallet: wallet.address.toRawString(),
    })
  const { to, valueNano: value, body, init } = order
  const message = internal({ to, value, body, bounce: !init, ...(init && { init }) })
  const [arrival] = await sendFrom(wallet, [message], { chain, clock, signal })
  if (arrival && !arrival.tx.ok) {
    const { exitCode = -1, actionCode = 0 } = arrival.tx
    const exit = exitCode === 0 ? actionCode : exitCode
    const name = exitName(exit)
    return { kind: 'refused', exit, ...(name !== undefined && { name }) }
  }
  let seen = await order.check(chain)
  for (let look = 1; look < looks && !seen.holds; look++) {
    await clock.sleep(lookMs, signal)
    seen = await order.check(chain)
  }
  return { kind: seen.holds ? 'done' : 'not-seen', now: seen.now }
}

/** What the signing wallet must have. */
export const needNano = ({ valueNano }: Pick<Order, 'valueNano'>): bigint =>
  valueNano + walletFeesNano
