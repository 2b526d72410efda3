/** @module Whether somebody holds the key of a wallet: TON Connect's `ton_proof`, checked by ourselves (PAY §14). */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { type Address, Cell, contractAddress, loadStateInit, type StateInit } from '@ton/core'
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { readAddress } from './address.ts'
import { keyOfWallet } from './wallet-code.ts'

/** What a wallet hands over when it connects. */
const proofSchema = z.object({
  /** Raw, as TON Connect sends it, or user-friendly. */
  address: z.string().max(80),
  /** Global id of the wallet's chain. */
  network: z.string().max(12),
  publicKey: z.string().regex(/^[0-9a-fA-F]{64}$/),
  walletStateInit: z.string().max(8192),
  proof: z.object({
    timestamp: z.union([z.number().int().nonnegative(), z.string().regex(/^\d{1,15}$/)]),
    domain: z.object({ lengthBytes: z.number().int().nonnegative(), value: z.string().max(253) }),
    payload: z.string().max(128),
    signature: z.string().max(128),
  }),
})
type WalletProof = z.output<typeof proofSchema>

/** What a proof is held against. */
export interface ProofRules {
  /** Where the page is served from; holds a dot. */
  readonly domain: string
  /** Global id of our chain, as text: `-239` is mainnet. */
  readonly network: string
  readonly nowMs: number
  /** Raw addresses of our own contracts: none of them is anybody's wallet. */
  readonly own: ReadonlySet<string>
  /** What the getter `get_public_key` of the deployed wallet at a raw address says; undefined where there is no such account or getter. */
  readonly keyOnChain: (address: string) => Promise<Buffer | undefined>
}

/** A proof that holds. Whether its nonce was ours and is fresh is for whoever gave it out. */
export interface ProvenWallet {
  /** Raw: `0:<hex>`. */
  readonly address: string
  /** The nonce that was signed. */
  readonly payload: string
  /** Seconds since 1970, by the wallet's clock. */
  readonly signedAt: number
}

const mainnet = '-239'
const oldestS = 300
const aheadS = 60
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Checks everything that follows from the proof and from the chain. Throws `wallet.proof.<reason>`, each for one fault,
 * and `chain.unavailable` when a wallet of unknown code could not be asked.
 */
export async function checkProof(sent: unknown, rules: ProofRules): Promise<ProvenWallet> {
  const parsed = proofSchema.safeParse(sent)
  if (!parsed.success) refuse('wallet.proof.shape')
  const { proof, publicKey, ...wallet } = parsed.data
  const signature = bytesOf(proof.signature)
  const stateBytes = bytesOf(wallet.walletStateInit)
  if (signature.length !== 64) refuse('wallet.proof.base64')
  const address = checkAddress(wallet, rules)
  const signedAt = checkFrame(proof, rules)
  const key = Buffer.from(publicKey, 'hex')
  const isSigned = verifies(key, proofDigest({ ...proof, address, timestamp: signedAt }), signature)
  const state = readState(stateBytes)
  // Either the wallet signed for this address and came with somebody's state, or it signed for another address.
  if (!state || !contractAddress(0, state).equals(address))
    refuse(isSigned ? 'wallet.proof.state-init' : 'wallet.proof.address')
  const own = await keyOf(state, address, rules)
  if (!own.equals(key)) refuse('wallet.proof.key')
  if (!isSigned) refuse('wallet.proof.signature')
  return { address: address.toRawString(), payload: proof.payload, signedAt }
}

function checkAddress(
  { address: text, network }: Pick<WalletProof, 'address' | 'network'>,
  rules: ProofRules,
): Address {
  const read = readAddress(text)
  if (!read) refuse('wallet.proof.shape')
  const { address, isTestOnly } = read
  if (network !== rules.network) refuse('wallet.proof.network')
  if (isTestOnly && rules.network === mainnet) refuse('wallet.proof.test-only')
  if (address.workChain !== 0) refuse('wallet.proof.workchain')
  if (rules.own.has(address.toRawString())) refuse('wallet.proof.own-contract')
  return address
}

/** Domain and time; gives the time. */
function checkFrame({ domain, timestamp }: WalletProof['proof'], rules: ProofRules): number {
  if (domain.value !== rules.domain) refuse('wallet.proof.domain')
  if (domain.lengthBytes !== Buffer.byteLength(domain.value)) refuse('wallet.proof.domain-length')
  const signedAt = Number(timestamp)
  const ageS = rules.nowMs / 1000 - signedAt
  if (ageS > oldestS) refuse('wallet.proof.old')
  if (ageS < -aheadS) refuse('wallet.proof.future')
  return signedAt
}

async function keyOf(state: StateInit, address: Address, rules: ProofRules): Promise<Buffer> {
  const known = state.code && state.data && keyOfWallet(state.code, state.data)
  return known ?? (await rules.keyOnChain(address.toRawString())) ?? refuse('wallet.proof.code')
}

function readState(bytes: Buffer): StateInit | undefined {
  try {
    const [cell] = Cell.fromBoc(bytes)
    return cell && loadStateInit(cell.beginParse())
  } catch {
    return undefined
  }
}

/**
 * What a wallet signs. `"ton-proof-item-v2/" ‖ workchain int32 BE ‖ hash 32 ‖ domain length uint32 LE ‖ domain ‖
 * timestamp uint64 LE ‖ payload`, hashed, and hashed again behind `ffff ‖ "ton-connect"`.
 */
export function proofDigest(it: {
  readonly address: Address
  readonly domain: { readonly lengthBytes: number; readonly value: string }
  readonly timestamp: number
  readonly payload: string
}): Buffer {
  const workchain = Buffer.alloc(4)
  workchain.writeInt32BE(it.address.workChain)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(it.domain.lengthBytes)
  const timestamp = Buffer.alloc(8)
  timestamp.writeBigUInt64LE(BigInt(it.timestamp))
  const message = Buffer.concat([
    Buffer.from('ton-proof-item-v2/'),
    workchain,
    it.address.hash,
    length,
    Buffer.from(it.domain.value),
    timestamp,
    Buffer.from(it.payload),
  ])
  const marked = [Buffer.from([0xff, 0xff]), Buffer.from('ton-connect'), sha256(message)]
  return sha256(Buffer.concat(marked))
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

function verifies(key: Buffer, digest: Buffer, signature: Buffer): boolean {
  const spki = Buffer.concat([spkiPrefix, key])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  return verify(null, digest, publicKey, signature)
}

/** Standard base64, and nothing that only looks like it. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (text === '' || bytes.toString('base64') !== text) refuse('wallet.proof.base64')
  return bytes
}

function refuse(code: ErrorCode & `wallet.proof.${string}`): never {
  throw new AppError(code)
}
