/** @module Every order to the registry, made from what its account says now (PAY §6). */
import type { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { ChainPort } from '../chain/port.ts'
import type { ExitName } from '../contracts/opcodes.ts'
import { type RegistryData, readRegistryData } from '../contracts/registry.ts'
import type { RegistryContent, RegistryPrices } from '../contracts/registry-content.ts'
import {
  acceptRegistryBody,
  actionCell,
  cancelProposalBody,
  executeProposalBody,
  proposeBody,
  type RegistryAction,
  revokeBody,
  setPricesBody,
} from '../contracts/registry-messages.ts'
import { type Fields, type Order, orderGasNano, type Role } from './order.ts'
import { priceDelayS } from './price-change.ts'
import { actionFields, entryFields, gatewayFields, priceFields } from './registry-actions.ts'

/** The registry at one moment. `time`: the chain's, unix seconds. */
export interface RegistryNow {
  readonly address: Address
  readonly data: RegistryData
  readonly balanceNano: bigint
  readonly time: number
}

/** Throws `chain.unavailable` while there is no registry at the address. */
export async function lookAtRegistryNow(
  chain: Pick<ChainPort, 'account' | 'head'>,
  address: Address,
): Promise<RegistryNow> {
  const { utime } = await chain.head()
  const { data, balanceNano } = await chain.account(address)
  if (!data) throw new AppError('chain.unavailable')
  return { address, data: readRegistryData(data), balanceNano, time: utime }
}

const hourS = 3600
const executeWithinS = 7 * 24 * hourS
const rolesDelayS = 72 * hourS
const codeDelayS = 7 * 24 * hourS
const maxPending = 64

type Parts = Pick<Order, 'op' | 'body' | 'fields' | 'before' | 'after'> & {
  readonly roles: readonly Role[]
  readonly waitsUntil?: number | undefined
  readonly refusal?: ExitName | undefined
  readonly seen: (later: RegistryNow) => { readonly holds: boolean; readonly now: Fields }
}

function orderOf({ address, data }: RegistryNow, parts: Parts): Order {
  const { roles, refusal, waitsUntil, seen, ...rest } = parts
  const { owner, guardian, pricing } = data.roles
  const addresses: Partial<Record<Role, Address>> = { owner, guardian, pricing }
  return {
    contract: 'registry',
    to: address,
    valueNano: orderGasNano,
    ...rest,
    ...(waitsUntil !== undefined && { waitsUntil }),
    ...(refusal !== undefined && { refusal }),
    signers: roles.map((role) => {
      const of = addresses[role]
      return { role, ...(of && { address: of }) }
    }),
    check: async (chain) => seen(await lookAtRegistryNow(chain, address)),
  }
}

const versionFields = ({ registryVersion }: RegistryData): Fields => ({
  registryVersion: { text: registryVersion.toString() },
})

/** What waits under a number; empty when nothing does. */
export function proposalFields({ proposals }: RegistryData, id: number): Fields {
  const found = proposals.get(id)
  if (!found) return {}
  return {
    proposal: { text: String(id) },
    ...actionFields(found.action),
    proposedAt: { at: found.proposedAt },
    executableFrom: { at: found.unlockAt },
    executableUntil: { at: found.unlockAt + executeWithinS },
  }
}

function delayOf(action: RegistryAction, { roles }: RegistryData): number {
  switch (action.kind) {
    case 'entry':
    case 'gateway':
    case 'vault':
    case 'policy':
      return roles.addDelay
    case 'owner':
    case 'guardian':
    case 'pricing':
      return rolesDelayS
    case 'code':
      return codeDelayS
  }
}

export function propose(now: RegistryNow, action: RegistryAction): Order {
  const { data, time } = now
  const cell = actionCell(action)
  const id = data.nextProposal
  return orderOf(now, {
    op: 'Propose',
    roles: ['owner'],
    body: proposeBody(action),
    fields: actionFields(cell),
    before: versionFields(data),
    after: { proposal: { text: String(id) } },
    waitsUntil: time + delayOf(action, data),
    refusal: data.pendingCount >= maxPending ? 'PayeeLimit' : undefined,
    seen: ({ data: later }) => ({
      holds: later.proposals.get(id)?.action.equals(cell) === true,
      now: proposalFields(later, id),
    }),
  })
}

/** Anyone's, except for a change of owner: that is the new owner's own word. */
export function executeProposal(now: RegistryNow, id: number): Order {
  const { data, time } = now
  const found = data.proposals.get(id)
  const action = found?.action.beginParse()
  const isOwnerChange = actionIs(now, id, 'SetOwner')
  const owner = isOwnerChange ? action?.skip(32).loadAddress() : undefined
  const order = orderOf(now, {
    op: isOwnerChange ? 'AcceptOwner' : 'Execute',
    roles: ['anyone'],
    body: isOwnerChange ? acceptRegistryBody(id) : executeProposalBody({ id }),
    fields: { proposal: { text: String(id) } },
    before: versionFields(data),
    after: found ? actionFields(found.action) : {},
    refusal: lateness(found, time),
    seen: ({ data: later }) => ({
      holds: !later.proposals.has(id) && later.registryVersion > data.registryVersion,
      now: versionFields(later),
    }),
  })
  return owner ? { ...order, signers: [{ role: 'owner', address: owner }] } : order
}

const actionIs = ({ data }: RegistryNow, id: number, name: string): boolean => {
  const found = data.proposals.get(id)
  const said = found && actionFields(found.action)['action']
  return said !== undefined && 'text' in said && said.text === name
}

function lateness(found: { unlockAt: number } | undefined, time: number): ExitName | undefined {
  if (!found) return 'NothingPending'
  if (time < found.unlockAt) return 'Locked'
  return time > found.unlockAt + executeWithinS ? 'Expired' : undefined
}

export function cancelProposal(now: RegistryNow, id: number): Order {
  const { data } = now
  return orderOf(now, {
    op: 'Cancel',
    roles: ['guardian', 'owner'],
    body: cancelProposalBody(id),
    fields: { proposal: { text: String(id) } },
    before: proposalFields(data, id),
    after: {},
    refusal: data.proposals.has(id) ? undefined : 'NothingPending',
    seen: ({ data: later }) => ({
      holds: !later.proposals.has(id),
      now: proposalFields(later, id),
    }),
  })
}

/** An image or model by its hash, or a gateway by its number. */
export type Revoked = { readonly key: string } | { readonly id: number }

export function revoke(now: RegistryNow, what: Revoked): Order {
  const { content } = now.data
  const before = revokedFields(content, what)
  const kind = 'key' in what ? content.entries.get(what.key)?.kind : undefined
  const body =
    'id' in what
      ? revokeBody({ kind: 'gateway', id: what.id })
      : // An unknown one is refused by the registry too.
        revokeBody({ kind: kind ?? 'model', key: what.key })
  const statusIn = ({ entries, gateways }: RegistryContent) =>
    'id' in what ? gateways.get(what.id)?.status : entries.get(what.key)?.status
  return orderOf(now, {
    op: 'Revoke',
    roles: ['guardian', 'owner'],
    body,
    fields: {
      kind: { text: 'id' in what ? 'gateway' : (kind ?? 'unknown') },
      ...('id' in what ? { gateway: { text: String(what.id) } } : { hash: { text: what.key } }),
    },
    before,
    after: { status: { text: 'revoked' } },
    refusal: statusIn(content) === undefined ? 'BadParameter' : undefined,
    seen: ({ data: later }) => ({
      holds: statusIn(later.content) === 'revoked',
      now: { ...revokedFields(later.content, what), ...versionFields(later) },
    }),
  })
}

function revokedFields({ entries, gateways }: RegistryContent, what: Revoked): Fields {
  if ('id' in what) {
    const gateway = gateways.get(what.id)
    return gateway ? gatewayFields(what.id, gateway) : {}
  }
  const entry = entries.get(what.key)
  return entry ? entryFields(what.key, entry) : {}
}

export function setPrices(
  now: RegistryNow,
  prices: RegistryPrices & { readonly version: number },
): Order {
  const { data, time } = now
  const delay = priceDelayS(prices)
  const isKnown = data.content.prices.has(prices.version)
  const id = data.nextProposal
  return orderOf(now, {
    op: 'SetPrices',
    roles: ['pricing'],
    body: setPricesBody(prices),
    fields: priceFields(prices.version, prices),
    before: newestPrices(data),
    after: priceFields(prices.version, prices),
    waitsUntil: delay > 0 ? time + delay : undefined,
    refusal: isKnown || (delay > 0 && prices.validFrom < time + delay) ? 'BadParameter' : undefined,
    seen: ({ data: later }) =>
      delay > 0
        ? { holds: later.proposals.has(id), now: proposalFields(later, id) }
        : {
            holds: later.content.prices.get(prices.version)?.hash === prices.hash,
            now: newestPrices(later),
          },
  })
}

/** The prices of the highest version; empty while there are none. */
function newestPrices({ content }: RegistryData): Fields {
  const version = newestVersion(content)
  const prices = version === undefined ? undefined : content.prices.get(version)
  return version === undefined || !prices ? {} : priceFields(version, prices)
}

export const newestVersion = ({ prices }: RegistryContent): number | undefined =>
  prices.size === 0 ? undefined : Math.max(...prices.keys())
