/** @module Where orders are given: the chain of a data folder, running or not, and what `chain.json` says of it. */
import { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { type Environment, loadConfig } from '../../core/config.ts'
import type { Lifetime } from '../../core/lifetime.ts'
import type { Log } from '../../core/log.ts'
import type { ChainPort } from '../chain/port.ts'
import { createTonChain } from '../chain/ton-client.ts'
import { paymentsConfig } from '../config.ts'
import { type ChainFile, readChainFile } from '../settlement/chain-file.ts'
import { openLocalWorld } from '../settlement/local-world.ts'
import { needNano, type Order } from './order.ts'
import type { Signer } from './signer.ts'

export interface AdminGround {
  readonly net: ChainFile['net']
  readonly dataDir: string
  readonly endpoint: string
  readonly chain: ChainPort
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Undefined where nothing was deployed yet. */
  readonly file?: ChainFile
}

/**
 * A dev network's own chain is that of the running system, or is started from the data folder while nothing runs; any
 * other is `CHRYSALIS_TON_ENDPOINT`. Throws `admin.endpoint` where none is named.
 */
export async function openAdminGround(given: {
  readonly dataDir: string
  readonly env: Environment
  readonly isRunning: boolean
  readonly clock: Clock
  readonly log: Log
  readonly life: Lifetime
}): Promise<AdminGround> {
  const { dataDir, env, isRunning, clock, log, life } = given
  const config = loadConfig(paymentsConfig, { ...env, CHRYSALIS_DATA: dataDir })
  const named = config.CHRYSALIS_TON_ENDPOINT
  const net = config.CHRYSALIS_NET
  const file =
    net === 'devnet' && named === undefined && !isRunning
      ? (await openLocalWorld({ dataDir, clock, log, life }, 0)).file
      : readChainFile(dataDir)
  const endpoint = named ?? file?.endpoint
  if (endpoint === undefined) throw new AppError('admin.endpoint')
  const apiKey = config.CHRYSALIS_TON_KEY
  const chain = createTonChain({
    provider: {
      endpoint,
      ...(apiKey !== undefined && { apiKey }),
      ...(net !== 'devnet' && { perSecond: apiKey === undefined ? 1 : 10 }),
    },
    clock,
  })
  if (file && file.net !== net) throw new AppError('admin.network', { file: file.net, net })
  return { net, dataDir, endpoint, chain, clock, signal: life.signal, ...(file && { file }) }
}

/** Throws `admin.not-deployed` where this installation has no vault and registry. */
export function chainFileOf({ file }: AdminGround): ChainFile {
  if (!file) throw new AppError('admin.not-deployed')
  return file
}

/** Of a chain of one machine, whose coins are nobody's. */
const localnetId = -217
const faucetTries = 40
const faucetLookMs = 250

/** On a localnet a wallet that cannot bear the order gets what it lacks from the faucet; elsewhere nothing happens. */
export async function giveOnLocalnet(
  ground: AdminGround,
  { signer, order, globalId }: { signer: Signer; order: Order; globalId: number },
): Promise<void> {
  if (globalId !== localnetId) return
  const { chain, clock, endpoint } = ground
  const { address } = signer.wallet
  const need = needNano(order)
  const { balanceNano } = await chain.account(address)
  if (balanceNano >= need) return
  await fetch(new URL('/sim/faucet', endpoint), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: address.toRawString(), nano: (need - balanceNano).toString() }),
  })
  for (let tries = 0; tries < faucetTries; tries++) {
    if ((await chain.account(address)).balanceNano >= need) return
    await clock.sleep(faucetLookMs, ground.signal)
  }
}

/** Where this installation's contracts are. */
export const contractAddresses = ({ vault, registry }: ChainFile) => ({
  vault: Address.parseRaw(vault),
  registry: Address.parseRaw(registry),
})
