/** @module The keys of an installation's wallets: files of the data folder, made on first use (0600). */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type CellSigner, cellSigner } from '../contracts/sign.ts'
import { openSeed } from '../vouchers/settlement-key.ts'
import { openWallet, type Wallet } from './wallet.ts'

/** `relayer` pays gas; `owner` and `guardian` govern, off mainnet only; `worker` is where the own worker of a dev network is paid, `deposits` what its customers pay to. */
export type LocalKey = 'relayer' | 'owner' | 'guardian' | 'worker' | 'deposits'

const fileOf = (dataDir: string, name: LocalKey): string => join(dataDir, 'keys', `${name}.key`)

/** `<data>/keys/<name>.key` as a signer. */
function openLocalKey(dataDir: string, name: LocalKey): CellSigner {
  const seed = openSeed(fileOf(dataDir, name))
  try {
    return cellSigner(seed)
  } finally {
    seed.fill(0)
  }
}

export const openLocalWallet = (dataDir: string, name: LocalKey, globalId: number): Wallet =>
  openWallet(openLocalKey(dataDir, name), globalId)

/** Undefined where there is no such key; none is made. */
export const knownLocalWallet = (
  dataDir: string,
  name: LocalKey,
  globalId: number,
): Wallet | undefined =>
  existsSync(fileOf(dataDir, name)) ? openLocalWallet(dataDir, name, globalId) : undefined
