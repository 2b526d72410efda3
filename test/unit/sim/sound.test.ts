import { expect, test } from 'vitest'
import { durationOf } from '../../../src/sim/telegram/sound.ts'
import { isWebm, webmToOgg } from '../../../src/sim/telegram/webm-to-ogg.ts'

const head = Buffer.from('OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00', 'latin1')

/** An EBML element; `unknown` writes the size as a live recorder does. */
function element(id: string, body: Buffer, unknown = false): Buffer {
  const size = unknown
    ? Buffer.from('01ffffffffffffff', 'hex')
    : Buffer.from([
        0x10 | (body.length >> 24),
        (body.length >> 16) & 255,
        (body.length >> 8) & 255,
        body.length & 255,
      ])
  return Buffer.concat([Buffer.from(id, 'hex'), size, body])
}

/** A recording of `packets`, each a 20 ms frame (TOC 0x78: configuration 15, 20 ms). */
function webm(packets: Buffer[], unknown = true): Buffer {
  const tracks = element('1654ae6b', element('ae', element('63a2', head)))
  const blocks = packets.map((packet, at) =>
    element('a3', Buffer.concat([Buffer.from([0x81, 0, at & 255, 0x80]), packet])),
  )
  const cluster = element('1f43b675', Buffer.concat(blocks), unknown)
  return Buffer.concat([
    element('1a45dfa3', Buffer.alloc(4)),
    element('18538067', Buffer.concat([tracks, cluster]), unknown),
  ])
}

const packet = (size: number, fill: number): Buffer =>
  Buffer.concat([Buffer.from([0x78]), Buffer.alloc(size - 1, fill)])

test.each([true, false])(
  'a recording becomes Ogg with its packets and its length (sizes unknown: %s)',
  (unknown) => {
    const packets = Array.from({ length: 150 }, (_, at) => packet(at === 7 ? 510 : 40, at & 255))

    const ogg = webmToOgg(webm(packets, unknown))

    expect(ogg?.toString('latin1', 0, 4)).toBe('OggS')
    expect(ogg?.includes('OpusHead')).toBe(true)
    expect(ogg?.includes(packets[7] ?? '')).toBe(true)
    expect(durationOf(ogg ?? Buffer.alloc(0))).toBe(3)
  },
)

test('what holds no Opus is left alone', () => {
  expect(isWebm(webm([]))).toBe(true)
  expect(webmToOgg(webm([]))).toBeUndefined()
  expect(webmToOgg(Buffer.from('1a45dfa3ff', 'hex'))).toBeUndefined()
  expect(webmToOgg(Buffer.alloc(0))).toBeUndefined()
  expect(isWebm(Buffer.from('OggS'))).toBe(false)
})

test('a file nobody can read has no length', () => {
  expect(durationOf(Buffer.from('just words'))).toBeUndefined()
  expect(durationOf(Buffer.from('OggS'))).toBe(1)
})
