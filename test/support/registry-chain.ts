/** @module A registry on a local network with its owner and guardian, and registries that a test only writes down. */
import { Address, beginCell, type Cell, internal } from '@ton/core'
import type { Account, ChainPort } from '../../src/payments/chain/port.ts'
import { createTonChain } from '../../src/payments/chain/ton-client.ts'
import { Registry } from '../../src/payments/contracts/registry.ts'
import {
  EMPTY_CONTENT,
  type RegistryContent,
  type RegistryEntry,
} from '../../src/payments/contracts/registry-content.ts'
import {
  executeProposalBody,
  proposeBody,
  revokeBody,
} from '../../src/payments/contracts/registry-messages.ts'
import { cellSigner } from '../../src/payments/contracts/sign.ts'
import type { Localnet } from '../../src/payments/localnet/localnet.ts'
import { contractsOf, deploy, planDeploy } from '../../src/payments/settlement/deploy.ts'
import { sendFrom, throwIfRefused } from '../../src/payments/settlement/send.ts'
import { openWallet, type Wallet } from '../../src/payments/settlement/wallet.ts'
import { COIN } from './localnet.ts'
import { blockClock, settlementKey } from './settlement.ts'

const someone = new Address(0, Buffer.alloc(32, 7))

/** Good from 1970 to the end of what a registry can say. */
export const listed = (change: Partial<RegistryEntry> = {}): RegistryEntry => ({
  kind: 'worker-image',
  status: 'active',
  validFrom: 0,
  validUntil: 2 ** 32 - 1,
  sourceHash: '11'.repeat(32),
  buildHash: '22'.repeat(32),
  ...change,
})

/** The data cell of a registry that has come as far as `version`. */
export function registryCell(version: bigint, content: Partial<RegistryContent>): Cell {
  const roles = { owner: someone, guardian: someone, pricing: someone, addDelay: 86_400 }
  const { init } = Registry.createFromConfig({ roles, content: { ...EMPTY_CONTENT, ...content } })
  if (!init?.data) throw new TypeError('a registry without data')
  const rest = init.data.beginParse()
  rest.skip(8 + 64)
  return beginCell().storeUint(1, 8).storeUint(version, 64).storeSlice(rest).endCell()
}

/** A provider that shows whatever `data` is; `seenAt` in unix seconds. */
export function scriptedProvider(
  shown: () => { data: Cell | null; seenAt: number },
): Pick<ChainPort, 'account'> {
  return {
    account: async (): Promise<Account> => {
      const { data, seenAt } = shown()
      const state = data ? 'active' : 'uninit'
      return { balanceNano: 1n, state, code: null, data, lastLt: 1n, lastHash: '', seenAt }
    },
  }
}

export interface RegistryOnChain {
  readonly address: Address
  readonly chain: ChainPort
  /** The guardian's. */
  readonly revoke: (what: Parameters<typeof revokeBody>[0]) => Promise<void>
  /** The owner's: proposed, waited for, executed. */
  readonly namePolicy: (hash: string) => Promise<void>
}

/** Deploys a registry whose first content stands from its first block on. */
export async function registryOnChain(
  localnet: Localnet,
  content: Partial<RegistryContent>,
): Promise<RegistryOnChain> {
  const clock = blockClock(localnet)
  const signal = new AbortController().signal
  const chain = createTonChain({ provider: { endpoint: localnet.url }, clock })
  const [owner, guardian] = [3, 4].map((seed) =>
    openWallet(cellSigner(Buffer.alloc(32, seed)), localnet.globalId),
  )
  if (!owner || !guardian) throw new TypeError('two wallets')
  for (const { address } of [owner, guardian]) await localnet.chain.faucet(address, 100n * COIN)
  await localnet.chain.mineUntilIdle()
  const contracts = contractsOf({
    settlementKey: settlementKey.publicKey,
    owner: owner.address,
    guardian: guardian.address,
    createdAt: 1_800_000_000,
    content: { ...EMPTY_CONTENT, ...content },
  })
  const plan = await planDeploy(contracts, { chain, fundsNano: COIN })
  await deploy(contracts, { plan, wallet: owner, chain, clock, signal })
  const { address } = contracts.registry
  const order = async (from: Wallet, body: Cell): Promise<void> =>
    throwIfRefused(
      await sendFrom(from, [internal({ to: address, value: COIN / 2n, body })], {
        chain,
        clock,
        signal,
      }),
    )
  return {
    address,
    chain,
    revoke: (what) => order(guardian, revokeBody(what)),
    namePolicy: async (hash) => {
      await order(owner, proposeBody({ kind: 'policy', hash }))
      await localnet.chain.advance(49 * 3_600_000)
      await order(owner, executeProposalBody({ id: 0 }))
    },
  }
}
