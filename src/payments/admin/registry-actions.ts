/** @module What a proposal in the registry would do, read back from its cell as fields that a person can read. */
import type { Cell } from '@ton/core'
import { REGISTRY_ACTIONS } from '../contracts/opcodes.ts'
import {
  type RegistryEntry,
  type RegistryGateway,
  type RegistryPrices,
  type RegistryVault,
  readEntry,
  readGateway,
  readPriceRef,
  readVaultRef,
} from '../contracts/registry-content.ts'
import type { Fields } from './order.ts'

type ActionName = keyof typeof REGISTRY_ACTIONS

export const entryFields = (key: string, entry: RegistryEntry): Fields => ({
  kind: { text: entry.kind },
  hash: { text: key },
  status: { text: entry.status },
  validFrom: { at: entry.validFrom },
  validUntil: { at: entry.validUntil },
  sourceHash: { text: entry.sourceHash },
  buildHash: { text: entry.buildHash },
})

export const gatewayFields = (id: number, gateway: RegistryGateway): Fields => ({
  gateway: { text: String(id) },
  status: { text: gateway.status },
  validFrom: { at: gateway.validFrom },
  validUntil: { at: gateway.validUntil },
  identity: { text: gateway.identity },
  url: { text: gateway.url },
})

export const vaultFields = (id: number, { vault, validFrom }: RegistryVault): Fields => ({
  number: { text: String(id) },
  vault: { text: vault.toRawString() },
  validFrom: { at: validFrom },
})

export const priceFields = (version: number, prices: RegistryPrices): Fields => ({
  version: { text: String(version) },
  hash: { text: prices.hash },
  validFrom: { at: prices.validFrom },
  customersPayMore: { text: prices.customerUp ? 'yes' : 'no' },
  workersEarnLess: { text: prices.workerDown ? 'yes' : 'no' },
})

const isName = (name: string): name is ActionName => name in REGISTRY_ACTIONS

const actionNameOf = (prefix: number): ActionName | undefined => {
  for (const [name, value] of Object.entries(REGISTRY_ACTIONS))
    if (value === prefix && isName(name)) return name
  return undefined
}

/** Throws RangeError for an action that this version does not know. */
export function actionFields(action: Cell): Fields {
  const slice = action.beginParse()
  const name = actionNameOf(slice.loadUint(32))
  if (name === undefined) throw new RangeError('unknown action')
  const does = { action: { text: name } }
  switch (name) {
    case 'AddEntry': {
      const key = slice.loadBuffer(32).toString('hex')
      return { ...does, ...entryFields(key, readEntry(slice.loadRef().beginParse())) }
    }
    case 'AddGateway': {
      const id = slice.loadUint(32)
      return { ...does, ...gatewayFields(id, readGateway(slice.loadRef().beginParse())) }
    }
    case 'AddVault': {
      const id = slice.loadUint(32)
      return { ...does, ...vaultFields(id, readVaultRef(slice.loadRef().beginParse())) }
    }
    case 'SetPolicy':
    case 'SetCode':
      return { ...does, hash: { text: slice.loadBuffer(32).toString('hex') } }
    case 'AddPrices': {
      const version = slice.loadUint(32)
      return { ...does, ...priceFields(version, readPriceRef(slice.loadRef().beginParse())) }
    }
    case 'SetOwner':
    case 'SetGuardian':
    case 'SetPricing':
      return { ...does, address: { text: slice.loadAddress().toRawString() } }
  }
}
