/** @module Repacks Opus from WebM, as browsers record it, into Ogg, as voice messages are. The sound itself is not touched. */

/** EBML ids with the marker bit, as they stand in the file (RFC 8794, RFC 9559). */
const masters = new Set([0x18538067, 0x1f43b675, 0x1654ae6b, 0xae, 0xa0])
const codecPrivateId = 0x63a2
const simpleBlockId = 0xa3
const blockId = 0xa1

/** Samples of one Opus frame at 48 kHz by configuration number (RFC 6716 §3.1). */
const frameSamples = [
  480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 480, 960, 120, 240,
  480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960,
]

export const isWebm = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3

/** Gives an Ogg Opus file, or `undefined` when the file holds no Opus in unlaced blocks. */
export function webmToOgg(webm: Uint8Array): Buffer | undefined {
  const found: Found = { head: undefined, packets: [] }
  walk(Buffer.from(webm.buffer, webm.byteOffset, webm.byteLength), found)
  const { head, packets } = found
  if (head === undefined || head.toString('latin1', 0, 8) !== 'OpusHead' || packets.length === 0) {
    return undefined
  }
  return ogg(head, packets)
}

interface Found {
  head: Buffer | undefined
  readonly packets: Buffer[]
}

/** Live recordings have masters of unknown size (all ones): those run to the end of what holds them. */
function walk(data: Buffer, found: Found): void {
  let at = 0
  while (at < data.length) {
    const id = readVint(data, at, 'id')
    const size = id && readVint(data, at + id.length, 'size')
    if (id === undefined || size === undefined) return
    const start = at + id.length + size.length
    const end = size.value === undefined ? data.length : Math.min(data.length, start + size.value)
    const body = data.subarray(start, end)
    if (id.value !== undefined && masters.has(id.value)) walk(body, found)
    else if (id.value === codecPrivateId) found.head = body
    else if (id.value === simpleBlockId || id.value === blockId) addBlock(body, found)
    at = end
  }
}

interface Vint {
  readonly length: number
  /** `undefined` for the reserved "unknown size". */
  readonly value: number | undefined
}

function readVint(data: Buffer, at: number, kind: 'id' | 'size'): Vint | undefined {
  const first = data[at]
  if (first === undefined || first === 0) return undefined
  const length = Math.clz32(first) - 23
  if (at + length > data.length) return undefined
  let value = kind === 'id' ? first : first & (0xff >> length)
  let allOnes = value === 0xff >> length
  for (let more = 1; more < length; more += 1) {
    const byte = data[at + more] ?? 0
    value = value * 256 + byte
    allOnes &&= byte === 0xff
  }
  return { length, value: kind === 'size' && allOnes ? undefined : value }
}

/** A block: track number, 16-bit time, flags; lacing (flags 0x06) is not used by recorders and not read here. */
function addBlock(body: Buffer, found: Found): void {
  const track = readVint(body, 0, 'size')
  if (track === undefined) return
  const flags = body[track.length + 2] ?? 0
  if ((flags & 0x06) === 0) found.packets.push(body.subarray(track.length + 3))
}

function samplesOf(packet: Buffer): number {
  const toc = packet[0] ?? 0
  const each = frameSamples[toc >> 3] ?? 960
  const code = toc & 3
  if (code === 0) return each
  if (code === 3) return each * ((packet[1] ?? 1) & 0x3f)
  return each * 2
}

/** Packets a page: one page holds at most 255 segments of 255 bytes; 20 packets of 20 ms stay far below. */
const packetsPerPage = 20

function ogg(head: Buffer, packets: readonly Buffer[]): Buffer {
  const vendor = Buffer.from('chrysalis')
  const tags = Buffer.concat([Buffer.from('OpusTags'), u32(vendor.length), vendor, u32(0)])
  const pages: Buffer[] = [
    page([head], { flags: 2, granule: 0, sequence: 0 }),
    page([tags], { flags: 0, granule: 0, sequence: 1 }),
  ]
  let granule = 0
  for (let at = 0; at < packets.length; at += packetsPerPage) {
    const part = packets.slice(at, at + packetsPerPage)
    for (const packet of part) granule += samplesOf(packet)
    const last = at + packetsPerPage >= packets.length
    pages.push(page(part, { flags: last ? 4 : 0, granule, sequence: pages.length }))
  }
  return Buffer.concat(pages)
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** One Ogg page (RFC 3533 §6); each packet ends within it. */
function page(
  packets: readonly Buffer[],
  it: { flags: number; granule: number; sequence: number },
): Buffer {
  const segments = packets.flatMap((packet) => [
    ...Array.from({ length: Math.floor(packet.length / 255) }, () => 255),
    packet.length % 255,
  ])
  const header = Buffer.alloc(27)
  header.write('OggS', 'latin1')
  header.writeUInt8(it.flags, 5)
  header.writeBigUInt64LE(BigInt(it.granule), 6)
  header.writeUInt32LE(0x43485259, 14)
  header.writeUInt32LE(it.sequence, 18)
  header.writeUInt8(segments.length, 26)
  const whole = Buffer.concat([header, Buffer.from(segments), ...packets])
  whole.writeUInt32LE(checksum(whole), 22)
  return whole
}

/** CRC-32 with polynomial 04c11db7, not reflected, as Ogg wants it. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte << 24
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1
  }
  return sum >>> 0
}
