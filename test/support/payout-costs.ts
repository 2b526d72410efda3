/** @module What payouts cost: gas of the vault, and everything that the network keeps of wallet, vault and receivers together. */
import { type Address, beginCell, type Cell, internal, SendMode, type Transaction } from '@ton/core'
import { keyPairFromSeed } from '@ton/crypto'
import { createShardAccount, defaultConfig } from '@ton/sandbox'
import { WalletContractV5R1 } from '@ton/ton'
import { commitCell, settleCell, voucherCell } from '../../src/payments/contracts/cells.ts'
import {
  FEE_TABLES,
  type FeeTableName,
  feeConfig,
} from '../../src/payments/contracts/fee-tables.ts'
import { storageReserve } from '../../src/payments/contracts/reserve.ts'
import { Vault } from '../../src/payments/contracts/vault.ts'
import { payeeAddress } from '../../src/payments/contracts/vault-config.ts'
import { claimBody, commitBody, settleBody } from '../../src/payments/contracts/vault-messages.ts'
import { bigVault, payeeAt } from './big-vault.ts'
import { coins, START } from './contract-world.ts'
import { createRawChain, lostTo, shardAccountBoc } from './raw-chain.ts'
import { keyOf, vaultConfig } from './vault-world.ts'

export const SIZES = [0, 10_000, 29_900] as const
export const COUNTS = [1, 10, 60] as const

export interface Cost {
  /** `settle 60`, `claim`, `commit`, or `transfer 10` for a plain wallet. */
  readonly what: string
  readonly payees: number
  readonly gas: number
  /** Lost in the whole system, in nano. */
  readonly lostNano: bigint
  /** Payouts of the transaction. */
  readonly payouts: number
}

const keyPair = keyPairFromSeed(Buffer.alloc(32, 11))
const wallet = WalletContractV5R1.create({ publicKey: keyPair.publicKey, workchain: 0 })
const each = coins(10)

/** Runs every operation of PAY §16 at every size, each from the same state, relayed by a W5R1 wallet. */
export async function payoutCosts(table: FeeTableName): Promise<Cost[]> {
  const config = vaultConfig()
  const { address } = Vault.createFromConfig(config)
  const chain = await createRawChain(feeConfig(defaultConfig, table), START)
  const costs: Cost[] = []
  const run = async (to: { address: Address; value: bigint; body?: Cell }[]) => {
    chain.put(wallet.address, walletAccount())
    return chain.send(externalFromWallet(to))
  }

  for (const payees of SIZES) {
    const state = bigVault(config, payees, each)
    for (const [what, body, sum] of vaultBodies(address, payees)) {
      chain.put(address, state)
      const transactions = await run([{ address, value: coins(0.4), body }])
      const vault = transactions.find(
        (it) => it.inMessage?.info.dest?.toString() === address.toString(),
      )
      const payouts = Number(/\d+$/.exec(what)?.[0] ?? 1)
      costs.push({ what, payees, payouts, gas: gasOf(vault), lostNano: lostTo(transactions) })
      if (spentBy(vault) !== sum) throw new Error(`${what}: the vault paid for something else`)
    }
  }
  for (const n of [1, 10, 100]) {
    const to = Array.from({ length: n }, (_, index) => ({
      address: payeeAddress(payeeAt(index)),
      value: coins(0.5),
    }))
    const transactions = await run(to)
    costs.push({
      what: `transfer ${n}`,
      payees: 0,
      payouts: n,
      gas: gasOf(transactions[0]),
      lostNano: lostTo(transactions),
    })
  }
  return costs
}

/** Settles of 1, 10 and 60, a claim and a commitment, with what each takes out of the vault. */
function vaultBodies(vault: Address, payees: number): (readonly [string, Cell, bigint])[] {
  const domain = { net: -239, vault, epoch: 1 }
  const before = payees === 0 ? 0n : each
  const signer = keyOf(1)
  const settles = COUNTS.map((n) => {
    const entries = Array.from({ length: n }, (_, index) => ({
      payee: payeeAt(payees === 0 ? index : Math.floor((index * payees) / n)),
      total: before + coins(0.5),
    }))
    const cell = settleCell(domain, { validUntil: START + 600, batch: 1n, entries })
    const body = settleBody({ cell, signature: signer.sign(cell) })
    return [`settle ${n}`, body, coins(0.5) * BigInt(n)] as const
  })
  const voucher = voucherCell(domain, { payee: payeeAt(3), total: before + coins(0.5) })
  const commitment = commitCell(domain, { commitEpoch: 1, total: coins(10), root: '5a'.repeat(32) })
  return [
    ...settles,
    ['claim', claimBody({ cell: voucher, signature: signer.sign(voucher) }), coins(0.5)],
    ['commit', commitBody({ cell: commitment, signature: signer.sign(commitment) }), 0n],
  ]
}

function walletAccount(): string {
  const account = createShardAccount({
    address: wallet.address,
    code: wallet.init.code,
    data: wallet.init.data,
    balance: coins(1000),
  })
  if (account.account) account.account.storageStats.lastPaid = START
  return shardAccountBoc(account)
}

const externalFromWallet = (to: { address: Address; value: bigint; body?: Cell }[]) =>
  ({
    info: { type: 'external-in', dest: wallet.address, importFee: 0n },
    body: wallet.createTransfer({
      seqno: 0,
      secretKey: keyPair.secretKey,
      timeout: START + 60,
      sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
      messages: to.map(({ address, value, body }) =>
        internal({
          to: address,
          value,
          bounce: body !== undefined,
          body: body ?? beginCell().endCell(),
        }),
      ),
    }),
  }) as const

function gasOf(transaction: Transaction | undefined): number {
  const description = transaction?.description
  const compute = description?.type === 'generic' ? description.computePhase : undefined
  if (compute?.type !== 'vm' || compute.exitCode !== 0) throw new Error('not carried out')
  return Number(compute.gasUsed)
}

/** What a transaction took from its account beyond what came with the message. */
function spentBy(transaction: Transaction | undefined): bigint {
  if (transaction?.inMessage?.info.type !== 'internal') throw new Error('no message')
  let spent = transaction.totalFees.coins - transaction.inMessage.info.value.coins
  for (const { info } of transaction.outMessages.values()) {
    if (info.type === 'internal') spent += info.value.coins + info.forwardFee
  }
  return spent
}

/** Rent of a year in nano: what a vault of so many payees costs besides its messages. */
export const rentOfYear = (table: FeeTableName, payees: number): bigint =>
  storageReserve(FEE_TABLES[table], payees) / 2n
