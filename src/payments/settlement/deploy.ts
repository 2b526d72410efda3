/** @module Puts vault and registry on chain, or finds that they are there: computed addresses, a plan, one order, everything read back (PAY §10). */
import { type Address, internal, type MessageRelaxed } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { ChainPort } from '../chain/port.ts'
import { DEFAULT_ADD_DELAY, Registry } from '../contracts/registry.ts'
import { EMPTY_CONTENT, type RegistryContent } from '../contracts/registry-content.ts'
import { registryTopUpBody } from '../contracts/registry-messages.ts'
import { Vault } from '../contracts/vault.ts'
import { DEFAULT_CAPS, type VaultConfig } from '../contracts/vault-config.ts'
import { topUpBody } from '../contracts/vault-messages.ts'
import { sendFrom, throwIfRefused } from './send.ts'
import { sightOf } from './vault-sight.ts'
import type { Wallet } from './wallet.ts'

export interface DeployTerms {
  readonly settlementKey: Buffer
  readonly owner: Address
  readonly guardian: Address
  /** Unix seconds. */
  readonly createdAt: number
  readonly content?: RegistryContent
}

export interface Contracts {
  readonly vault: Vault
  readonly registry: Registry
  readonly config: VaultConfig
}

/** The same terms give the same addresses. */
export function contractsOf(terms: DeployTerms): Contracts {
  const { settlementKey, owner, guardian, createdAt, content = EMPTY_CONTENT } = terms
  const config = { settlementKey, owner, guardian, caps: DEFAULT_CAPS, createdAt }
  const roles = { owner, guardian, pricing: owner, addDelay: DEFAULT_ADD_DELAY }
  return {
    config,
    vault: Vault.createFromConfig(config),
    registry: Registry.createFromConfig({ roles, content }),
  }
}

/** What is still to be done; empty when all is there and funded. */
export interface DeployPlan {
  readonly messages: readonly MessageRelaxed[]
  readonly deploysVault: boolean
  readonly deploysRegistry: boolean
  readonly fundsNano: bigint
}

export const registryFundsNano = 1_000_000_000n

export async function planDeploy(
  { vault, registry }: Contracts,
  { chain, fundsNano }: { chain: Pick<ChainPort, 'account'>; fundsNano: bigint },
): Promise<DeployPlan> {
  const vaultAccount = await chain.account(vault.address)
  const registryAccount = await chain.account(registry.address)
  const deploysVault = vaultAccount.state !== 'active'
  const deploysRegistry = registryAccount.state !== 'active'
  const missing = fundsNano - vaultAccount.balanceNano
  // A vault that has half of what it shall have is left alone: topping up at each start would hide what it pays.
  const tops = deploysVault ? fundsNano : missing > fundsNano / 2n ? missing : 0n
  const messages: MessageRelaxed[] = []
  if (deploysVault || tops > 0n)
    messages.push(
      internal({
        to: vault.address,
        value: tops,
        bounce: !deploysVault,
        body: topUpBody(),
        ...(deploysVault && { init: vault.init }),
      }),
    )
  if (deploysRegistry)
    messages.push(
      internal({
        to: registry.address,
        value: registryFundsNano,
        bounce: false,
        body: registryTopUpBody(),
        init: registry.init,
      }),
    )
  return { messages, deploysVault, deploysRegistry, fundsNano: tops }
}

/** Carries the plan out and reads back that vault and registry are what the terms say. Throws `chain.exit`, `settlement.drift`. */
export async function deploy(
  contracts: Contracts,
  {
    plan,
    wallet,
    ...deps
  }: {
    plan: DeployPlan
    wallet: Wallet
    chain: ChainPort
    clock: Clock
    signal: AbortSignal
  },
): Promise<void> {
  if (plan.messages.length > 0) throwIfRefused(await sendFrom(wallet, plan.messages, deps))
  await checkDeployed(contracts, deps.chain)
}

export async function checkDeployed(
  { vault, config }: Contracts,
  chain: Pick<ChainPort, 'account'>,
): Promise<void> {
  const sight = sightOf(await chain.account(vault.address))
  const isOurs =
    sight !== undefined &&
    (sight.key.equals(config.settlementKey) || sight.data.keys.prevKey.equals(config.settlementKey))
  if (!isOurs) throw new AppError('settlement.drift')
}
