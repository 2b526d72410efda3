/** @module Every number that stands in a contract's message, event or refusal. A test compares this file with the Tolk and TL-B sources. */

/** Operations of a vault: the first 32 bits of a message's body. */
export const VAULT_OPS = {
  Settle: 0x43480101,
  Claim: 0x43480102,
  CommitLiability: 0x43480103,
  TopUp: 0x43480104,
  Pause: 0x43480105,
  Unpause: 0x43480106,
  LowerCaps: 0x43480107,
  RequestWithdraw: 0x43480120,
  RequestCaps: 0x43480121,
  RequestKey: 0x43480122,
  RequestRoles: 0x43480123,
  RequestCode: 0x43480124,
  Execute: 0x43480125,
  Cancel: 0x43480126,
  AcceptOwner: 0x43480127,
} as const

/** What a vault sends to others. */
export const VAULT_OUT = { Payout: 0x43480180, Excesses: 0x43480181 } as const

/** Topics of a vault's events: external-out messages whose address is 00 ‖ topic. */
export const VAULT_EVENTS = {
  Settled: 0x43480191,
  Claimed: 0x43480192,
  Committed: 0x43480193,
  KeyChanged: 0x43480194,
  Requested: 0x43480195,
  Executed: 0x43480196,
  Cancelled: 0x43480197,
  Paused: 0x43480198,
  CapsLowered: 0x43480199,
} as const

/** Kinds of pending change; `owner` waits for the new owner's own word after `roles` was executed. */
export const PENDING = { withdraw: 0, caps: 1, key: 2, roles: 3, code: 4, owner: 5 } as const
export type PendingKind = keyof typeof PENDING

/** Magic numbers of the three signed cells. */
export const SIGNED = { Voucher: 0x43485631, Settle: 0x43485331, Commit: 0x43484c31 } as const

export const REGISTRY_OPS = {
  Propose: 0x43480201,
  Execute: 0x43480202,
  Cancel: 0x43480203,
  Revoke: 0x43480204,
  SetPrices: 0x43480205,
  AcceptOwner: 0x43480206,
  TopUp: 0x43480207,
} as const

/** Prefixes of what a proposal would do. */
export const REGISTRY_ACTIONS = {
  AddEntry: 0x434802a1,
  AddGateway: 0x434802a2,
  AddVault: 0x434802a3,
  SetPolicy: 0x434802a4,
  AddPrices: 0x434802a5,
  SetOwner: 0x434802a6,
  SetGuardian: 0x434802a7,
  SetPricing: 0x434802a8,
  SetCode: 0x434802a9,
} as const

export const REGISTRY_EVENTS = {
  Proposed: 0x43480291,
  Executed: 0x43480292,
  Cancelled: 0x43480293,
  Revoked: 0x43480294,
  PricesSet: 0x43480295,
} as const

/** Exit codes of both contracts. */
export const EXIT = {
  Signature: 401,
  Sender: 402,
  Paused: 403,
  Domain: 404,
  Expired: 405,
  Cap: 406,
  Funds: 407,
  NothingToPay: 408,
  Locked: 409,
  PauseNotAllowed: 410,
  BadParameter: 411,
  PayeeLimit: 412,
  KeyEpoch: 413,
  NothingPending: 414,
  UnknownMessage: 0xffff,
} as const
export type ExitName = keyof typeof EXIT

/** The refusal behind an exit code, or undefined when it is one of the virtual machine's own. */
export const exitName = (code: number): ExitName | undefined => {
  for (const [name, value] of Object.entries(EXIT)) {
    if (value === code && isExitName(name)) return name
  }
  return undefined
}

const isExitName = (name: string): name is ExitName => name in EXIT
