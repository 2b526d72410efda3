/** @module Getting paid with a voucher and nobody's help: the message that anybody may send to the vault, and a sender for those who have a wallet at hand (PAY §4, §5). */
import { Address, Cell, internal } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { parseCoin } from '../../core/coin.ts'
import type { Voucher } from '../../core/voucher.ts'
import type { ChainPort } from '../chain/port.ts'
import { readVaultData } from '../contracts/vault-reading.ts'
import { lookAtWallet, type Wallet } from '../settlement/wallet.ts'

export interface ClaimOrder {
  /** The vault, in the form wallets take. */
  readonly to: string
  /** For gas; what is left of it comes back to the sender. */
  readonly amountNano: bigint
  /** Body as base64 of a BoC. */
  readonly body: string
  /** Opens a wallet with all of it filled in. */
  readonly link: string
}

/** About twenty times what a claim costs with 30 000 payees, and above what it cost before fees were cut. */
export const claimGasNano = parseCoin('0.05')
/** The message, its own fees, and the wallet's deployment. */
export const leastBalanceNano = parseCoin('0.07')

/** `isTest`: off mainnet, so that a wallet warns who is on the wrong network. */
export function claimOrder(voucher: Voucher, isTest: boolean): ClaimOrder {
  const to = Address.parseRaw(voucher.vault).toString({ bounceable: true, testOnly: isTest })
  const bin = Buffer.from(voucher.claim, 'base64').toString('base64url')
  const link = `ton://transfer/${to}?amount=${claimGasNano.toString()}&bin=${bin}`
  return { to, amountNano: claimGasNano, body: voucher.claim, link }
}

type Chain = Pick<ChainPort, 'head' | 'account' | 'send'>

/** What the vault has paid to the voucher's payee in all; 0n while there is no vault. */
export async function paidTo(chain: Pick<ChainPort, 'account'>, voucher: Voucher): Promise<bigint> {
  const { data } = await chain.account(Address.parseRaw(voucher.vault))
  return data === null ? 0n : (readVaultData(data).paid.get(voucher.payee) ?? 0n)
}

/** Seconds of chain time after which a message that was not taken never will be. */
const validS = 120
const lookMs = 1000

/**
 * Sends the claim from a wallet and waits until the vault paid or the message is void. Gives what was paid by then; the same
 * message may be sent again without harm. Throws `funds.insufficient` for a wallet that cannot bear the gas, `chain.*`.
 */
export async function sendClaim(
  { chain, wallet, clock }: { chain: Chain; wallet: Wallet; clock: Pick<Clock, 'sleep'> },
  voucher: Voucher,
): Promise<bigint> {
  const before = await paidTo(chain, voucher)
  const sight = await lookAtWallet(chain, wallet.address)
  const { seqno, isNew, balanceNano } = sight
  if (balanceNano < leastBalanceNano)
    throw new AppError('funds.insufficient', {
      need: leastBalanceNano.toString(),
      have: balanceNano.toString(),
    })
  const until = (await chain.head()).utime + validS
  const message = internal({
    to: Address.parseRaw(voucher.vault),
    value: claimGasNano,
    body: Cell.fromBase64(voucher.claim),
    bounce: true,
  })
  const signed = await wallet.sign({ seqno, validUntil: until, messages: [message], isNew })
  while ((await chain.head()).utime <= until) {
    const paid = (await paidTo(chain, voucher)) - before
    if (paid > 0n) return paid
    const { seqno: now } = await lookAtWallet(chain, wallet.address)
    // Handed over again until it is taken: that it was accepted once means nothing.
    if (now === seqno) await chain.send(Buffer.from(signed.message))
    await clock.sleep(lookMs)
  }
  return (await paidTo(chain, voucher)) - before
}
