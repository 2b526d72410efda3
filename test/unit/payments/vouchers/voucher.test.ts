import { createHash } from 'node:crypto'
import { Address, Cell } from '@ton/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../../src/core/app-error.ts'
import type { Voucher } from '../../../../src/core/voucher.ts'
import { voucherCell as cellOf } from '../../../../src/payments/contracts/cells.ts'
import { cellSigner } from '../../../../src/payments/contracts/sign.ts'
import {
  checkVoucher,
  signVoucher,
  type VoucherFacts,
} from '../../../../src/payments/vouchers/voucher.ts'

const key = cellSigner(new Uint8Array(32).fill(7))
const facts: VoucherFacts = {
  net: -217,
  vault: `0:${'ab'.repeat(32)}`,
  payee: 'cd'.repeat(32),
  totalNano: 1_234_567_890n,
  epoch: 3,
}
const terms = {
  net: -217,
  vault: facts.vault,
  payee: facts.payee,
  epoch: 3,
  key: key.publicKey.toString('hex'),
}

const voucherCell = (of: VoucherFacts): Cell =>
  cellOf(
    { net: of.net, vault: Address.parseRaw(of.vault), epoch: of.epoch },
    { payee: of.payee, total: of.totalNano },
  )

/** The representation hash of a cell without references, by the book and without a package. */
function hashOfBits(bits: string): string {
  const padded =
    bits.length % 8 === 0 ? bits : `${bits}1`.padEnd(Math.ceil(bits.length / 8) * 8, '0')
  const bytes = padded.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []
  const lengths = Math.floor(bits.length / 8) + Math.ceil(bits.length / 8)
  return createHash('sha256')
    .update(Uint8Array.from([0, lengths, ...bytes]))
    .digest('hex')
}
const uint = (value: bigint, size: number): string => value.toString(2).padStart(size, '0')

function refusalOf(value: unknown, at = terms): string {
  try {
    checkVoucher(value, at)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return `${error.code} ${String(error.details['field'] ?? '')}`.trim()
  }
}

describe('a voucher', () => {
  it('is the cell of its scheme, bit by bit', () => {
    const bits = [
      uint(0x43485631n, 32),
      uint(BigInt.asUintN(32, -217n), 32),
      `10000000000${uint(BigInt(`0x${'ab'.repeat(32)}`), 256)}`,
      uint(BigInt(`0x${'cd'.repeat(32)}`), 256),
      uint(4n, 4),
      uint(1_234_567_890n, 32),
      uint(3n, 32),
    ].join('')

    expect(voucherCell(facts).hash().toString('hex')).toBe(hashOfBits(bits))
  })

  it('has the fixed hash, signature and claim of its vector', () => {
    const voucher = signVoucher(key, facts)

    expect(key.publicKey.toString('hex')).toBe(
      'ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c',
    )
    expect(voucherCell(facts).hash().toString('hex')).toMatchInlineSnapshot(
      `"8139241c0d9a8b56fe7db37e69487033dc9e971f4cfab679358cf01f69e6a593"`,
    )
    expect(voucher.sig).toMatchInlineSnapshot(
      `"e201540b6e52eb692316dc430cbfb87e286ac11ed9f4210da73165b00bd6765481d0597d7a0307bdb83a639252785947e87ea11057fde0376b99547af892490e"`,
    )
    expect(Cell.fromBase64(voucher.claim).hash().toString('hex')).toMatchInlineSnapshot(
      `"a4f79e0b23d9ebe8720f14e4a94781cce8d33725252d9f98556410c5707e9b0e"`,
    )
  })

  it('is the same voucher when the same total is signed again', () => {
    expect(signVoucher(key, facts)).toEqual(signVoucher(key, { ...facts }))
  })

  it('is accepted by whoever pinned its vault and key, whatever the total', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 72n - 1n }), (totalNano) => {
        const voucher = signVoucher(key, { ...facts, totalNano })
        const wire: unknown = JSON.parse(JSON.stringify(voucher))
        expect(checkVoucher(wire, terms).total).toBe(totalNano.toString())
        expect(voucherCell({ ...facts, totalNano }).bits.length).toBeLessThanOrEqual(743)
      }),
      { numRuns: 200 },
    )
  })

  it('of another network, vault, payee or key epoch is foreign, even with its right signature', () => {
    const of = (change: Partial<VoucherFacts>) =>
      refusalOf(signVoucher(key, { ...facts, ...change }))

    expect(of({ net: -239 })).toBe('voucher.domain net')
    expect(of({ vault: `0:${'ac'.repeat(32)}` })).toBe('voucher.domain vault')
    expect(of({ payee: 'ce'.repeat(32) })).toBe('voucher.domain payee')
    expect(of({ epoch: 4 })).toBe('voucher.domain epoch')
  })

  it('with a changed total, another key or a flipped bit is not signed', () => {
    const good = signVoucher(key, facts)
    const flipped = `${good.sig.slice(0, -1)}${good.sig.endsWith('0') ? '1' : '0'}`
    const other = signVoucher(cellSigner(new Uint8Array(32).fill(8)), facts)

    expect(refusalOf({ ...good, total: '1234567891' })).toBe('voucher.sig')
    expect(refusalOf({ ...good, sig: flipped })).toBe('voucher.sig')
    expect(refusalOf(other)).toBe('voucher.sig')
  })

  it('names the member that is malformed', () => {
    const good: Voucher = signVoucher(key, facts)
    const wrong: Partial<Record<keyof Voucher, unknown>> = {
      v: 2,
      net: 1.5,
      vault: `-1:${'ab'.repeat(32)}`,
      payee: 'CD'.repeat(32),
      total: '01',
      epoch: -1,
      sig: 'ab',
      claim: 'not a message',
    }

    for (const [name, value] of Object.entries(wrong))
      expect(refusalOf({ ...good, [name]: value })).toBe(`voucher.invalid ${name}`)
    expect(refusalOf({ ...good, more: 1 })).toBe('voucher.invalid members')
    expect(refusalOf(null)).toBe('voucher.invalid members')
  })

  it('with the claim of another voucher is refused: its owner would send the wrong message', () => {
    const other = signVoucher(key, { ...facts, totalNano: 1n })

    expect(refusalOf({ ...signVoucher(key, facts), claim: other.claim })).toBe(
      'voucher.invalid claim',
    )
  })
})
