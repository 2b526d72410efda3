/** @module The changes that wait in a vault, as cells and as fields that a person can read. */
import { type Address, beginCell, type Cell } from '@ton/core'
import type { PendingKind } from '../contracts/opcodes.ts'
import type { VaultCaps } from '../contracts/vault-config.ts'
import { readCaps } from '../contracts/vault-reading.ts'
import type { Fields } from './order.ts'

export const withdrawChange = (amount: bigint): Cell => beginCell().storeCoins(amount).endCell()

export const keyChange = ({ key, overlap }: { key: Buffer; overlap: number }): Cell =>
  beginCell().storeBuffer(key, 32).storeUint(overlap, 32).endCell()

export const rolesChange = ({ owner, guardian }: { owner: Address; guardian: Address }): Cell =>
  beginCell().storeAddress(owner).storeAddress(guardian).endCell()

export const capsFields = (caps: VaultCaps): Fields => ({
  batchCap: { nano: caps.batchCap },
  dayCap: { nano: caps.dayCap },
  claimDayCap: { nano: caps.claimDayCap },
  claimFloor: { nano: caps.claimFloor },
  withdrawDelay: { seconds: caps.withdrawDelay },
  capsDelay: { seconds: caps.capsDelay },
  keyDelay: { seconds: caps.keyDelay },
  codeDelay: { seconds: caps.codeDelay },
  minOverlap: { seconds: caps.minOverlap },
})

/** What a pending change of a kind says. Throws what @ton/core throws for a cell of another shape. */
export function changeFields(kind: PendingKind, change: Cell): Fields {
  const slice = change.beginParse()
  switch (kind) {
    case 'withdraw':
      return { amount: { nano: slice.loadCoins() } }
    case 'caps':
      return capsFields(readCaps(slice))
    case 'key':
      return {
        key: { text: slice.loadBuffer(32).toString('hex') },
        overlap: { seconds: slice.loadUint(32) },
      }
    case 'roles':
      return {
        owner: { text: slice.loadAddress().toRawString() },
        guardian: { text: slice.loadAddress().toRawString() },
      }
    case 'code':
      return { codeHash: { text: slice.loadBuffer(32).toString('hex') } }
    case 'owner':
      return { owner: { text: slice.loadAddress().toRawString() } }
  }
}
