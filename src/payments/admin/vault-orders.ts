/** @module Every order to a vault, made from what its account says now (PAY §5). */
import type { Address } from '@ton/core'
import type { ChainPort } from '../chain/port.ts'
import type { ExitName, PendingKind } from '../contracts/opcodes.ts'
import type { VaultCaps } from '../contracts/vault-config.ts'
import { capsCell } from '../contracts/vault-config.ts'
import {
  acceptOwnerBody,
  cancelBody,
  executeBody,
  lowerCapsBody,
  pauseBody,
  requestCapsBody,
  requestKeyBody,
  requestRolesBody,
  requestWithdrawBody,
  topUpBody,
  unpauseBody,
} from '../contracts/vault-messages.ts'
import type { VaultData } from '../contracts/vault-reading.ts'
import { lookAtVault, type VaultSight } from '../settlement/vault-sight.ts'
import { type Fields, type Order, orderGasNano, type Role } from './order.ts'
import {
  capsFields,
  changeFields,
  keyChange,
  rolesChange,
  withdrawChange,
} from './vault-changes.ts'

/** A vault at one moment. `time`: the chain's, unix seconds. */
export interface VaultNow {
  readonly address: Address
  readonly sight: VaultSight
  readonly time: number
}

/** Throws `chain.unavailable` while there is no such vault. */
export async function lookAtVaultNow(
  chain: Pick<ChainPort, 'account' | 'head'>,
  address: Address,
): Promise<VaultNow> {
  const { utime } = await chain.head()
  return { address, sight: await lookAtVault(chain, address), time: utime }
}

const hourS = 3600
const rolesDelayS = 72 * hourS
const executeWithinS = 7 * 24 * hourS

type Parts = Pick<Order, 'op' | 'body' | 'fields' | 'before' | 'after' | 'waitsUntil'> & {
  readonly roles: readonly Role[]
  readonly refusal?: ExitName | undefined
  /** Whether it is so, and what is, by a later reading. */
  readonly seen: (later: VaultNow) => { readonly holds: boolean; readonly now: Fields }
}

const orderOf = ({ address, sight }: VaultNow, parts: Parts): Order => {
  const { roles, refusal, seen, ...rest } = parts
  const { owner, guardian } = sight.data
  const addresses: Partial<Record<Role, Address>> = { owner, guardian }
  return {
    contract: 'vault',
    to: address,
    valueNano: orderGasNano,
    ...rest,
    ...(refusal !== undefined && { refusal }),
    signers: roles.map((role) => {
      const of = addresses[role]
      return { role, ...(of && { address: of }) }
    }),
    check: async (chain) => seen(await lookAtVaultNow(chain, address)),
  }
}

export function topUp(now: VaultNow, nano: bigint): Order {
  const { balanceNano, data } = now.sight
  const order = orderOf(now, {
    op: 'TopUp',
    roles: ['anyone'],
    body: topUpBody(),
    fields: {},
    before: { balance: { nano: balanceNano } },
    after: { balance: { nano: balanceNano + nano } },
    seen: ({ sight }) => ({
      // Batches that pay meanwhile take from the balance what they add to the total.
      holds:
        sight.balanceNano + sight.data.totalPaid >=
        balanceNano + data.totalPaid + nano - orderGasNano,
      now: { balance: { nano: sight.balanceNano }, totalPaid: { nano: sight.data.totalPaid } },
    }),
  })
  return { ...order, valueNano: nano }
}

const pauseFields = ({ pausedUntil, pauseAllowedAt }: VaultData): Fields => ({
  pausedUntil: { at: pausedUntil },
  nextPauseFrom: { at: pauseAllowedAt },
})

/** `hours` of 1 to 72. */
export function pause(now: VaultNow, hours: number): Order {
  const { data } = now.sight
  const until = now.time + hours * hourS
  return orderOf(now, {
    op: 'Pause',
    roles: ['guardian', 'owner'],
    body: pauseBody(until),
    fields: { until: { at: until } },
    before: pauseFields(data),
    after: { pausedUntil: { at: until }, nextPauseFrom: { at: until + 24 * hourS } },
    refusal: now.time < data.pauseAllowedAt ? 'PauseNotAllowed' : undefined,
    seen: ({ sight }) => ({
      holds: sight.data.pausedUntil === until,
      now: pauseFields(sight.data),
    }),
  })
}

export function unpause(now: VaultNow): Order {
  const { data } = now.sight
  return orderOf(now, {
    op: 'Unpause',
    roles: ['owner'],
    body: unpauseBody(),
    fields: {},
    before: pauseFields(data),
    after: {
      pausedUntil: { at: now.time },
      nextPauseFrom: { at: now.time + 24 * hourS },
    },
    refusal: now.time >= data.pausedUntil ? 'PauseNotAllowed' : undefined,
    seen: ({ sight }) => ({
      holds: sight.data.pausedUntil < data.pausedUntil,
      now: pauseFields(sight.data),
    }),
  })
}

const three = ({ batchCap, dayCap, claimDayCap }: VaultCaps): Fields => ({
  batchCap: { nano: batchCap },
  dayCap: { nano: dayCap },
  claimDayCap: { nano: claimDayCap },
})

/** Caps that are named change, the others stay: at once when none rises, else as a request that waits. */
export function setCaps(
  now: VaultNow,
  wanted: Partial<Pick<VaultCaps, 'batchCap' | 'dayCap' | 'claimDayCap'>>,
): Order {
  const old = now.sight.data.caps
  const caps: VaultCaps = { ...old, ...wanted }
  const rises =
    caps.batchCap > old.batchCap || caps.dayCap > old.dayCap || caps.claimDayCap > old.claimDayCap
  const cell = capsCell(caps)
  const refusal = caps.claimDayCap < caps.claimFloor ? 'BadParameter' : undefined
  if (rises)
    return request(now, {
      kind: 'caps',
      op: 'RequestCaps',
      body: requestCapsBody(caps),
      change: cell,
      fields: capsFields(caps),
      before: three(old),
      after: three(caps),
      delayS: old.capsDelay,
      refusal,
    })
  return orderOf(now, {
    op: 'LowerCaps',
    roles: ['guardian', 'owner'],
    body: lowerCapsBody(caps),
    fields: three(caps),
    before: three(old),
    after: three(caps),
    refusal,
    seen: ({ sight }) => ({
      holds: capsCell(sight.data.caps).equals(cell),
      now: three(sight.data.caps),
    }),
  })
}

interface Request {
  readonly kind: PendingKind
  readonly op: Order['op']
  readonly body: Order['body']
  /** As it will stand in the slot. */
  readonly change: Order['body']
  readonly fields: Fields
  readonly before: Fields
  readonly after: Fields
  readonly delayS: number
  readonly refusal?: ExitName | undefined
}

function request(now: VaultNow, { kind, change, delayS, ...parts }: Request): Order {
  return orderOf(now, {
    ...parts,
    roles: ['owner'],
    waitsUntil: now.time + delayS,
    seen: ({ sight }) => {
      const pending = sight.data.pending.get(kind)
      return {
        holds:
          pending !== undefined && pending.change.equals(change) && pending.requestedAt >= now.time,
        now: pendingFields(sight.data, kind),
      }
    },
  })
}

/** What waits in the slot of a kind; empty when nothing does. */
export function pendingFields({ pending }: VaultData, kind: PendingKind): Fields {
  const found = pending.get(kind)
  if (!found) return {}
  return {
    ...changeFields(kind, found.change),
    requestedAt: { at: found.requestedAt },
    executableFrom: { at: found.unlockAt },
    executableUntil: { at: found.unlockAt + executeWithinS },
  }
}

export const requestWithdraw = (now: VaultNow, nano: bigint): Order =>
  request(now, {
    kind: 'withdraw',
    op: 'RequestWithdraw',
    body: requestWithdrawBody(nano),
    change: withdrawChange(nano),
    fields: { amount: { nano } },
    before: { balance: { nano: now.sight.balanceNano } },
    after: { balance: { nano: now.sight.balanceNano - nano } },
    delayS: now.sight.data.caps.withdrawDelay,
    refusal: nano <= 0n ? 'BadParameter' : undefined,
  })

/** `overlap` in seconds: how long the old key's vouchers stay good. */
export function requestKey(now: VaultNow, change: { key: Buffer; overlap: number }): Order {
  const { keys, caps } = now.sight.data
  const hex = change.key.toString('hex')
  return request(now, {
    kind: 'key',
    op: 'RequestKey',
    body: requestKeyBody(change),
    change: keyChange(change),
    fields: { key: { text: hex }, overlap: { seconds: change.overlap } },
    before: { settlementKey: { text: keys.key.toString('hex') }, epoch: { text: `${keys.epoch}` } },
    after: { settlementKey: { text: hex }, epoch: { text: `${keys.epoch + 1}` } },
    delayS: caps.keyDelay,
    refusal:
      change.overlap < caps.minOverlap || change.key.equals(keys.key) ? 'BadParameter' : undefined,
  })
}

export function requestRoles(
  now: VaultNow,
  wanted: { owner?: Address | undefined; guardian?: Address | undefined },
): Order {
  const { owner, guardian } = now.sight.data
  const roles = { owner: wanted.owner ?? owner, guardian: wanted.guardian ?? guardian }
  const change = rolesChange(roles)
  return request(now, {
    kind: 'roles',
    op: 'RequestRoles',
    body: requestRolesBody(roles),
    change,
    fields: changeFields('roles', change),
    before: roleFields(now.sight.data),
    after: changeFields('roles', change),
    delayS: rolesDelayS,
  })
}

export const roleFields = ({ owner, guardian }: VaultData): Fields => ({
  owner: { text: owner.toRawString() },
  guardian: { text: guardian.toRawString() },
})

export const EXECUTABLE = ['withdraw', 'caps', 'key', 'roles'] as const
export type Executable = (typeof EXECUTABLE)[number]

/** Carries out what was requested. */
export function execute(now: VaultNow, kind: Executable): Order {
  const { data } = now.sight
  const pending = data.pending.get(kind)
  return orderOf(now, {
    op: 'Execute',
    roles: ['owner'],
    body: executeBody({ kind }),
    fields: { kind: { text: kind } },
    before: stateOf(now.sight, kind),
    after: pending ? changeFields(kind, pending.change) : {},
    refusal: executeRefusal(now, kind),
    seen: ({ sight }) => ({
      holds:
        !sight.data.pending.has(kind) &&
        (!pending || isCarriedOut(sight.data, kind, pending.change)),
      now: stateOf(sight, kind),
    }),
  })
}

function executeRefusal(
  { sight: { data }, time }: VaultNow,
  kind: Executable,
): ExitName | undefined {
  const pending = data.pending.get(kind)
  if (!pending) return 'NothingPending'
  if (time < pending.unlockAt) return 'Locked'
  if (time > pending.unlockAt + executeWithinS) return 'Expired'
  const isPaused = time < data.pausedUntil
  if (isPaused && (kind === 'withdraw' || kind === 'caps')) return 'Paused'
  if (kind === 'withdraw' && data.commit.at < pending.requestedAt) return 'Locked'
  if (kind === 'key' && time <= data.keys.prevValidUntil) return 'Locked'
  return undefined
}

function isCarriedOut(data: VaultData, kind: Executable, change: Order['body']): boolean {
  switch (kind) {
    case 'withdraw':
      return true
    case 'caps':
      return capsCell(data.caps).equals(change)
    case 'key':
      return change.beginParse().loadBuffer(32).equals(data.keys.key)
    case 'roles': {
      const slice = change.beginParse()
      const owner = slice.loadAddress()
      const waits = data.pending.get('owner')?.change.beginParse().loadAddress()
      return (
        slice.loadAddress().equals(data.guardian) &&
        (owner.equals(data.owner) || waits?.equals(owner) === true)
      )
    }
  }
}

function stateOf({ data, balanceNano }: VaultSight, kind: Executable): Fields {
  switch (kind) {
    case 'withdraw':
      return { balance: { nano: balanceNano } }
    case 'caps':
      return capsFields(data.caps)
    case 'key':
      return {
        key: { text: data.keys.key.toString('hex') },
        epoch: { text: `${data.keys.epoch}` },
        previousKeyUntil: { at: data.keys.prevValidUntil },
      }
    case 'roles':
      return { ...roleFields(data), ...pendingFields(data, 'owner') }
  }
}

export function cancel(now: VaultNow, kind: PendingKind): Order {
  const { data } = now.sight
  return orderOf(now, {
    op: 'Cancel',
    roles: ['guardian', 'owner'],
    body: cancelBody(kind),
    fields: { kind: { text: kind } },
    before: pendingFields(data, kind),
    after: {},
    refusal: data.pending.has(kind) ? undefined : 'NothingPending',
    seen: ({ sight }) => ({
      holds: !sight.data.pending.has(kind),
      now: pendingFields(sight.data, kind),
    }),
  })
}

/** The second step of an owner change: the new owner's own word. */
export function acceptOwner(now: VaultNow): Order {
  const { data } = now.sight
  const owner = data.pending.get('owner')?.change.beginParse().loadAddress()
  const order = orderOf(now, {
    op: 'AcceptOwner',
    roles: ['owner'],
    body: acceptOwnerBody(),
    fields: {},
    before: roleFields(data),
    after: owner ? { owner: { text: owner.toRawString() } } : {},
    refusal: owner ? undefined : 'NothingPending',
    seen: ({ sight }) => ({
      holds: owner !== undefined && sight.data.owner.equals(owner),
      now: roleFields(sight.data),
    }),
  })
  return { ...order, signers: [{ role: 'owner', ...(owner && { address: owner }) }] }
}
