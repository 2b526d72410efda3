import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newBlobId } from '../../../../src/core/ids.ts'
import {
  BLOB_CHUNK_BYTES,
  openBlob,
  SEALED_CHUNK_BYTES,
  sealBlob,
} from '../../../../src/tee/sealing/blob.ts'
import type { AttachedBlob } from '../../../../src/tee/sealing/envelope.ts'
import { newCek } from '../../../../src/tee/sealing/envelope.ts'
import { codeThrown } from '../../../support/tee.ts'

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

async function seal(content: Uint8Array, pieceBytes = 10_000) {
  const cek = newCek()
  const id = newBlobId()
  const sealing = sealBlob({ cek, id, source: pieces(content, pieceBytes), maxBytes: 2 ** 24 })
  const bytes = await collect(sealing.chunks)
  return { cek, bytes, attached: sealing.summary() }
}

const open = (attached: AttachedBlob, cek: Uint8Array, bytes: Uint8Array) =>
  collect(openBlob(attached, { cek, sealed: pieces(bytes, 33_333) }))

const chunk = (bytes: Buffer, index: number): Buffer =>
  bytes.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES)

describe('blobs', () => {
  it('come back byte for byte, however they were cut on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300_000 }),
        fc.integer({ min: 1000, max: 100_000 }),
        async (length, pieceBytes) => {
          const content = randomBytes(length)
          const { cek, bytes, attached } = await seal(content, pieceBytes)

          expect(attached.length).toBe(length)
          expect(bytes.length).toBe(attached.blob.size)
          expect((await open(attached, cek, bytes)).equals(content)).toBe(true)
        },
      ),
      { numRuns: 12 },
    )
  })

  it('show only a padded count of whole chunks', async () => {
    const nine = await seal(randomBytes(8 * BLOB_CHUNK_BYTES + 1))
    const ten = await seal(randomBytes(10 * BLOB_CHUNK_BYTES))

    expect(nine.attached.blob).toMatchObject({ chunks: 10, size: 10 * SEALED_CHUNK_BYTES })
    expect(ten.attached.blob.chunks).toBe(10)
  })

  it('with a chunk dropped, doubled, moved, changed or cut are refused', async () => {
    const { cek, bytes, attached } = await seal(randomBytes(4 * BLOB_CHUNK_BYTES))
    const [a, b, c, d] = [0, 1, 2, 3].map((index) => chunk(bytes, index)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ]
    const flipped = Buffer.from(bytes)
    flipped[100] = (flipped[100] ?? 0) ^ 1
    const broken = [
      Buffer.concat([a, b, d]),
      Buffer.concat([a, b, c]),
      Buffer.concat([a, b, b, c, d]),
      Buffer.concat([a, c, b, d]),
      Buffer.concat([a, b, c, d, d]),
      bytes.subarray(0, bytes.length - 1),
      bytes.subarray(0, 0),
      flipped,
    ]

    for (const bad of broken)
      expect(await codeThrown(() => open(attached, cek, bad))).toBe('env.open')
  })

  it('of another key, id or length are refused', async () => {
    const { cek, bytes, attached } = await seal(randomBytes(100_000))
    const { blob, length } = attached

    expect(await codeThrown(() => open(attached, newCek(), bytes))).toBe('env.open')
    expect(
      await codeThrown(() => open({ blob: { ...blob, id: newBlobId() }, length }, cek, bytes)),
    ).toBe('env.open')
    for (const other of [length - 1, 0, 1, 10 * BLOB_CHUNK_BYTES])
      expect(await codeThrown(() => open({ blob, length: other }, cek, bytes))).toBe('env.open')
  })

  it('above the limit, or empty, are not sealed', async () => {
    const sealing = (content: Uint8Array) =>
      collect(
        sealBlob({ cek: newCek(), id: newBlobId(), source: pieces(content, 999), maxBytes: 1000 })
          .chunks,
      )

    expect(await codeThrown(() => sealing(randomBytes(1001)))).toBe('input.too-large')
    expect(await codeThrown(() => sealing(new Uint8Array(0)))).toBe('input.empty')
    expect((await sealing(randomBytes(1000))).length).toBe(SEALED_CHUNK_BYTES)
  })
})
