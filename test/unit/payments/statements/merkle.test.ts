import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../../src/core/bytes.ts'
import {
  balanceLeaf,
  epochRoot,
  NO_ROOT,
  receiptLeaf,
} from '../../../../src/payments/statements/leaves.ts'
import { rootAbove, rootOf, treeOf } from '../../../../src/payments/statements/merkle.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** Inputs and roots of the reference implementation of Certificate Transparency, which RFC 6962 comes with. */
const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'].concat(
  '606162636465666768696a6b6c6d6e6f',
)
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

describe('a Merkle tree', () => {
  it('has the roots of the reference implementation, of none to eight leaves', () => {
    for (const [size, root] of roots.entries())
      expect(toHex(rootOf(inputs.slice(0, size).map(bytes), sha256))).toBe(root)
  })

  it('leads every leaf to its root by its path, and no other leaf, place, size or path', () => {
    const leafOf = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255)
    const sizes = fc.integer({ min: 1, max: 300 })
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, anyPlace, anyBit) => {
        const index = anyPlace % size
        const leaves = Array.from({ length: size }, (_, n) => leafOf(n))
        const tree = treeOf(leaves, sha256)
        const path = tree.pathOf(index)
        const leads = (
          change: Partial<{ leaf: Uint8Array; index: number; size: number; path: Uint8Array[] }>,
        ): boolean => {
          const place = { index, size, path, ...change }
          const root = rootAbove(change.leaf ?? leafOf(index), place, sha256)
          return root !== undefined && toHex(root) === toHex(tree.root)
        }
        const flipped = path.map((hash) => Uint8Array.from(hash))
        const victim = flipped[anyBit % Math.max(1, path.length)]
        if (victim) victim[0] = (victim[0] ?? 0) ^ 1

        expect(leads({})).toBe(true)
        expect(leads({ leaf: leafOf(index + 1) })).toBe(false)
        expect(leads({ index: size })).toBe(false)
        expect(leads({ path: [...path, tree.root] })).toBe(false)
        // A tree of one leaf has no path to cut or change, and no other place.
        const alone = size === 1
        expect(leads({ path: path.slice(1) })).toBe(alone)
        expect(leads({ path: flipped })).toBe(alone)
        expect(leads({ index: (index + 1) % size })).toBe(alone)
      }),
      { numRuns: 300 },
    )
  })

  it('has no path for a leaf that is not there', () => {
    expect(() => treeOf([Uint8Array.of(1)], sha256).pathOf(1)).toThrow(RangeError)
  })
})

describe('the bytes of a commitment', () => {
  const digest = '11'.repeat(32)
  const payee = '22'.repeat(32)

  it('are the fixed ones of a receipt, a balance and an epoch', () => {
    const receipt = receiptLeaf({
      digest,
      payee,
      payNano: 5n,
      totalAfterNano: 258n,
      priceVersion: 3,
    })
    const balance = balanceLeaf({ payee, totalNano: 258n })
    const receiptsRoot = toHex(rootOf([receipt], sha256))
    const balancesRoot = toHex(rootOf([balance], sha256))

    expect(toHex(receipt)).toBe(
      `${digest}${payee}${'5'.padStart(32, '0')}${'102'.padStart(32, '0')}00000003`,
    )
    expect(toHex(balance)).toBe(`${payee}${'102'.padStart(32, '0')}`)
    expect(epochRoot({ epoch: 1, previousRoot: NO_ROOT, receiptsRoot, balancesRoot }, sha256)).toBe(
      createHash('sha256')
        .update('chrysalis/ledger/1')
        .update(bytes(`0000000001${NO_ROOT}${receiptsRoot}${balancesRoot}`))
        .digest('hex'),
    )
  })

  it('have no room for a sum beyond 128 bits', () => {
    expect(() => balanceLeaf({ payee, totalNano: 2n ** 128n })).toThrow(RangeError)
  })
})
