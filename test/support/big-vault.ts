/** @module A vault that has paid many payees already, as bytes. */
import { createHash } from 'node:crypto'
import { beginCell, type Cell, Dictionary, storeShardAccount } from '@ton/core'
import { createShardAccount } from '@ton/sandbox'
import { contractCode } from '../../src/payments/contracts/code.ts'
import { Vault } from '../../src/payments/contracts/vault.ts'
import {
  adminCell,
  capsCell,
  coinsValue,
  keysCell,
  type VaultConfig,
  vaultDataCell,
} from '../../src/payments/contracts/vault-config.ts'
import { type RawCell, rawBoc, rawCell, rawCoinsMap } from './raw-cells.ts'

/** The `n`th payee: spread as account hashes are. */
export const payeeAt = (n: number): string =>
  createHash('sha256').update(`payee ${n}`).digest('hex')

/** ShardAccount of the vault of `config` in which payees 0 to `payees` - 1 were paid `each` nano. */
export function bigVault(config: VaultConfig, payees: number, each: bigint): string {
  const { address } = Vault.createFromConfig(config)
  const placeholder = beginCell().storeUint(0xfeed, 16).endCell()
  const planted = new Map<string, RawCell>()
  const paid = Dictionary.empty(Dictionary.Keys.BigUint(256), coinsValue)
  const empty = vaultDataCell({
    keys: keysCell(config.settlementKey),
    caps: capsCell(config.caps),
    admin: adminCell(config),
    paid,
    totalPaid: each * BigInt(payees),
  })
  let data = empty
  if (payees > 0) {
    const rows = Array.from(
      { length: payees },
      (_, n) => [BigInt(`0x${payeeAt(n)}`), each] as const,
    )
    planted.set(placeholder.hash().toString('hex'), rawCoinsMap(rows))
    data = withPayees(empty, payees, placeholder)
  }
  const account = createShardAccount({
    address,
    code: contractCode('vault'),
    data,
    balance: 10_000n * 10n ** 9n,
  })
  if (account.account) account.account.storageStats.lastPaid = config.createdAt
  return rawBoc(rawCell(beginCell().store(storeShardAccount(account)).endCell(), planted))
}

/** The root cell of an empty vault with another count and another root of the map (none: only the count is believed). */
export function withPayees(empty: Cell, payees: number, map?: Cell): Cell {
  const slice = empty.beginParse()
  const head = slice.loadBits(slice.remainingBits - 33)
  return beginCell()
    .storeBits(head)
    .storeUint(payees, 32)
    .storeRef(slice.loadRef())
    .storeRef(slice.loadRef())
    .storeRef(slice.loadRef())
    .storeMaybeRef(map ?? null)
    .endCell()
}
