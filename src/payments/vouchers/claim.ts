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
const claimGasNano = parseCoin('0.05')
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

/** Seconds of chain time after which a message that was not taken never will be; and within which the vault answers one that was. */
const validS = 120
const answerS = 10
const lookMs = 1000

/**
 * Sends the claim from a wallet and waits until the vault paid or will not. Gives what was paid by then: 0n where nothing is
 * left to pay, and where the vault refused (a cap that is used up, a key that is no longer honoured). Harmless to repeat.
 * Throws `funds.insufficient` for a wallet that cannot bear the gas, `chain.*`.
 */
export async function sendClaim(
  { chain, wallet, clock }: { chain: Chain; wallet: Wallet; clock: Pick<Clock, 'sleep'> },
  voucher: Voucher,
): Promise<bigint> {
  const before = await paidTo(chain, voucher)
  if (before >= BigInt(voucher.total)) return 0n
  const { seqno, isNew, balanceNano } = await lookAtWallet(chain, wallet.address)
  if (balanceNano < leastBalanceNano)
    throw new AppError('funds.insufficient', {
      need: leastBalanceNano.toString(),
      have: balanceNano.toString(),
    })
  let until = (await chain.head()).utime + validS
  const message = internal({
    to: Address.parseRaw(voucher.vault),
    value: claimGasNano,
    body: Cell.fromBase64(voucher.claim),
    bounce: true,
  })
  const signed = await wallet.sign({ seqno, validUntil: until, messages: [message], isNew })
  let isTaken = false
  for (;;) {
    const paid = (await paidTo(chain, voucher)) - before
    const { utime } = await chain.head()
    if (paid > 0n || utime > until) return paid
    const isTakenNow = (await lookAtWallet(chain, wallet.address)).seqno !== seqno
    if (isTakenNow && !isTaken) until = utime + answerS
    isTaken = isTakenNow
    // Handed over again until it is taken: that a provider accepted it means nothing.
    if (!isTaken) await chain.send(Buffer.from(signed.message))
    await clock.sleep(lookMs)
  }
}
