/** @module Why settlement stopped or waits, in a sentence for each reason: what happened, what to do next, with which command. */
import type { FailureCode } from '../payments/settlement/failure.ts'

type Reason =
  | FailureCode
  | 'settlement.foreign_use'
  | 'settlement.drift'
  | 'ledger.rollback'
  | 'chain.unavailable'

const resume = './chrysalis settle --resume'
const look = './chrysalis vault show'

export const HALT_WORDS: Readonly<Record<Reason, string>> = {
  'settlement.foreign_use': `Somebody else sent from the relayer's wallet, or a backup was restored that does not know our last batch. If its key may be stolen, move its coins and give this system another one (keys/relayer.key); if it was you: ${resume}.`,
  'settlement.drift': `The vault has paid other sums than the ledger has booked. Compare ${look} with ./chrysalis ledger check before anything else; ${resume} goes on only when both agree.`,
  'ledger.rollback': `The database is older than what was signed or paid: a backup was restored. ${resume} shows what is missing and asks whether to honour it.`,
  'vault.signature': `The vault honours another settlement key than that of this data folder. Put the right one into keys/settlement.key (${look} says which), then ${resume}.`,
  'vault.epoch': `The vault's key was changed while a batch was on its way. When keys/settlement.key is the new one (${look}): ${resume}.`,
  'vault.domain': `The batch was made for another vault or chain. Check CHRYSALIS_NET and chain.json of this data folder against ${look}, then ${resume}.`,
  'vault.refused': `The vault refused a batch for a reason that is not known here. Look at the transaction in an explorer (${look} says the address), then ${resume}.`,
  'vault.out-of-gas': `Batches ran out of gas again and again, even small ones: is the vault's code the one of this release (${look})? Then ${resume}.`,
  'vault.value': `Batches carried too little for their fees again and again: have the chain's prices risen, does the relayer have coins? Then ${resume}.`,
  'vault.expired': `Batches came too late again and again: is the clock of this machine right, does the provider lag (CHRYSALIS_TON_ENDPOINT)? Then ${resume}.`,
  'vault.stale': `The vault has taken a later commitment than this database knows: another system commits for it, or a backup was restored. End the other one, then ${resume}.`,
  'vault.paused': `The vault is paused (${look} says until when). It is tried again by itself; the owner ends a pause by ./chrysalis vault unpause.`,
  'vault.cap': `The vault may pay no more for now: its cap is reached. It is tried again by itself; ./chrysalis vault caps asks for a higher one.`,
  'vault.funds': `The vault has too little: ./chrysalis vault topup AMOUNT. What is owed stays owed and is paid then.`,
  'vault.payees': `The vault is full: it knows as many payees as it can. New ones need a second vault (./chrysalis vault deploy in another data folder).`,
  'vault.chunk-missing': `The relayer's wallet had too little to send the whole batch. Send coins to it; it is tried again by itself.`,
  'chain.unavailable': `The chain does not answer, or did not move in time; what was sent is not lost. Is its provider reachable (CHRYSALIS_TON_ENDPOINT)? Then ./chrysalis settle again.`,
}

const isReason = (reason: unknown): reason is Reason =>
  typeof reason === 'string' && Object.hasOwn(HALT_WORDS, reason)

/** For any reason that a database or another release may name. */
export const haltSentence = (reason: unknown): string =>
  `Nobody is paid for now. ${isReason(reason) ? HALT_WORDS[reason] : `Look (${look}, ./chrysalis ledger check), then ${resume}.`}`
