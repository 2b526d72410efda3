/** @module What a vault's data cell and its outgoing messages say: for the watcher, reconciliation and the explorer page. */
import { type Address, type Cell, Dictionary, type Message, type Slice } from '@ton/core'
import { PENDING, type PendingKind, VAULT_EVENTS, VAULT_OUT } from './opcodes.ts'
import type { PendingChange, VaultCommit, VaultKeys, VaultState } from './vault.ts'
import { coinsValue, type VaultCaps } from './vault-config.ts'

/** The whole state of a vault, from its data cell: one read in place of 30 000 getter calls. */
export interface VaultData extends VaultState {
  readonly keys: VaultKeys
  readonly caps: VaultCaps
  readonly owner: Address
  readonly guardian: Address
  readonly commit: VaultCommit
  readonly pending: ReadonlyMap<PendingKind, PendingChange>
  /** Payee (64 hex characters) to its lifetime total in nano. */
  readonly paid: ReadonlyMap<string, bigint>
}

/** A message that left a vault. Amounts in nano. */
export type VaultOut =
  | {
      readonly kind: 'payout'
      readonly queryId: bigint
      readonly payee: string
      readonly amount: bigint
      readonly total: bigint
    }
  | { readonly kind: 'excesses'; readonly queryId: bigint; readonly to: Address }
  | { readonly kind: 'withdrawal'; readonly to: Address; readonly amount: bigint }
  | {
      readonly kind: 'settled'
      readonly batch: bigint
      readonly paid: bigint
      readonly payouts: number
      readonly totalPaid: bigint
    }
  | {
      readonly kind: 'claimed'
      readonly payee: string
      readonly paid: bigint
      readonly total: bigint
    }
  | {
      readonly kind: 'committed'
      readonly epoch: number
      readonly total: bigint
      readonly root: string
    }
  | {
      readonly kind: 'key-changed'
      readonly key: string
      readonly epoch: number
      readonly prevValidUntil: number
    }
  | {
      readonly kind: 'requested'
      readonly what: PendingKind
      readonly unlockAt: number
      readonly change: Cell
    }
  | { readonly kind: 'executed' | 'cancelled'; readonly what: PendingKind; readonly change: Cell }
  | { readonly kind: 'paused'; readonly until: number }
  | {
      readonly kind: 'caps-lowered'
      readonly batchCap: bigint
      readonly dayCap: bigint
      readonly claimDayCap: bigint
    }

/** Reads a vault's data cell of version 1. Throws RangeError for another version, what @ton/core throws for a foreign cell. */
export function readVaultData(data: Cell): VaultData {
  const root = data.beginParse()
  const state = {
    version: root.loadUint(8),
    pausedUntil: root.loadUint(32),
    pauseAllowedAt: root.loadUint(32),
    windowStart: root.loadUint(32),
    windowSpent: root.loadCoins(),
    claimStart: root.loadUint(32),
    claimSpent: root.loadCoins(),
    prevClaimSpent: root.loadCoins(),
    totalPaid: root.loadCoins(),
    payees: root.loadUint(32),
  }
  if (state.version !== 1) throw new RangeError('vault version')
  const keys = readKeys(root.loadRef().beginParse())
  const caps = readCaps(root.loadRef().beginParse())
  const admin = readAdmin(root.loadRef().beginParse())
  return { ...state, keys, caps, ...admin, paid: readPaid(root) }
}

/** What an outgoing message of a vault says, or undefined for one that no vault of this version sends. */
export function readVaultOut(message: Message): VaultOut | undefined {
  if (message.info.type === 'external-out') return readEvent(message)
  if (message.info.type !== 'internal') return undefined
  const { dest, value } = message.info
  const body = message.body.beginParse()
  if (body.remainingBits === 0) return { kind: 'withdrawal', to: dest, amount: value.coins }
  switch (body.loadUint(32)) {
    case VAULT_OUT.Payout:
      return {
        kind: 'payout',
        queryId: body.loadUintBig(64),
        payee: dest.hash.toString('hex'),
        amount: value.coins,
        total: body.loadCoins(),
      }
    case VAULT_OUT.Excesses:
      return { kind: 'excesses', queryId: body.loadUintBig(64), to: dest }
    default:
      return undefined
  }
}

function readEvent(message: Message): VaultOut | undefined {
  const topic = message.info.type === 'external-out' ? message.info.dest?.value : undefined
  const body = message.body.beginParse()
  switch (Number(topic ?? 0n)) {
    case VAULT_EVENTS.Settled:
      return {
        kind: 'settled',
        batch: body.loadUintBig(64),
        paid: body.loadCoins(),
        payouts: body.loadUint(16),
        totalPaid: body.loadCoins(),
      }
    case VAULT_EVENTS.Claimed:
      return {
        kind: 'claimed',
        payee: hex32(body),
        paid: body.loadCoins(),
        total: body.loadCoins(),
      }
    case VAULT_EVENTS.Committed:
      return {
        kind: 'committed',
        epoch: body.loadUint(32),
        total: body.loadCoins(),
        root: hex32(body),
      }
    case VAULT_EVENTS.KeyChanged:
      return {
        kind: 'key-changed',
        key: hex32(body),
        epoch: body.loadUint(32),
        prevValidUntil: body.loadUint(32),
      }
    case VAULT_EVENTS.Requested:
      return {
        kind: 'requested',
        what: kindOf(body.loadUint(8)),
        unlockAt: body.loadUint(32),
        change: body.loadRef(),
      }
    case VAULT_EVENTS.Executed:
      return { kind: 'executed', what: kindOf(body.loadUint(8)), change: body.loadRef() }
    case VAULT_EVENTS.Cancelled:
      return { kind: 'cancelled', what: kindOf(body.loadUint(8)), change: body.loadRef() }
    case VAULT_EVENTS.Paused:
      return { kind: 'paused', until: body.loadUint(32) }
    case VAULT_EVENTS.CapsLowered:
      return {
        kind: 'caps-lowered',
        batchCap: body.loadCoins(),
        dayCap: body.loadCoins(),
        claimDayCap: body.loadCoins(),
      }
    default:
      return undefined
  }
}

function kindOf(number: number): PendingKind {
  for (const [kind, value] of Object.entries(PENDING)) {
    if (value === number && isKind(kind)) return kind
  }
  throw new RangeError('kind of pending change')
}

const isKind = (kind: string): kind is PendingKind => kind in PENDING

const hex32 = (slice: Slice): string => slice.loadBuffer(32).toString('hex')

const readKeys = (slice: Slice): VaultKeys => ({
  key: slice.loadBuffer(32),
  epoch: slice.loadUint(32),
  prevKey: slice.loadBuffer(32),
  prevValidUntil: slice.loadUint(32),
})

/** Caps as they stand in the vault and in a change that waits. */
export const readCaps = (slice: Slice): VaultCaps => ({
  batchCap: slice.loadCoins(),
  dayCap: slice.loadCoins(),
  claimDayCap: slice.loadCoins(),
  claimFloor: slice.loadCoins(),
  withdrawDelay: slice.loadUint(32),
  capsDelay: slice.loadUint(32),
  keyDelay: slice.loadUint(32),
  codeDelay: slice.loadUint(32),
  minOverlap: slice.loadUint(32),
})

function readAdmin(slice: Slice): Pick<VaultData, 'owner' | 'guardian' | 'commit' | 'pending'> {
  const owner = slice.loadAddress()
  const guardian = slice.loadAddress()
  const commit = slice.loadRef().beginParse()
  const pending = slice.loadDict(Dictionary.Keys.Uint(8), Dictionary.Values.Cell())
  return {
    owner,
    guardian,
    commit: {
      epoch: commit.loadUint(32),
      total: commit.loadCoins(),
      root: hex32(commit),
      at: commit.loadUint(32),
    },
    pending: new Map([...pending].map(([kind, cell]) => [kindOf(kind), readPending(cell)])),
  }
}

function readPending(cell: Cell): PendingChange {
  const slice = cell.beginParse()
  return {
    requestedAt: slice.loadUint(32),
    unlockAt: slice.loadUint(32),
    change: slice.loadRef(),
  }
}

function readPaid(root: Slice): ReadonlyMap<string, bigint> {
  const paid = root.loadDict(Dictionary.Keys.BigUint(256), coinsValue)
  return new Map([...paid].map(([payee, total]) => [payee.toString(16).padStart(64, '0'), total]))
}
