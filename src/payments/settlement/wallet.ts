/** @module A W5R1 wallet of our own: the relayer that carries payloads and pays their gas, or an owner off mainnet (PAY §7). */
import {
  type Address,
  beginCell,
  external,
  type MessageRelaxed,
  SendMode,
  type StateInit,
  storeMessage,
} from '@ton/core'
import { WalletContractV5R1 } from '@ton/ton'
import { AppError } from '../../core/app-error.ts'
import type { ChainPort } from '../chain/port.ts'
import { normHash } from '../chain/raw-messages.ts'
import type { CellSigner } from '../contracts/sign.ts'

interface SignedMessage {
  /** The whole external message, ready to be sent. */
  readonly message: Uint8Array
  /** TEP-467, hex. */
  readonly normHash: string
}

export interface Wallet {
  readonly address: Address
  /** The account hash, 64 hex characters. */
  readonly id: string
  /** What deploys it, in anybody's message. */
  readonly init: StateInit
  /** One external message; the same arguments give the same bytes. `isNew`: the account is not there yet. */
  sign(order: {
    readonly seqno: number
    /** Unix seconds, by the chain's clock. */
    readonly validUntil: number
    readonly messages: readonly MessageRelaxed[]
    readonly isNew: boolean
  }): Promise<SignedMessage>
}

/** `net`: the chain's global id, which is part of the address (the package's own default is mainnet's). */
export function openWallet(key: CellSigner, net: number): Wallet {
  const wallet = WalletContractV5R1.create({
    publicKey: key.publicKey,
    walletId: { networkGlobalId: net },
  })
  return {
    address: wallet.address,
    id: wallet.address.hash.toString('hex'),
    init: wallet.init,
    sign: async ({ seqno, validUntil, messages, isNew }) => {
      const body = await wallet.createTransfer({
        seqno,
        timeout: validUntil,
        messages: [...messages],
        // An external order must carry +2: the wallet sends the rest when one of its messages cannot be paid for.
        sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
        signer: async (cell) => key.sign(cell),
      })
      const message = external({
        to: wallet.address,
        body,
        ...(isNew && { init: wallet.init }),
      })
      const hash = normHash(message)
      if (hash === undefined) throw new TypeError('not an external message')
      return {
        message: beginCell().store(storeMessage(message)).endCell().toBoc(),
        normHash: hash,
      }
    },
  }
}

export interface WalletSight {
  readonly isNew: boolean
  readonly seqno: number
  readonly lastLt: bigint
  readonly balanceNano: bigint
}

/** Number and last transaction of one and the same state: read from the account's data, so that a lagging node cannot mix two. */
export async function lookAtWallet(
  chain: Pick<ChainPort, 'account'>,
  address: Address,
): Promise<WalletSight> {
  const { state, data, lastLt, balanceNano } = await chain.account(address)
  if (state === 'frozen') throw new AppError('settlement.halted')
  if (state === 'uninit' || !data) return { isNew: true, seqno: 0, lastLt, balanceNano }
  // is_signature_allowed:(## 1) seqno:uint32
  return { isNew: false, seqno: data.beginParse().skip(1).loadUint(32), lastLt, balanceNano }
}
