/** @module A vault in the emulator with its owner, guardian, relayer and keys. */
import type { Address, Cell } from '@ton/core'
import {
  commitCell,
  type Entry,
  type SignedDomain,
  settleCell,
  voucherCell,
} from '../../src/payments/contracts/cells.ts'
import { contractCode } from '../../src/payments/contracts/code.ts'
import type { PendingKind } from '../../src/payments/contracts/opcodes.ts'
import { type CellSigner, cellSigner } from '../../src/payments/contracts/sign.ts'
import { Vault } from '../../src/payments/contracts/vault.ts'
import {
  DEFAULT_CAPS,
  type VaultCaps,
  type VaultConfig,
} from '../../src/payments/contracts/vault-config.ts'
import {
  claimBody,
  commitBody,
  executeBody,
  settleBody,
} from '../../src/payments/contracts/vault-messages.ts'
import { readVaultData, type VaultData } from '../../src/payments/contracts/vault-reading.ts'
import { payeeAt, withPayees } from './big-vault.ts'
import {
  type ContractWorld,
  coins,
  contractWorld,
  type Outcome,
  party,
  START,
  type WorldOptions,
} from './contract-world.ts'

export interface VaultWorld extends ContractWorld {
  readonly owner: Address
  readonly guardian: Address
  readonly relayer: Address
  readonly stranger: Address
  /** Keys of epochs 1, 2 and 3. */
  readonly keys: readonly [CellSigner, CellSigner, CellSigner]
  read(): Promise<VaultData>
  domain(epoch?: number): SignedDomain
  readonly contract: Vault
  paidTo(payee: string): Promise<bigint>
  settle(entries: readonly Entry[], options?: SettleOptions): Promise<Outcome>
  claim(entry: Entry, options?: SignOptions): Promise<Outcome>
  commit(total: bigint, options?: SignOptions & { commitEpoch?: number }): Promise<Outcome>
  execute(kind: PendingKind, code?: Cell): Promise<Outcome>
}

interface SignOptions {
  readonly from?: Address
  readonly value?: bigint
  readonly signer?: CellSigner
  readonly epoch?: number
  readonly domain?: Partial<SignedDomain>
}

interface SettleOptions extends SignOptions {
  readonly validUntil?: number
  readonly batch?: bigint
}

export interface VaultOptions extends WorldOptions {
  readonly caps?: Partial<VaultCaps>
  /** Payees that the vault counts already, without their rows. */
  readonly payees?: number
}

/** Signer of a fixed seed. */
export const keyOf = (byte: number): CellSigner => cellSigner(Buffer.alloc(32, byte))

/** `n` payees, each with the same lifetime total. */
export const entriesOf = (n: number, total: bigint): Entry[] =>
  Array.from({ length: n }, (_, index) => ({ payee: payeeAt(index), total }))

export const ROLES = { owner: party('owner'), guardian: party('guardian') } as const

export const vaultConfig = (caps: Partial<VaultCaps> = {}): VaultConfig => ({
  settlementKey: keyOf(1).publicKey,
  ...ROLES,
  caps: { ...DEFAULT_CAPS, ...caps },
  createdAt: START,
})

export async function vaultWorld(options: VaultOptions = {}): Promise<VaultWorld> {
  const contract = Vault.createFromConfig(
    vaultConfig(options.caps),
    options.code ?? contractCode('vault'),
  )
  const { address, init } = contract
  const planted =
    options.payees && init?.data
      ? { address, init: { ...init, data: withPayees(init.data, options.payees) } }
      : contract
  const world = await contractWorld(planted, options)
  const keys = [keyOf(1), keyOf(2), keyOf(3)] as const
  const relayer = party('relayer')
  const domain = (epoch = 1): SignedDomain => ({ net: -239, vault: world.address, epoch })
  const read = async () => readVaultData(await world.data())

  const sign = (cell: Cell, with_: SignOptions) => {
    const epoch = with_.epoch ?? with_.domain?.epoch ?? 1
    const signer = with_.signer ?? keys[epoch - 1] ?? keys[0]
    return { cell, signature: signer.sign(cell) }
  }
  const full = (with_: SignOptions): SignedDomain => ({
    ...domain(with_.epoch),
    ...with_.domain,
  })
  return {
    ...world,
    ...ROLES,
    relayer,
    stranger: party('stranger'),
    keys,
    read,
    domain,
    contract,
    paidTo: (payee) => contract.getPaidTo(world.getters, payee),
    settle: (entries, with_ = {}) => {
      const cell = settleCell(full(with_), {
        validUntil: with_.validUntil ?? world.now() + 600,
        batch: with_.batch ?? 1n,
        entries,
      })
      return world.send(with_.from ?? relayer, settleBody(sign(cell, with_)), with_.value)
    },
    claim: (entry, with_ = {}) =>
      world.send(
        with_.from ?? relayer,
        claimBody(sign(voucherCell(full(with_), entry), with_)),
        with_.value,
      ),
    commit: async (total, with_ = {}) => {
      const commitEpoch = with_.commitEpoch ?? (await read()).commit.epoch + 1
      const cell = commitCell(full(with_), { commitEpoch, total, root: 'ab'.repeat(32) })
      return world.send(with_.from ?? relayer, commitBody(sign(cell, with_)), with_.value)
    },
    execute: (kind, code) =>
      world.send(ROLES.owner, executeBody(code ? { kind, code } : { kind }), coins(1)),
  }
}
