/** @module Wallets of tests: keys from a seed, first states by `@ton/ton`, proofs put together byte by byte. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { beginCell, contractAddress, type StateInit, storeStateInit } from '@ton/core'
import { WalletContractV3R2, WalletContractV4, WalletContractV5R1 } from '@ton/ton'

export type WalletKind = 'v3r2' | 'v4r2' | 'v5r1' | 'unknown'

export interface TestWallet {
  readonly key: KeyObject
  /** 64 hex characters. */
  readonly publicKey: string
  readonly state: StateInit
  /** Raw. */
  readonly address: string
}

const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** `seed`: one byte, repeated. */
export function testWallet(kind: WalletKind, seed: number): TestWallet {
  const der = Buffer.concat([pkcs8, Buffer.alloc(32, seed)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12)
  const state = stateOf(kind, publicKey)
  const address = contractAddress(0, state).toRawString()
  return { key, publicKey: publicKey.toString('hex'), state, address }
}

function stateOf(kind: WalletKind, publicKey: Buffer): StateInit {
  switch (kind) {
    case 'v3r2':
      return WalletContractV3R2.create({ workchain: 0, publicKey }).init
    case 'v4r2':
      return WalletContractV4.create({ workchain: 0, publicKey }).init
    case 'v5r1':
      return WalletContractV5R1.create({ publicKey, walletId: { networkGlobalId: -217 } }).init
    case 'unknown': {
      const data = beginCell().storeBuffer(publicKey).endCell()
      return { code: beginCell().storeUint(7, 8).endCell(), data }
    }
  }
}

export const stateBoc = (state: StateInit): string =>
  beginCell().store(storeStateInit(state)).endCell().toBoc().toString('base64')

/** What is signed. */
export interface Signed {
  readonly address: string
  readonly domain: string
  readonly lengthBytes: number
  readonly timestamp: number
  readonly payload: string
}

/** The digest of a proof by its description alone, without our code. */
export function digestOf(it: Signed): Buffer {
  const [workchain = '0', hash = ''] = it.address.split(':')
  const numbers = new DataView(new ArrayBuffer(16))
  numbers.setInt32(0, Number(workchain), false)
  numbers.setUint32(4, it.lengthBytes, true)
  numbers.setBigUint64(8, BigInt(it.timestamp), true)
  const bytes = Buffer.from(numbers.buffer)
  const inner = createHash('sha256')
    .update('ton-proof-item-v2/')
    .update(bytes.subarray(0, 4))
    .update(Buffer.from(hash, 'hex'))
    .update(bytes.subarray(4, 8))
    .update(it.domain)
    .update(bytes.subarray(8))
    .update(it.payload)
    .digest()
  return createHash('sha256')
    .update(Buffer.from('ffff', 'hex'))
    .update('ton-connect')
    .update(inner)
    .digest()
}

export interface ProofInput {
  readonly wallet: TestWallet
  readonly domain?: string
  readonly network?: string
  readonly timestamp: number
  readonly payload: string
}

/** What the wallet hands over; `signed` and `signer` make it sign something else, or with another key. */
export function walletProof(
  { wallet, domain = 'gpu.example.org', network = '-217', timestamp, payload }: ProofInput,
  other: { readonly signed?: Partial<Signed>; readonly signer?: TestWallet } = {},
) {
  const lengthBytes = Buffer.byteLength(domain)
  const signed = {
    address: wallet.address,
    domain,
    lengthBytes,
    timestamp,
    payload,
    ...other.signed,
  }
  const signature = sign(null, digestOf(signed), (other.signer ?? wallet).key).toString('base64')
  return {
    address: wallet.address,
    network,
    publicKey: wallet.publicKey,
    walletStateInit: stateBoc(wallet.state),
    proof: { timestamp, domain: { lengthBytes, value: domain }, payload, signature },
  }
}
