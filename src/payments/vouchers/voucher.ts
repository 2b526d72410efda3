/** @module A voucher as JSON and as the message that claims it (PAY §4). Touches no store: the worker of a GPU owner runs this too. */
import { Address, beginCell, type Cell } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import { type PayTerms, type Voucher, voucherSchema } from '../../core/voucher.ts'
import { voucherCell } from '../contracts/cells.ts'
import { VAULT_OPS } from '../contracts/opcodes.ts'
import { type CellSigner, isSignedBy } from '../contracts/sign.ts'

/** What is signed: that a vault owes a payee this lifetime total. */
export interface VoucherFacts {
  readonly net: number
  /** Raw form, `0:` and 64 hex characters. */
  readonly vault: string
  /** 64 hex characters. */
  readonly payee: string
  readonly totalNano: bigint
  readonly epoch: number
}

/** Throws `voucher.invalid` with the path of the first member that is wrong; nothing of the value. */
function readVoucher(value: unknown): Voucher {
  const parsed = voucherSchema.safeParse(value)
  if (!parsed.success) throw new AppError('voucher.invalid', { field: fieldOf(parsed.error) })
  return parsed.data
}

/** Signs a total that the caller has committed. The same total again gives the same voucher. */
export function signVoucher(key: CellSigner, facts: VoucherFacts): Voucher {
  const cell = cellOf(facts)
  const signature = key.sign(cell)
  const { net, vault, payee, epoch } = facts
  return {
    v: 1,
    net,
    vault,
    payee,
    total: facts.totalNano.toString(),
    epoch,
    sig: signature.toString('hex'),
    claim: claimOf(cell, signature),
  }
}

/**
 * A voucher that is worth its total at the vault of these terms. Throws `voucher.invalid` (with `field`), `voucher.domain`
 * (with `field`: another network, vault, payee or key epoch), `voucher.sig`. Not checked: whether the vault can pay.
 */
export function checkVoucher(value: unknown, terms: PayTerms): Voucher {
  const voucher = readVoucher(value)
  const foreign = (['net', 'vault', 'payee', 'epoch'] as const).find(
    (field) => voucher[field] !== terms[field],
  )
  if (foreign !== undefined) throw new AppError('voucher.domain', { field: foreign })
  const cell = cellOf({ ...voucher, totalNano: BigInt(voucher.total) })
  const signature = Buffer.from(voucher.sig, 'hex')
  if (!isSigned(cell, signature, terms.key)) throw new AppError('voucher.sig')
  if (voucher.claim !== claimOf(cell, signature))
    throw new AppError('voucher.invalid', { field: 'claim' })
  return voucher
}

/** Names of members only: an unknown member's name is somebody else's text. */
function fieldOf({ issues }: { issues: readonly { path: PropertyKey[]; code: string }[] }): string {
  const [first] = issues
  const name = String(first?.path[0] ?? '')
  return first?.code !== 'unrecognized_keys' && name !== '' ? name : 'members'
}

const cellOf = ({ net, vault, payee, totalNano, epoch }: VoucherFacts): Cell =>
  voucherCell({ net, vault: Address.parseRaw(vault), epoch }, { payee, total: totalNano })

/** `op queryId:uint64 sig:bits512 ^voucher`: what anybody sends to the vault, with some coins for gas. */
const claimOf = (voucher: Cell, signature: Buffer): string =>
  beginCell()
    .storeUint(VAULT_OPS.Claim, 32)
    .storeUint(0, 64)
    .storeBuffer(signature, 64)
    .storeRef(voucher)
    .endCell()
    .toBoc()
    .toString('base64')

/** False for what is no key, too. */
function isSigned(cell: Cell, signature: Buffer, publicKey: string): boolean {
  try {
    return isSignedBy(cell, signature, Buffer.from(publicKey, 'hex'))
  } catch {
    return false
  }
}
