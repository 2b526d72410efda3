/** @module The proof in English: a sentence for each outcome, and what is not proven, word for word as API B7 has it. */
import type { CheckName, CheckState, NotProven, Says, Voucher } from './report.ts'

export const CHECK_TITLES_EN: Readonly<Record<CheckName, string>> = {
  receipt: 'The receipt',
  binding: 'The worker’s key and its machine',
  hardware: 'The machine',
  policy: 'The program on it',
  weights: 'The model',
  gpu: 'The graphics processor',
  text: 'The answer you read',
  units: 'What is charged',
  gateway: 'The gateway',
  inclusion: 'The books',
  rollback: 'What this device saw before',
}

export const SENTENCES_EN: Readonly<Record<Says, string>> = {
  'receipt.ok': 'The worker signed this receipt, and nothing in it was changed since.',
  'receipt.no-keys':
    'The signature could not be checked: the evidence record with the worker’s key is missing.',
  'receipt.malformed': 'The receipt is damaged: it is not a receipt in its one spelling.',
  'receipt.changed': 'The receipt was changed after it was signed, or another key signed it.',
  'receipt.other-key': 'The receipt names a key that the worker’s evidence does not hold.',
  'receipt.mixed': 'The receipt belongs to another network or another job than the rest.',
  'receipt.time': 'The receipt’s time lies outside the time for which the evidence counts.',
  'binding.ok': 'The machine’s quote is made over the very keys that signed the receipt.',
  'binding.absent': 'There is no evidence record in this proof.',
  'binding.malformed': 'The evidence record is damaged: its content and its hash differ.',
  'binding.other-record': 'The evidence was changed, or is not the one that the receipt names.',
  'binding.other-keys': 'The keys in the evidence are not those that the worker claimed.',
  'binding.not-in-quote': 'The quote was made over other claims than these.',
  'binding.changed': 'The worker did not sign these claims.',
  'hardware.ok':
    'The maker of the processor vouches for this machine: genuine, up to date, not in debug mode.',
  'hardware.simulated':
    'A simulated machine: a test root of this installation vouches for it, and nobody else.',
  'hardware.absent': 'There is no evidence of the machine in this proof.',
  'hardware.refused': 'The maker’s proof of the machine does not hold.',
  'policy.anchored':
    'The measured program is on the list whose hash you gave or the registry shows.',
  'policy.unanchored':
    'The measured program is on the signed list in this proof; its hash was not compared with the registry.',
  'policy.absent': 'There is no list of accepted programs in this proof.',
  'policy.changed': 'The list of accepted programs was changed after it was signed.',
  'policy.other-hash': 'The list of accepted programs is not the one whose hash was expected.',
  'policy.refused': 'The list of accepted programs does not accept this machine or what it runs.',
  'weights.ok': 'Receipt, claims and list name the same weights of the same model.',
  'weights.unlisted': 'Receipt and claims name the same weights; no list confirms them.',
  'weights.absent': 'The claims are missing, so the weights cannot be compared.',
  'weights.differ': 'The weights in the receipt are not those that the worker claimed.',
  'gpu.ok': 'The maker of the graphics processor vouches for it, asked with this worker’s number.',
  'gpu.none': 'This worker computes without an attested graphics processor.',
  'gpu.absent': 'There is no evidence in this proof.',
  'gpu.refused': 'The proof of the graphics processor does not hold.',
  'text.ok': 'The text you gave is, letter for letter, the answer that the worker signed.',
  'text.not-given': 'Paste the answer here to compare it. The text stays on this device.',
  'text.no-salt': 'The link’s secret part is missing, so no text can be compared.',
  'text.differs': 'The text you gave is not the answer that the worker signed.',
  'text.records': 'The answer you hold is, byte for byte, the result that the worker signed.',
  'text.other-records': 'What was asked or answered is not what the worker signed.',
  'units.later': 'Prices and charges are not part of this version.',
  'gateway.operator':
    'The gateway’s operator signs what was booked; who runs it could read the text as it passed.',
  'gateway.absent': 'There is no note of the gateway in this proof.',
  'gateway.malformed': 'The gateway’s note is damaged.',
  'gateway.changed':
    'The gateway’s note was changed after it was signed, or a gateway signed it that the receipt does not name.',
  'gateway.other-receipt': 'The gateway’s note belongs to another receipt.',
  'gateway.other-units': 'The gateway booked other units than the receipt states.',
  'gateway.other-tier': 'The gateway’s note claims a higher tier than the evidence supports.',
  'inclusion.later': 'Payouts on the chain are not part of this version.',
  'rollback.ok': 'This device saw the same list before, or an older one.',
  'rollback.first':
    'This device never saw a list of this network before, so there is nothing to compare.',
  'rollback.absent': 'There is no list to compare.',
  'rollback.older': 'This device saw a newer list before: somebody went back to an old one.',
  'rollback.forked': 'This device saw another list of the same number before.',
}

export const VOUCHERS_EN: Readonly<Record<Voucher, string>> = {
  'worker-key': 'the worker’s attested key',
  intel: 'Intel',
  amd: 'AMD',
  nvidia: 'NVIDIA',
  'test-root': 'the test root of this installation',
  'policy-signers': 'whoever holds the keys of the list',
  registry: 'the registry',
  operator: 'the operator of the gateway',
  'this-device': 'this device',
  nobody: 'nobody',
}

export const STATES_EN: Readonly<Record<CheckState, string>> = {
  proven: 'proven',
  asserted: 'asserted',
  'not-checked': 'not checked',
  refuted: 'refuted',
}

/** Word for word what API B7 says, one entry each. */
export const NOT_PROVEN_EN: Readonly<Record<NotProven, string>> = {
  telegram: 'Telegram can read this chat; bots are not end-to-end encrypted.',
  operator: 'The bot’s operator could read your text while it passed.',
  'test-network': 'Test network: nothing here is proven.',
  physical:
    'A person with physical access to the computer may forge such evidence with cheap tools (WireTap, Battering RAM, TEE.fail, 2025).',
  'gpu-place': 'The GPU is genuine, but only measured software ties it to this computer.',
  program:
    'The program is the listed one; whether it is good, you or someone you trust must read: source, commit and rebuild steps are linked.',
  times: 'Times are the worker’s own.',
  right: 'This proves which model answered, not that it is right.',
  traffic: 'Others could see that a job of roughly this size ran at this time.',
  page: 'This page itself: see where it came from.',
}
