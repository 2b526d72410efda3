/** @module Which key file may give an order: the one whose wallet has the role on chain. No key is ever made here. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import { cellSigner } from '../contracts/sign.ts'
import { openWallet, type Wallet } from '../settlement/wallet.ts'
import { openSeed } from '../vouchers/settlement-key.ts'
import type { Order } from './order.ts'

export interface Signer {
  readonly role: Order['signers'][number]['role']
  readonly keyFile: string
  readonly wallet: Wallet
}

/** The 32 bytes at `path` as a wallet. Throws `admin.key-missing` where there is no file, `config.data-folder` for another size. */
function walletOfKeyFile(path: string, globalId: number): Wallet {
  if (!existsSync(path)) throw new AppError('admin.key-missing', { file: path })
  const seed = openSeed(path)
  try {
    return openWallet(cellSigner(seed), globalId)
  } finally {
    seed.fill(0)
  }
}

/**
 * `keyFile`, or the first key of the data folder that has one of the order's roles. Throws `admin.key-missing`, and
 * `admin.signer` for a key whose wallet has none of them.
 */
export function signerOf(
  { signers }: Pick<Order, 'signers'>,
  from: {
    readonly dataDir: string
    readonly globalId: number
    readonly keyFile?: string | undefined
  },
): Signer {
  const { dataDir, globalId, keyFile } = from
  const inFolder = (name: string): string => join(dataDir, 'keys', `${name}.key`)
  for (const { role, address } of signers) {
    // Off mainnet one wallet often has several roles.
    const names = role === 'anyone' ? ['owner', 'relayer'] : [role, 'owner']
    const files = keyFile === undefined ? names.map(inFolder) : [keyFile]
    for (const file of files) {
      if (keyFile === undefined && !existsSync(file)) continue
      const wallet = walletOfKeyFile(file, globalId)
      if (role === 'anyone' || (address && wallet.address.equals(address)))
        return { role, keyFile: file, wallet }
    }
  }
  const wanted = signers.map(({ role }) => role).join(' | ')
  throw new AppError('admin.signer', { wanted, address: signers[0]?.address?.toRawString() ?? '' })
}
