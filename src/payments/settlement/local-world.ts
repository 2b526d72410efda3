/** @module The dev network's own chain: started with the installation, with a funded vault and registry on it and a wallet for its worker (PAY §9). */
import { join } from 'node:path'
import { Address, internal } from '@ton/core'
import type { Clock } from '../../core/clock.ts'
import { parseCoin } from '../../core/coin.ts'
import type { Lifetime } from '../../core/lifetime.ts'
import type { Log } from '../../core/log.ts'
import type { ChainPort } from '../chain/port.ts'
import { type Localnet, startLocalnet } from '../localnet/localnet.ts'
import { openSettlementKey } from '../vouchers/settlement-key.ts'
import { type ChainFile, readChainFile, writeChainFile } from './chain-file.ts'
import { contractsOf, deploy, planDeploy } from './deploy.ts'
import { openLocalWallet } from './local-keys.ts'
import { sendFrom, throwIfRefused } from './send.ts'

interface Ground {
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Log
  readonly life: Lifetime
}

/** Starts the chain of this machine from the data folder and says in `chain.json` where it is. */
export async function openLocalWorld(
  { dataDir, clock, log, life }: Ground,
  port: number,
): Promise<{ readonly localnet: Localnet; readonly file: ChainFile }> {
  const localnet = await startLocalnet({
    net: 'devnet',
    clock,
    log,
    port,
    blocks: 'auto',
    folder: join(dataDir, 'chain'),
  })
  life.keep('localnet', localnet, (it) => it.close())
  const file = chainFileOf(dataDir, localnet)
  writeChainFile(dataDir, file)
  return { localnet, file }
}

/** Addresses follow from the keys and the first start; nothing is asked for them. */
function chainFileOf(dataDir: string, { globalId, url, chain }: Localnet): ChainFile {
  const known = readChainFile(dataDir)
  const deposits = openLocalWallet(dataDir, 'deposits', globalId).address.toRawString()
  if (known?.globalId === globalId) return { ...known, endpoint: url, deposits }
  const owner = openLocalWallet(dataDir, 'owner', globalId).address
  const guardian = openLocalWallet(dataDir, 'guardian', globalId).address
  const createdAt = Math.floor(chain.head().ms / 1000)
  const settlementKey = openSettlementKey(join(dataDir, 'keys')).publicKey
  const { vault, registry } = contractsOf({ settlementKey, owner, guardian, createdAt })
  return {
    v: 1,
    net: 'devnet',
    globalId,
    endpoint: url,
    vault: vault.address.toRawString(),
    registry: registry.address.toRawString(),
    owner: owner.toRawString(),
    guardian: guardian.toRawString(),
    createdAt,
    deposits,
  }
}

const vaultFundsNano = parseCoin('1000')
const walletFundsNano = parseCoin('100')
const depositFundsNano = parseCoin('1')

/** Deploys and funds what is missing; a chain that has all is only looked at. Safe to repeat after any end. */
export async function furnish(
  { localnet, file }: { localnet: Localnet; file: ChainFile },
  {
    dataDir,
    chain,
    clock,
    signal,
  }: {
    dataDir: string
    chain: ChainPort
    clock: Clock
    signal: AbortSignal
  },
): Promise<void> {
  const owner = openLocalWallet(dataDir, 'owner', file.globalId)
  const relayer = openLocalWallet(dataDir, 'relayer', file.globalId)
  const contracts = contractsOf({
    settlementKey: openSettlementKey(join(dataDir, 'keys')).publicKey,
    owner: Address.parseRaw(file.owner),
    guardian: Address.parseRaw(file.guardian),
    createdAt: file.createdAt,
  })
  const plan = await planDeploy(contracts, { chain, fundsNano: vaultFundsNano })
  const ownerNeeds = plan.fundsNano + walletFundsNano
  for (const [wallet, needs] of [
    [owner, ownerNeeds],
    [relayer, walletFundsNano],
    [openLocalWallet(dataDir, 'guardian', file.globalId), walletFundsNano / 10n],
  ] as const) {
    const { balanceNano } = await chain.account(wallet.address)
    if (balanceNano < needs / 2n) await localnet.chain.faucet(wallet.address, needs)
  }
  await localnet.chain.mineUntilIdle()
  await deploy(contracts, { plan, wallet: owner, chain, clock, signal })
  const deposits = openLocalWallet(dataDir, 'deposits', file.globalId)
  const { state } = await chain.account(deposits.address)
  if (state === 'active') return
  // Deployed before the first transfer: to an account without code, each one fails.
  const message = internal({
    to: deposits.address,
    value: depositFundsNano,
    bounce: false,
    init: deposits.init,
  })
  throwIfRefused(await sendFrom(owner, [message], { chain, clock, signal }))
}
