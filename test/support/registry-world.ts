/** @module A registry in the emulator with its three roles. */
import { type Address, beginCell, type Cell } from '@ton/core'
import { contractCode } from '../../src/payments/contracts/code.ts'
import {
  DEFAULT_ADD_DELAY,
  Registry,
  type RegistryConfig,
  type RegistryData,
  readRegistryData,
} from '../../src/payments/contracts/registry.ts'
import {
  EMPTY_CONTENT,
  type RegistryContent,
  type RegistryEntry,
} from '../../src/payments/contracts/registry-content.ts'
import {
  executeProposalBody,
  proposeBody,
  type RegistryAction,
} from '../../src/payments/contracts/registry-messages.ts'
import {
  type ContractWorld,
  contractWorld,
  HOUR,
  type Outcome,
  party,
  START,
  type WorldOptions,
} from './contract-world.ts'

export interface RegistryWorld extends ContractWorld {
  readonly owner: Address
  readonly guardian: Address
  readonly pricing: Address
  readonly stranger: Address
  readonly contract: Registry
  read(): Promise<RegistryData>
  /** Proposes as the owner and gives the proposal's number. */
  propose(action: RegistryAction): Promise<number>
  execute(id: number, code?: Cell): Promise<Outcome>
}

export interface RegistryOptions extends WorldOptions {
  readonly content?: Partial<RegistryContent>
  /** Seconds. One below 24 hours, which the wrapper refuses, is planted. */
  readonly addDelay?: number
}

export const REGISTRY_ROLES = {
  owner: party('registry owner'),
  guardian: party('registry guardian'),
  pricing: party('pricing'),
} as const

const registryConfig = (options: RegistryOptions = {}): RegistryConfig => ({
  roles: { ...REGISTRY_ROLES, addDelay: options.addDelay ?? DEFAULT_ADD_DELAY },
  content: { ...EMPTY_CONTENT, ...options.content },
})

export const imageEntry = (over: Partial<RegistryEntry> = {}): RegistryEntry => ({
  kind: 'worker-image',
  status: 'active',
  validFrom: START,
  validUntil: START + 1_000_000,
  sourceHash: '11'.repeat(32),
  buildHash: '22'.repeat(32),
  ...over,
})

export async function registryWorld(options: RegistryOptions = {}): Promise<RegistryWorld> {
  const { addDelay } = options
  const isShort = addDelay !== undefined && addDelay < 24 * HOUR
  const contract = Registry.createFromConfig(
    registryConfig(isShort ? { ...options, addDelay: 24 * HOUR } : options),
    options.code ?? contractCode('registry'),
  )
  const { address, init } = contract
  const planted =
    isShort && init?.data
      ? { address, init: { ...init, data: withAddDelay(init.data, addDelay) } }
      : contract
  const world = await contractWorld(planted, options)
  const read = async () => readRegistryData(await world.data())
  return {
    ...world,
    ...REGISTRY_ROLES,
    stranger: party('stranger'),
    contract,
    read,
    propose: async (action) => {
      const { nextProposal } = await read()
      const outcome = await world.send(REGISTRY_ROLES.owner, proposeBody(action))
      if (outcome.exit !== 0) throw new Error(`propose: exit ${outcome.exit}`)
      return nextProposal
    },
    execute: (id, code) =>
      world.send(party('anyone'), executeProposalBody(code ? { id, code } : { id })),
  }
}

function withAddDelay(data: Cell, addDelay: number): Cell {
  const slice = data.beginParse()
  const roles = slice.loadRef().beginParse()
  const addresses = roles.loadBits(roles.remainingBits - 32)
  return beginCell()
    .storeBits(slice.loadBits(slice.remainingBits))
    .storeRef(beginCell().storeBits(addresses).storeUint(addDelay, 32).endCell())
    .storeRef(slice.loadRef())
    .endCell()
}
