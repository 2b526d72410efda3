/** @module The money side of a process as a table of contents: chain, vault, vouchers, settlement (PAY). Prices and ledger are opened beside the rows of jobs. */
import { join } from 'node:path'
import { Address } from '@ton/core'
import { loadConfig } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import type { Ground } from '../core/ground.ts'
import { createRounds } from '../core/rounds.ts'
import type { Database } from '../db/database.ts'
import { createTonChain } from './chain/ton-client.ts'
import { paymentsConfig } from './config.ts'
import { depositWalletOf } from './deposits/deposit-wallet.ts'
import { createDeposits, type Deposits } from './deposits/deposits.ts'
import { createSweep, type Sweep } from './deposits/sweep.ts'
import { alertLedger } from './ledger/check.ts'
import { type ChainFile, readChainFile } from './settlement/chain-file.ts'
import { knownLocalWallet, openLocalWallet } from './settlement/local-keys.ts'
import { furnish, openLocalWorld } from './settlement/local-world.ts'
import { openSettlement } from './settlement/open-settlement.ts'
import type { Settlement } from './settlement/settlement.ts'
import { watchVault } from './settlement/vault-facts.ts'
import { openSettlementKey } from './vouchers/settlement-key.ts'
import { createVouchers, type Vouchers } from './vouchers/vouchers.ts'
import { createWalletStore } from './wallets/wallet-store.ts'

export interface Payments {
  readonly vouchers: Vouchers
  /** Undefined while this installation has no vault. */
  readonly settlement?: Settlement
  /** Undefined where no wallet takes deposits. */
  readonly deposits?: Deposits
  /** Moves what was paid in to the vault; undefined without deposits. */
  readonly sweep?: Sweep
  /** Of a chain of this machine. */
  readonly explorerUrl?: string
  readonly chainPort?: number
  /** What proofs of wallets are checked with. */
  readonly wallets: {
    /** Global id of the chain. */
    readonly network: string
    readonly own: () => ReadonlySet<string>
    readonly keyOnChain: (address: string) => Promise<Buffer | undefined>
  }
}

export interface PaymentsOptions {
  /** Whether this process sends batches; a gateway only signs vouchers. */
  readonly settles: boolean
}

/** A chain of this machine costs nothing to read; a provider counts. */
const roundMs = { local: 2000, public: 10_000 } as const
const nightMs = 24 * 3_600_000

/** Resolves when vouchers can be signed; what has to be deployed is deployed meanwhile. */
export async function main(
  ground: Ground & { readonly db: Database },
  { settles }: PaymentsOptions,
): Promise<Payments> {
  const { env, db, log, clock, life } = ground
  const config = loadConfig(paymentsConfig, env)
  const dataDir = config.CHRYSALIS_DATA
  if (settles) {
    // Here and not beside every ledger that a bot or gateway opens: it reads all the books.
    const checks = createRounds(clock, (error) => log.failure('ledger.unchecked', describe(error)))
    checks.every(nightMs, () => alertLedger(db, { clock, log }))
    life.keep('ledger-check', checks, (it) => it.close())
  }
  const endpoint = config.CHRYSALIS_TON_ENDPOINT
  const isLocal = config.CHRYSALIS_NET === 'devnet' && endpoint === undefined && settles
  const local = isLocal
    ? await openLocalWorld({ dataDir, clock, log, life }, config.CHRYSALIS_CHAIN_PORT)
    : undefined
  const file = local?.file ?? readChainFile(dataDir)
  const key = openSettlementKey(join(dataDir, 'keys'))
  if (!file)
    return withoutVault(
      createVouchers({
        db,
        key,
        vault: () => undefined,
        onRollback: async () => undefined,
        clock,
        log,
      }),
    )

  const apiKey = config.CHRYSALIS_TON_KEY
  const chain = createTonChain({
    provider: {
      endpoint: endpoint ?? file.endpoint,
      ...(apiKey !== undefined && { apiKey }),
      ...(file.net !== 'devnet' && { perSecond: apiKey === undefined ? 1 : 10 }),
    },
    clock,
  })
  const vault = Address.parseRaw(file.vault)
  const relayer = openLocalWallet(dataDir, 'relayer', file.globalId)
  const witness = config.CHRYSALIS_TON_WITNESS
  const settlement = openSettlement({
    db,
    chain,
    ...(witness !== undefined && {
      witness: createTonChain({ provider: { endpoint: witness, perSecond: 1 }, clock }),
    }),
    net: file.globalId,
    vault,
    key,
    relayer,
    clock,
    log,
  })
  const facts = watchVault({
    chain,
    vault,
    globalId: file.globalId,
    isNew: local !== undefined,
    keepEpoch: (keyEpoch) => settlement.vaults.learn(vault.hash.toString('hex'), { keyEpoch }),
  })
  const vouchers = createVouchers({
    db,
    key,
    vault: facts.now,
    onRollback: (tx) => settlement.haltIn(tx, 'ledger.rollback'),
    clock,
    log,
  })
  if (local) {
    const payout = openLocalWallet(dataDir, 'worker', file.globalId).address.toRawString()
    await createWalletStore(db).linkUnproven('installation', payout, clock.now())
  }

  const depositWallet = depositWalletOf({ setting: config.CHRYSALIS_DEPOSIT_WALLET, file })
  const own = new Set([file.vault, file.registry, file.owner, file.guardian])
  own.add(relayer.address.toRawString())
  const deposits =
    depositWallet && createDeposits({ db, chain, wallet: depositWallet, own, clock, log })
  const sweep =
    depositWallet &&
    createSweep({
      db,
      chain,
      wallet: depositWallet,
      vault,
      signer: () => knownLocalWallet(dataDir, 'deposits', file.globalId),
      clock,
      log,
    })

  let isFurnished = local === undefined
  const rounds = createRounds(clock, (error) =>
    log.failure('settlement.round-failed', describe(error)),
  )
  rounds.every(local ? roundMs.local : roundMs.public, async () => {
    if (local && !isFurnished) {
      await furnish(local, { dataDir, chain, clock, signal: life.signal })
      isFurnished = true
      log.info('vault.deployed')
    }
    await facts.refresh()
    if (settles) await settlement.round()
  })
  if (settles && deposits)
    rounds.every(local ? roundMs.local : roundMs.public, async () => {
      if (isFurnished) await deposits.read()
    })
  if (settles)
    rounds.every(nightMs, () => (isFurnished ? settlement.reconcile() : Promise.resolve()))
  life.keep('settlement', rounds, async (it) => {
    await it.close()
    if (settles) await settlement.close()
  })
  return {
    vouchers,
    settlement,
    ...(deposits && { deposits }),
    ...(sweep && { sweep }),
    wallets: walletFacts(file, {
      own: new Set([
        file.vault,
        file.registry,
        relayer.address.toRawString(),
        ...(depositWallet ? [depositWallet.toRawString()] : []),
      ]),
      chain,
    }),
    ...(local && { explorerUrl: local.localnet.explorerUrl, chainPort: local.localnet.port }),
  }
}

function walletFacts(
  file: ChainFile,
  { own, chain }: { own: ReadonlySet<string>; chain: ReturnType<typeof createTonChain> },
): Payments['wallets'] {
  return {
    network: String(file.globalId),
    own: () => own,
    keyOnChain: async (address) => {
      const account = Address.parseRaw(address)
      if ((await chain.account(account)).state !== 'active') return undefined
      const { stack } = await chain.get(account, 'get_public_key')
      return Buffer.from(stack.readBigNumber().toString(16).padStart(64, '0'), 'hex')
    },
  }
}

/** A network whose vault is not deployed yet: earnings are booked, and owed. */
const withoutVault = (vouchers: Vouchers): Payments => ({
  vouchers,
  wallets: { network: '', own: () => new Set(), keyOnChain: async () => undefined },
})
