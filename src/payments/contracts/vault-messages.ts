/** @module Bodies of the messages that a vault understands (contracts/vault/vault.tlb). */
import { type Address, type Builder, beginCell, type Cell } from '@ton/core'
import { PENDING, type PendingKind, VAULT_OPS } from './opcodes.ts'
import { capsCell, checkCaps, type VaultCaps } from './vault-config.ts'

type Op = keyof typeof VAULT_OPS
type QueryId = bigint

/** A signed cell on its way to the vault: anyone may send it. */
export interface Signed {
  readonly queryId?: QueryId
  /** 64 bytes. */
  readonly signature: Uint8Array
  readonly cell: Cell
}

const body = (op: Op, queryId: QueryId = 0n): Builder =>
  beginCell().storeUint(VAULT_OPS[op], 32).storeUint(queryId, 64)

function signedBody(op: 'Settle' | 'Claim' | 'CommitLiability', signed: Signed): Cell {
  if (signed.signature.length !== 64) throw new RangeError('a signature has 64 bytes')
  return body(op, signed.queryId)
    .storeBuffer(Buffer.from(signed.signature))
    .storeRef(signed.cell)
    .endCell()
}

export const settleBody = (signed: Signed): Cell => signedBody('Settle', signed)
export const claimBody = (signed: Signed): Cell => signedBody('Claim', signed)
export const commitBody = (signed: Signed): Cell => signedBody('CommitLiability', signed)
export const topUpBody = (queryId?: QueryId): Cell => body('TopUp', queryId).endCell()

/** `until` in unix seconds, at most 72 hours from now. */
export const pauseBody = (until: number, queryId?: QueryId): Cell =>
  body('Pause', queryId).storeUint(until, 32).endCell()
export const unpauseBody = (queryId?: QueryId): Cell => body('Unpause', queryId).endCell()

export const lowerCapsBody = (
  caps: Pick<VaultCaps, 'batchCap' | 'dayCap' | 'claimDayCap'>,
  queryId?: QueryId,
): Cell =>
  body('LowerCaps', queryId)
    .storeCoins(caps.batchCap)
    .storeCoins(caps.dayCap)
    .storeCoins(caps.claimDayCap)
    .endCell()

export const requestWithdrawBody = (amount: bigint, queryId?: QueryId): Cell =>
  body('RequestWithdraw', queryId).storeCoins(amount).endCell()

/** Throws RangeError for caps that the vault would refuse. */
export function requestCapsBody(caps: VaultCaps, queryId?: QueryId): Cell {
  checkCaps(caps)
  return body('RequestCaps', queryId).storeRef(capsCell(caps)).endCell()
}

/** `overlap` in seconds: how long vouchers of the present key stay good after the change. */
export const requestKeyBody = (change: { key: Buffer; overlap: number }, queryId?: QueryId): Cell =>
  body('RequestKey', queryId).storeBuffer(change.key, 32).storeUint(change.overlap, 32).endCell()

export const requestRolesBody = (
  roles: { owner: Address; guardian: Address },
  queryId?: QueryId,
): Cell =>
  body('RequestRoles', queryId).storeAddress(roles.owner).storeAddress(roles.guardian).endCell()

export const requestCodeBody = (codeHash: Buffer, queryId?: QueryId): Cell =>
  body('RequestCode', queryId).storeBuffer(codeHash, 32).endCell()

/** `code` is given for kind `code` only. */
export const executeBody = (change: { kind: PendingKind; code?: Cell }, queryId?: QueryId): Cell =>
  body('Execute', queryId)
    .storeUint(PENDING[change.kind], 8)
    .storeMaybeRef(change.code ?? null)
    .endCell()

export const cancelBody = (kind: PendingKind, queryId?: QueryId): Cell =>
  body('Cancel', queryId).storeUint(PENDING[kind], 8).endCell()

export const acceptOwnerBody = (queryId?: QueryId): Cell => body('AcceptOwner', queryId).endCell()
