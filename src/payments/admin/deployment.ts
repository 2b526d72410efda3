/** @module Puts a vault or a registry on chain by hand: terms first, written down before anything is sent, then one order (PAY §10). */
import { join } from 'node:path'
import { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import { readRegistryData } from '../contracts/registry.ts'
import { registryTopUpBody } from '../contracts/registry-messages.ts'
import { topUpBody } from '../contracts/vault-messages.ts'
import { type ChainFile, writeChainFile } from '../settlement/chain-file.ts'
import {
  type Contracts,
  checkDeployed,
  contractsOf,
  registryFundsNano,
} from '../settlement/deploy.ts'
import { openLocalWallet } from '../settlement/local-keys.ts'
import { lookAtVault } from '../settlement/vault-sight.ts'
import { openSettlementKey } from '../vouchers/settlement-key.ts'
import { keyOfWallet } from '../wallets/wallet-code.ts'
import type { AdminGround } from './ground.ts'
import type { Order } from './order.ts'
import { capsFields } from './vault-changes.ts'

export interface DeployWish {
  readonly contract: 'vault' | 'registry'
  /** By default the keys of the data folder; on mainnet both must be named. */
  readonly owner?: Address | undefined
  readonly guardian?: Address | undefined
  /** A new vault's first money. */
  readonly fundsNano: bigint
}

export interface Deployment {
  readonly file: ChainFile
  /** Absent: it is there already. */
  readonly order?: Order
}

const globalIds: Readonly<Partial<Record<ChainFile['net'], number>>> = {
  mainnet: -239,
  testnet: -3,
}

/**
 * What is to be done. Throws `admin.owner` for a mainnet owner that is one person's wallet or not there yet,
 * `admin.network` for a provider of another chain, `settlement.drift` for addresses that do not follow from the terms.
 */
export async function planDeployment(ground: AdminGround, wish: DeployWish): Promise<Deployment> {
  const { chain, dataDir } = ground
  const settlementKey = openSettlementKey(join(dataDir, 'keys')).publicKey
  const file = ground.file ?? (await newFile(ground, { wish, settlementKey }))
  const address = Address.parseRaw(file[wish.contract])
  const account = await chain.account(address)
  if (account.state === 'active') return { file }
  const contracts = contractsOf({
    settlementKey,
    owner: Address.parseRaw(file.owner),
    guardian: Address.parseRaw(file.guardian),
    createdAt: file.createdAt,
  })
  const made = contracts[wish.contract]
  if (!made.address.equals(address) || !made.init) throw new AppError('settlement.drift')
  const roles = { owner: { text: file.owner }, guardian: { text: file.guardian } }
  const common = {
    contract: wish.contract,
    op: 'TopUp',
    signers: [{ role: 'anyone' }],
    to: address,
    init: made.init,
    before: {},
  } as const
  if (wish.contract === 'registry')
    return {
      file,
      order: {
        ...common,
        valueNano: registryFundsNano,
        body: registryTopUpBody(),
        fields: { ...roles, pricing: { text: file.owner } },
        after: { registry: { text: file.registry } },
        check: () => seenRegistry(ground, { contracts, file }),
      },
    }
  return {
    file,
    order: {
      ...common,
      valueNano: wish.fundsNano,
      body: topUpBody(),
      fields: {
        ...roles,
        settlementKey: { text: settlementKey.toString('hex') },
        createdAt: { at: file.createdAt },
        ...capsFields(contracts.config.caps),
      },
      after: { vault: { text: file.vault }, balance: { nano: wish.fundsNano } },
      check: () => seenVault(ground, { contracts, file }),
    },
  }
}

/** Before the order is sent: an address whose terms are lost could not be opened again. */
export const writeTerms = ({ dataDir }: AdminGround, { file }: Deployment): void =>
  writeChainFile(dataDir, file)

type Of = { readonly contracts: Contracts; readonly file: ChainFile }

async function seenVault({ chain }: AdminGround, { contracts, file }: Of) {
  const address = contracts.vault.address
  if ((await chain.account(address)).state !== 'active') return { holds: false, now: {} }
  await checkDeployed(contracts, chain)
  const { data, balanceNano } = await lookAtVault(chain, address)
  const holds =
    data.owner.toRawString() === file.owner && data.guardian.toRawString() === file.guardian
  return { holds, now: { vault: { text: file.vault }, balance: { nano: balanceNano } } }
}

async function seenRegistry({ chain }: AdminGround, { contracts, file }: Of) {
  const { data } = await chain.account(contracts.registry.address)
  if (!data) return { holds: false, now: {} }
  const { roles } = readRegistryData(data)
  const holds =
    roles.owner.toRawString() === file.owner && roles.guardian.toRawString() === file.guardian
  return { holds, now: { registry: { text: file.registry } } }
}

async function newFile(
  { chain, net, endpoint, dataDir }: AdminGround,
  { wish, settlementKey }: { wish: DeployWish; settlementKey: Buffer },
): Promise<ChainFile> {
  const globalId = (await chain.config(19)).beginParse().loadInt(32)
  const expected = globalIds[net]
  if (expected !== undefined && globalId !== expected)
    throw new AppError('admin.network', { chain: globalId, net })
  if (net === 'mainnet') await checkMainnetOwner(chain, wish)
  const owner = wish.owner ?? openLocalWallet(dataDir, 'owner', globalId).address
  const guardian = wish.guardian ?? openLocalWallet(dataDir, 'guardian', globalId).address
  const createdAt = (await chain.head()).utime
  const { vault, registry } = contractsOf({ settlementKey, owner, guardian, createdAt })
  return {
    v: 1,
    net,
    globalId,
    endpoint,
    vault: vault.address.toRawString(),
    registry: registry.address.toRawString(),
    owner: owner.toRawString(),
    guardian: guardian.toRawString(),
    createdAt,
  }
}

/** It does not prove a multisig: it refuses what is plainly one key, or nothing at all. */
async function checkMainnetOwner(
  chain: AdminGround['chain'],
  { owner, guardian }: DeployWish,
): Promise<void> {
  if (!owner || !guardian || owner.equals(guardian)) throw new AppError('admin.owner')
  const { code, data } = await chain.account(owner)
  if (!code || !data || keyOfWallet(code, data)) throw new AppError('admin.owner')
}
