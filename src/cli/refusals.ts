/** @module Why a contract said no, in a sentence for each of its codes (contracts/README.md). */
import { EXIT as CODES, type ExitName } from '../payments/contracts/opcodes.ts'

const sentences: Readonly<Record<ExitName, string>> = {
  Signature: 'The signature is not that of the settlement key.',
  Sender: 'This wallet does not have the role that may give this order.',
  Paused: 'The vault is paused; it can be done when the pause is over.',
  Domain: 'The message is for another chain, another contract, or of another kind.',
  Expired: 'Its time is over; it must be requested anew.',
  Cap: 'It is above a cap.',
  Funds:
    'The balance does not cover it with the rent reserve and what the vault has committed to pay.',
  NothingToPay: 'There is nothing to pay, or the commitment does not follow the last one.',
  Locked:
    'It is too early: the delay is not over, or (withdraw) no commitment was published since the request, or (key) the previous key is still honoured.',
  PauseNotAllowed:
    'Not now: the next pause is allowed 24 h after the last one ended, and only a pause can be ended.',
  BadParameter: 'A value is outside of what the contract allows.',
  PayeeLimit: 'The contract is full.',
  KeyEpoch: 'It was signed for another key epoch.',
  NothingPending: 'Nothing of that kind is waiting.',
  UnknownMessage: 'The contract does not know this message.',
}

/** For a refusal that has a name. */
export const refusalSentence = (name: ExitName): string =>
  `${sentences[name]} [${String(CODES[name])}]`
