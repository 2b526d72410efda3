import { readdirSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { newBlobId } from '../../../src/core/ids.ts'
import { type Blobs, createFileBlobs } from '../../../src/queue/blobs.ts'
import { tempFolder } from '../../support/stores.ts'

let folder: string
let blobs: Blobs

beforeEach(() => {
  folder = tempFolder('blobs')
  blobs = createFileBlobs({ folder, quotaBytes: 1000 })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function* pieces(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const [i, size] of sizes.entries()) yield Buffer.alloc(size, i + 1)
}
const readAll = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = []
  for await (const piece of source) all.push(piece)
  return Buffer.concat(all)
}
const files = (): string[] => readdirSync(folder, { recursive: true }).map(String)

test('a blob is read whole and in parts, and gone when removed', async () => {
  const id = newBlobId()

  await blobs.put(id, pieces(100, 50))

  expect(await blobs.size(id)).toBe(150)
  expect((await readAll(blobs.read(id, 0, 149))).length).toBe(150)
  expect([...(await readAll(blobs.read(id, 99, 100)))]).toEqual([1, 2])
  await blobs.remove(id)
  expect(await blobs.size(id)).toBeUndefined()
})

test('an upload that breaks leaves nothing', async () => {
  const broken = (async function* () {
    yield Buffer.alloc(10)
    throw new TypeError('broken')
  })()

  await expect(blobs.put(newBlobId(), broken)).rejects.toThrow(TypeError)

  expect(files().filter((name) => name.includes('/'))).toEqual([])
})

test('above the quota nothing more is taken, and removing makes room', async () => {
  const first = newBlobId()
  await blobs.put(first, pieces(900))

  await expect(blobs.put(newBlobId(), pieces(60, 60))).rejects.toMatchObject({
    code: 'stores.full',
  })
  await blobs.remove(first)
  await blobs.put(newBlobId(), pieces(900))

  expect(await blobs.olderThan(systemClock.now() + 1000)).toHaveLength(1)
})

test('nothing older than now is listed before its time', async () => {
  await blobs.put(newBlobId(), pieces(1))

  expect(await blobs.olderThan(systemClock.now() - 60_000)).toEqual([])
})
