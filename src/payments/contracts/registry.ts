/** @module The registry as an object of @ton/core: address from configuration, messages, getters, its whole state from a data cell. */
import {
  type Address,
  beginCell,
  type Cell,
  type ContractProvider,
  Dictionary,
  type Sender,
} from '@ton/core'
import { contractCode } from './code.ts'
import { OwnContract, placeOf, readBytes32 } from './own-contract.ts'
import { contentCell, type RegistryContent, readContent } from './registry-content.ts'
import { registryTopUpBody } from './registry-messages.ts'

export interface RegistryRoles {
  readonly owner: Address
  /** May revoke and cancel, and nothing else. */
  readonly guardian: Address
  /** May set price hashes, and nothing else. */
  readonly pricing: Address
  /** Seconds between the proposal and the addition of an image, model, gateway, vault or policy: at least 24 hours. */
  readonly addDelay: number
}

export interface RegistryConfig {
  readonly roles: RegistryRoles
  /** What is believed from the first block on. */
  readonly content: RegistryContent
}

export interface RegistryState {
  readonly version: number
  /** Raised by every change of what is believed; a reader refuses a lower one than it has seen. */
  readonly registryVersion: bigint
  /** Cell hash of the content before the present one, 64 hex characters. */
  readonly prevHash: string
  readonly nextProposal: number
  readonly pendingCount: number
}

export interface Proposal {
  readonly proposedAt: number
  readonly unlockAt: number
  readonly action: Cell
}

/** The whole state, from one reading of the account. */
export interface RegistryData extends RegistryState {
  readonly roles: RegistryRoles
  readonly content: RegistryContent
  readonly contentHash: string
  readonly proposals: ReadonlyMap<number, Proposal>
}

export const DEFAULT_ADD_DELAY = 48 * 3600
const minAddDelay = 24 * 3600

/** Its messages are the bodies of `registry-messages.ts`, sent by `sendBody`. */
export class Registry extends OwnContract {
  static createFromAddress(address: Address): Registry {
    return new Registry(address)
  }

  /** The address follows from code and configuration alone. Throws RangeError for an add delay below 24 hours or a role outside the base chain. */
  static createFromConfig(config: RegistryConfig, code: Cell = contractCode('registry')): Registry {
    const init = { code, data: registryData(config) }
    return new Registry(placeOf(init), init)
  }

  async sendDeploy(provider: ContractProvider, via: Sender, value: bigint): Promise<void> {
    await this.sendBody(provider, via, { value, body: registryTopUpBody() })
  }

  async getState(provider: ContractProvider): Promise<RegistryState> {
    const { stack } = await provider.get('getState', [])
    return {
      version: stack.readNumber(),
      registryVersion: stack.readBigNumber(),
      prevHash: readBytes32(stack).toString('hex'),
      nextProposal: stack.readNumber(),
      pendingCount: stack.readNumber(),
    }
  }

  async getRoles(provider: ContractProvider): Promise<RegistryRoles> {
    const { stack } = await provider.get('getRoles', [])
    return {
      owner: stack.readAddress(),
      guardian: stack.readAddress(),
      pricing: stack.readAddress(),
      addDelay: stack.readNumber(),
    }
  }

  async getContent(provider: ContractProvider): Promise<RegistryContent> {
    const { stack } = await provider.get('getContent', [])
    return readContent(stack.readCell())
  }

  async getPolicyHash(provider: ContractProvider): Promise<string> {
    const { stack } = await provider.get('getPolicyHash', [])
    return readBytes32(stack).toString('hex')
  }

  /** A proposal that waits, or undefined. */
  async getProposal(provider: ContractProvider, id: number): Promise<Proposal | undefined> {
    const { stack } = await provider.get('getProposal', [{ type: 'int', value: BigInt(id) }])
    const proposedAt = stack.readNumber()
    const unlockAt = stack.readNumber()
    const action = stack.readCellOpt()
    return action ? { proposedAt, unlockAt, action } : undefined
  }
}

/** Reads the registry's data cell of version 1. Throws RangeError for another version. */
export function readRegistryData(data: Cell): RegistryData {
  const slice = data.beginParse()
  const version = slice.loadUint(8)
  if (version !== 1) throw new RangeError('registry version')
  const state = {
    version,
    registryVersion: slice.loadUintBig(64),
    prevHash: slice.loadBuffer(32).toString('hex'),
    nextProposal: slice.loadUint(32),
    pendingCount: slice.loadUint(16),
  }
  const roles = slice.loadRef().beginParse()
  const content = slice.loadRef()
  const pending = slice.loadDict(Dictionary.Keys.Uint(32), Dictionary.Values.Cell())
  return {
    ...state,
    roles: {
      owner: roles.loadAddress(),
      guardian: roles.loadAddress(),
      pricing: roles.loadAddress(),
      addDelay: roles.loadUint(32),
    },
    content: readContent(content),
    contentHash: content.hash().toString('hex'),
    proposals: new Map([...pending].map(([id, cell]) => [id, readProposal(cell)])),
  }
}

function readProposal(cell: Cell): Proposal {
  const slice = cell.beginParse()
  return {
    proposedAt: slice.loadUint(32),
    unlockAt: slice.loadUint(32),
    action: slice.loadRef(),
  }
}

function registryData({ roles, content }: RegistryConfig): Cell {
  if (!Number.isSafeInteger(roles.addDelay) || roles.addDelay < minAddDelay) {
    throw new RangeError('addDelay')
  }
  for (const role of ['owner', 'guardian', 'pricing'] as const) {
    if (roles[role].workChain !== 0) throw new RangeError(role)
  }
  return beginCell()
    .storeUint(1, 8)
    .storeUint(0, 64)
    .storeUint(0, 256)
    .storeUint(0, 32)
    .storeUint(0, 16)
    .storeRef(rolesCell(roles))
    .storeRef(contentCell(content))
    .storeDict(null)
    .endCell()
}

const rolesCell = (roles: RegistryRoles): Cell =>
  beginCell()
    .storeAddress(roles.owner)
    .storeAddress(roles.guardian)
    .storeAddress(roles.pricing)
    .storeUint(roles.addDelay, 32)
    .endCell()
