/** @module A local network for tests: blocks by hand, a wallet with coins, the machine compiled once a test file. */
import { type Address, type Cell, internal, SendMode } from '@ton/core'
import { keyPairFromSeed } from '@ton/crypto'
import { TonClient, WalletContractV5R1 } from '@ton/ton'
import {
  LOCALNET_GLOBAL_ID,
  type Localnet,
  type LocalnetSetup,
  startLocalnet,
} from '../../src/payments/localnet/localnet.ts'
import { openVm, type Vm } from '../../src/payments/localnet/vm.ts'
import { quietLog } from './quiet-log.ts'
import { TestClock } from './test-clock.ts'

export const COIN = 1_000_000_000n

let machine: Promise<Vm> | undefined
const sharedVm = (): Promise<Vm> => {
  machine ??= openVm()
  return machine
}

/** In memory, blocks by hand and a clock that stands, unless `setup` says otherwise. */
export const testLocalnet = async (setup: Partial<LocalnetSetup> = {}): Promise<Localnet> =>
  startLocalnet({
    net: 'devnet',
    clock: new TestClock(),
    log: quietLog,
    port: 0,
    blocks: 'manual',
    vm: await sharedVm(),
    ...setup,
  })

/** A V5R1 wallet of this network; the same number gives the same wallet. */
export function testWallet(number: number) {
  const keys = keyPairFromSeed(Buffer.alloc(32, number))
  const wallet = WalletContractV5R1.create({
    publicKey: keys.publicKey,
    walletId: { networkGlobalId: LOCALNET_GLOBAL_ID },
  })
  return { wallet, secretKey: keys.secretKey }
}

/** `TonClient` as the package makes it: nothing of ours in between. */
export const plainClient = (localnet: Localnet): TonClient =>
  new TonClient({ endpoint: localnet.url, timeout: 20_000 })

/** Two minutes from now by the chain's time, in seconds: until when a wallet's message is good. */
export const soon = (localnet: Localnet): number =>
  Math.floor(localnet.chain.head().ms / 1000) + 120

/** Sends coins from a test wallet by an unmodified client and makes the blocks that it takes. Deploys the wallet if need be. */
export async function sendCoins(
  localnet: Localnet,
  from: ReturnType<typeof testWallet>,
  transfer: { readonly to: Address; readonly value: bigint; readonly comment?: string },
): Promise<void> {
  const opened = plainClient(localnet).open(from.wallet)
  await opened.sendTransfer({
    seqno: await opened.getSeqno(),
    secretKey: from.secretKey,
    timeout: soon(localnet),
    sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
    messages: [
      internal({
        to: transfer.to,
        value: transfer.value,
        bounce: false,
        ...(transfer.comment !== undefined && { body: transfer.comment }),
      }),
    ],
  })
  await localnet.chain.mineUntilIdle()
}

/** The body of a wallet's signed message that sends nothing. */
export function signedTransfer(
  localnet: Localnet,
  { wallet, secretKey }: ReturnType<typeof testWallet>,
  seqno: number,
): Cell {
  const timeout = soon(localnet)
  const args = { seqno, secretKey, timeout, sendMode: SendMode.PAY_GAS_SEPARATELY, messages: [] }
  return wallet.createTransfer<typeof args>(args)
}
