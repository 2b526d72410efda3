/** @module A vault on a local network, payees with earnings, and a settlement between them. */
import type { Address } from '@ton/core'
import type { Clock } from '../../src/core/clock.ts'
import type { Database } from '../../src/db/database.ts'
import type { ChainPort } from '../../src/payments/chain/port.ts'
import { createTonChain } from '../../src/payments/chain/ton-client.ts'
import { cellSigner } from '../../src/payments/contracts/sign.ts'
import { write } from '../../src/payments/ledger/ledger-store.ts'
import { earn, payLines } from '../../src/payments/ledger/payee-store.ts'
import type { Localnet } from '../../src/payments/localnet/localnet.ts'
import { contractsOf, deploy, planDeploy } from '../../src/payments/settlement/deploy.ts'
import { openWallet, type Wallet } from '../../src/payments/settlement/wallet.ts'
import { COIN } from './localnet.ts'

export const settlementKey = cellSigner(Buffer.alloc(32, 1))
const relayerKey = cellSigner(Buffer.alloc(32, 2))
const ownerKey = cellSigner(Buffer.alloc(32, 3))
const guardianKey = cellSigner(Buffer.alloc(32, 4))

export interface VaultWorld {
  readonly chain: ChainPort
  readonly vault: Address
  readonly relayer: Wallet
  readonly owner: Wallet
  readonly guardian: Wallet
}

/** The time of the chain, for a program whose waiting makes its blocks; deadlines never come. */
export const blockClock = (localnet: Localnet): Clock => ({
  now: () => localnet.chain.head().ms,
  sleep: async () => {
    await localnet.chain.mine(1)
  },
  every: () => () => undefined,
  after: () => () => undefined,
})

export const payeeOf = (n: number): string => n.toString(16).padStart(64, 'a')

/** Deploys a vault with `fundsNano` and a relayer with coins. */
export async function openVaultWorld(
  localnet: Localnet,
  fundsNano = 1000n * COIN,
): Promise<VaultWorld> {
  const clock = blockClock(localnet)
  const chain = createTonChain({ provider: { endpoint: localnet.url }, clock })
  const relayer = openWallet(relayerKey, localnet.globalId)
  const owner = openWallet(ownerKey, localnet.globalId)
  const guardian = openWallet(guardianKey, localnet.globalId)
  await localnet.chain.faucet(owner.address, fundsNano + 100n * COIN)
  await localnet.chain.faucet(relayer.address, 100n * COIN)
  await localnet.chain.faucet(guardian.address, 10n * COIN)
  await localnet.chain.mineUntilIdle()
  const contracts = contractsOf({
    settlementKey: settlementKey.publicKey,
    owner: owner.address,
    guardian: guardian.address,
    createdAt: Math.floor(localnet.chain.head().ms / 1000),
  })
  const plan = await planDeploy(contracts, { chain, fundsNano })
  const signal = new AbortController().signal
  await deploy(contracts, { plan, wallet: owner, chain, clock, signal })
  return { chain, vault: contracts.vault.address, relayer, owner, guardian }
}

/** Books pay for a payee as a finished job does. */
export const earnFor = (
  db: Database,
  { payee, payNano, ref, atMs = 0 }: { payee: string; payNano: bigint; ref: string; atMs?: number },
): Promise<bigint> =>
  db.transaction(async (tx) => {
    await write(tx, { reason: 'test-pay', ref, atMs, postings: payLines(payee, payNano) })
    return earn(tx, { payee, payNano, atMs })
  })
