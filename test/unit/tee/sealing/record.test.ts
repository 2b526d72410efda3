import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../../../src/core/app-error.ts'
import {
  MAX_RECORD_CONTENT_BYTES,
  padme,
  padRecord,
  recordHash,
  recordSize,
  unpadRecord,
} from '../../../../src/tee/sealing/record.ts'

const codeThrown = (run: () => unknown): string => {
  try {
    run()
    return 'nothing thrown'
  } catch (error) {
    return codeOf(error)
  }
}

describe('records', () => {
  it('come back as they went in, whatever the content', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), (content) => {
        const { content: back, salt } = unpadRecord(padRecord(content))
        expect(Buffer.compare(back, content)).toBe(0)
        expect(salt.length).toBe(32)
      }),
    )
  })

  it('have the sizes of the design, so that a size tells little', () => {
    const sizes = [10, 600, 3000, 4061, 20_000, 1_000_000].map(recordSize)

    expect(sizes).toEqual([512, 1024, 4096, 4352, 20_480, 1_015_808])
  })

  it('are at most 12 % over above 4 KiB and never smaller than their content', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4061, max: 2 ** 30 }), (length) => {
        const size = recordSize(length)
        expect(size).toBeGreaterThanOrEqual(length + 36)
        expect(size).toBeLessThanOrEqual((length + 36) * 1.12)
      }),
    )
  })

  it('are refused above 1 MiB and where 32-bit operators would lie', () => {
    expect(codeThrown(() => padRecord(new Uint8Array(MAX_RECORD_CONTENT_BYTES + 1)))).toBe(
      'env.size',
    )
    expect(codeThrown(() => padme(2 ** 31))).toBe('env.size')
    expect(codeThrown(() => padme(0))).toBe('env.size')
    expect(padRecord(new Uint8Array(MAX_RECORD_CONTENT_BYTES)).length).toBe(1_048_576)
  })

  it('with a single pad byte that is not zero are refused', () => {
    const record = padRecord(new Uint8Array(100))
    for (const at of [136, 300, 511]) {
      const bad = Uint8Array.from(record)
      bad[at] = 1
      expect(codeThrown(() => unpadRecord(bad))).toBe('env.padding')
    }
  })

  it('whose size is not the bucket of their length are refused', () => {
    const record = padRecord(new Uint8Array(100))
    const longer = Buffer.concat([record, new Uint8Array(512)])
    const lying = Buffer.from(record)
    lying.writeUInt32BE(4000, 32)

    expect(codeThrown(() => unpadRecord(longer))).toBe('env.shape')
    expect(codeThrown(() => unpadRecord(lying))).toBe('env.shape')
    expect(codeThrown(() => unpadRecord(record.subarray(0, 20)))).toBe('env.shape')
  })

  it('of equal content have different hashes, because the salt is random', () => {
    const content = new TextEncoder().encode('same')

    expect(recordHash(padRecord(content))).not.toBe(recordHash(padRecord(content)))
  })
})
