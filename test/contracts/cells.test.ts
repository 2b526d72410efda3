import { Address, Cell } from '@ton/core'
import { describe, expect, test } from 'vitest'
import {
  commitCell,
  MAX_ENTRY_TOTAL,
  settleCell,
  voucherCell,
} from '../../src/payments/contracts/cells.ts'
import { cellSigner, isSignedBy } from '../../src/payments/contracts/sign.ts'
import { Vault } from '../../src/payments/contracts/vault.ts'
import { DEFAULT_CAPS } from '../../src/payments/contracts/vault-config.ts'
import { requestCapsBody, settleBody } from '../../src/payments/contracts/vault-messages.ts'
import { vaultConfig } from '../support/vault-world.ts'
import vectors from './vectors.json' with { type: 'json' }

const signer = cellSigner(Buffer.from(vectors.seed, 'hex'))
const domain = { net: vectors.net, vault: Address.parse(vectors.vault), epoch: vectors.epoch }

const cells: Record<'voucher' | 'settle' | 'commit', Cell> = {
  voucher: voucherCell(domain, {
    payee: vectors.voucher.payee,
    total: BigInt(vectors.voucher.total),
  }),
  settle: settleCell(domain, {
    validUntil: vectors.settle.validUntil,
    batch: BigInt(vectors.settle.batch),
    entries: vectors.settle.entries.map(({ payee, total }) => ({ payee, total: BigInt(total) })),
  }),
  commit: commitCell(domain, {
    commitEpoch: vectors.commit.commitEpoch,
    total: BigInt(vectors.commit.total),
    root: vectors.commit.root,
  }),
}

describe.each(['voucher', 'settle', 'commit'] as const)('the fixed vector of a %s', (kind) => {
  test('cell, hash and signature are those on record', () => {
    const cell = cells[kind]

    expect(cell.toBoc().toString('hex')).toBe(vectors[kind].boc)
    expect(cell.hash().toString('hex')).toBe(vectors[kind].hash)
    expect(signer.sign(cell).toString('hex')).toBe(vectors[kind].sig)
  })

  test('the signature holds for this cell and key and for no other', () => {
    const cell = cells[kind]
    const sig = Buffer.from(vectors[kind].sig, 'hex')

    expect(isSignedBy(cell, sig, signer.publicKey)).toBe(true)
    expect(isSignedBy(Cell.EMPTY, sig, signer.publicKey)).toBe(false)
    expect(isSignedBy(cell, sig.subarray(1), signer.publicKey)).toBe(false)
    expect(isSignedBy(cell, sig, cellSigner(Buffer.alloc(32, 9)).publicKey)).toBe(false)
  })
})

test('a voucher fits one cell of 743 bits, whatever its total', () => {
  const most = voucherCell(domain, { payee: 'ff'.repeat(32), total: 2n ** 120n - 1n })

  expect(most.bits.length).toBeLessThanOrEqual(743)
  expect(most.refs).toEqual([])
})

test('three entries of the highest total fit one cell; a higher total is refused', () => {
  const entry = { payee: 'ff'.repeat(32), total: MAX_ENTRY_TOTAL }
  const payload = { validUntil: 1, batch: 1n, entries: [entry, entry, entry] }

  expect(settleCell(domain, payload).refs).toHaveLength(1)
  expect(() =>
    settleCell(domain, { ...payload, entries: [{ ...entry, total: 2n ** 72n }] }),
  ).toThrow(RangeError)
})

test('payees, seeds and signatures of a wrong form are refused without being repeated', () => {
  for (const payee of ['', 'ff', 'FF'.repeat(32), `0x${'f'.repeat(62)}`, `${'f'.repeat(63)}g`]) {
    expect(() => voucherCell(domain, { payee, total: 1n })).toThrow(/^malformed payee$/)
  }
  expect(() => cellSigner(Buffer.alloc(31))).toThrow(RangeError)
  expect(() => settleBody({ signature: Buffer.alloc(63), cell: Cell.EMPTY })).toThrow(RangeError)
})

test('no vault is made with delays or caps out of bounds, or with roles outside the base chain', () => {
  for (const caps of [
    { keyDelay: 72 * 3600 },
    { keyDelay: 3600 },
    { withdrawDelay: 0 },
    { minOverlap: 1 },
    { claimFloor: 0n },
    { claimDayCap: DEFAULT_CAPS.claimFloor - 1n },
    { batchCap: 2n ** 101n },
    { codeDelay: 1.5 },
  ]) {
    expect(() => Vault.createFromConfig(vaultConfig(caps))).toThrow(RangeError)
    expect(() => requestCapsBody({ ...DEFAULT_CAPS, ...caps })).toThrow(RangeError)
  }
  const away = new Address(-1, Buffer.alloc(32))
  expect(() => Vault.createFromConfig({ ...vaultConfig(), owner: away })).toThrow(RangeError)
  expect(() => Vault.createFromConfig({ ...vaultConfig(), guardian: away })).toThrow(RangeError)
  expect(() =>
    Vault.createFromConfig({ ...vaultConfig(), settlementKey: Buffer.alloc(31) }),
  ).toThrow(RangeError)
})

test('the same configuration is the same vault, another time of creation another', () => {
  const { address } = Vault.createFromConfig(vaultConfig())

  expect(Vault.createFromConfig(vaultConfig()).address.equals(address)).toBe(true)
  const later = { ...vaultConfig(), createdAt: vaultConfig().createdAt + 1 }
  expect(Vault.createFromConfig(later).address.equals(address)).toBe(false)
})
