/** @module The wallet that a key of the wallet page stands for where no real one connects: a W5 that nobody deployed. */
import { beginCell, storeStateInit } from '@ton/core'
import { WalletContractV5R1 } from '@ton/ton'

/** Raw address and first state (base64) of the wallet of `publicKey` (64 hex characters) on the chain with this global id. */
export function testWalletOf(
  publicKey: string,
  networkGlobalId: number,
): { readonly address: string; readonly walletStateInit: string } {
  const { address, init } = WalletContractV5R1.create({
    publicKey: Buffer.from(publicKey, 'hex'),
    walletId: { networkGlobalId },
  })
  const state = beginCell().store(storeStateInit(init)).endCell()
  return { address: address.toRawString(), walletStateInit: state.toBoc().toString('base64') }
}
