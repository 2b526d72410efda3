/** @module Which wallet takes deposits: the one the operator names, else that of the localnet. */
import { Address } from '@ton/core'
import type { ChainFile } from '../settlement/chain-file.ts'

export function depositWalletOf({
  setting,
  file,
}: {
  setting: Address | undefined
  file: Pick<ChainFile, 'deposits'> | undefined
}): Address | undefined {
  if (setting) return setting
  return file?.deposits === undefined ? undefined : Address.parseRaw(file.deposits)
}
