/** @module Bodies of the messages that the registry understands (contracts/registry/registry.tlb). */
import { type Address, type Builder, beginCell, type Cell } from '@ton/core'
import { REGISTRY_ACTIONS, REGISTRY_OPS } from './opcodes.ts'
import {
  ENTRY_KINDS,
  type EntryKind,
  entryCell,
  gatewayCell,
  type RegistryEntry,
  type RegistryGateway,
  type RegistryPrices,
  type RegistryVault,
  vaultRefCell,
} from './registry-content.ts'

/** What an owner may propose. Prices come by `setPricesBody` from the pricing role instead. */
export type RegistryAction =
  | { readonly kind: 'entry'; readonly key: string; readonly entry: RegistryEntry }
  | { readonly kind: 'gateway'; readonly id: number; readonly gateway: RegistryGateway }
  | { readonly kind: 'vault'; readonly id: number; readonly vault: RegistryVault }
  | { readonly kind: 'policy'; readonly hash: string }
  | { readonly kind: 'owner' | 'guardian' | 'pricing'; readonly address: Address }
  | { readonly kind: 'code'; readonly codeHash: Buffer }

const body = (op: keyof typeof REGISTRY_OPS, queryId = 0n): Builder =>
  beginCell().storeUint(REGISTRY_OPS[op], 32).storeUint(queryId, 64)

/** The owner's: waits 48 hours (72 for roles, 7 days for code). */
export const proposeBody = (action: RegistryAction, queryId?: bigint): Cell =>
  body('Propose', queryId).storeRef(actionCell(action)).endCell()

/** Anyone's, after the delay and within seven days of it. `code` for a proposal of kind `code` only. */
export const executeProposalBody = (
  proposal: { id: number; code?: Cell },
  queryId?: bigint,
): Cell =>
  body('Execute', queryId)
    .storeUint(proposal.id, 32)
    .storeMaybeRef(proposal.code ?? null)
    .endCell()

export const cancelProposalBody = (id: number, queryId?: bigint): Cell =>
  body('Cancel', queryId).storeUint(id, 32).endCell()

/** The guardian's or the owner's, at once: an entry by its key (64 hex characters), a gateway by its number. */
export function revokeBody(
  what: { kind: EntryKind; key: string } | { kind: 'gateway'; id: number },
  queryId?: bigint,
): Cell {
  const revoked =
    what.kind === 'gateway'
      ? { kind: 4, key: BigInt(what.id) }
      : { kind: ENTRY_KINDS[what.kind], key: BigInt(`0x${what.key}`) }
  return body('Revoke', queryId).storeUint(revoked.kind, 8).storeUint(revoked.key, 256).endCell()
}

/** The pricing role's: at once, or after 24 hours when customers pay more, 72 when workers earn less. */
export const setPricesBody = (
  prices: RegistryPrices & { readonly version: number },
  queryId?: bigint,
): Cell =>
  body('SetPrices', queryId)
    .storeUint(prices.version, 32)
    .storeBuffer(Buffer.from(prices.hash, 'hex'), 32)
    .storeUint(prices.validFrom, 32)
    .storeBit(prices.customerUp)
    .storeBit(prices.workerDown)
    .endCell()

/** The new owner's own word, after 72 hours. */
export const acceptRegistryBody = (id: number, queryId?: bigint): Cell =>
  body('AcceptOwner', queryId).storeUint(id, 32).endCell()

export const registryTopUpBody = (queryId?: bigint): Cell => body('TopUp', queryId).endCell()

export function actionCell(action: RegistryAction): Cell {
  switch (action.kind) {
    case 'entry':
      return head('AddEntry')
        .storeBuffer(Buffer.from(action.key, 'hex'), 32)
        .storeRef(entryCell(action.entry))
        .endCell()
    case 'gateway':
      return head('AddGateway')
        .storeUint(action.id, 32)
        .storeRef(gatewayCell(action.gateway))
        .endCell()
    case 'vault':
      return head('AddVault')
        .storeUint(action.id, 32)
        .storeRef(vaultRefCell(action.vault))
        .endCell()
    case 'policy':
      return head('SetPolicy').storeBuffer(Buffer.from(action.hash, 'hex'), 32).endCell()
    case 'owner':
      return head('SetOwner').storeAddress(action.address).endCell()
    case 'guardian':
      return head('SetGuardian').storeAddress(action.address).endCell()
    case 'pricing':
      return head('SetPricing').storeAddress(action.address).endCell()
    case 'code':
      return head('SetCode').storeBuffer(action.codeHash, 32).endCell()
  }
}

const head = (action: keyof typeof REGISTRY_ACTIONS): Builder =>
  beginCell().storeUint(REGISTRY_ACTIONS[action], 32)
