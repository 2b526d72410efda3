/** @module Package archives made by us: wheels (ZIP) and npm packages (tar), small and as wrong as a test wants. */
import { createHash } from 'node:crypto'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'

export interface Member {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface ZipOptions {
  /** Pack the members instead of storing them. */
  readonly deflate?: boolean
  /** What the directory says about the size, for archives that lie. */
  readonly claimedSize?: number
  readonly claimedCrc?: number
  readonly flags?: number
  readonly comment?: string
}

/** A ZIP archive; local headers have an extra field that the directory does not have, as real tools write them. */
export function zipOf(members: readonly Member[], options: ZipOptions = {}): Buffer {
  const locals: Buffer[] = []
  const entries: Buffer[] = []
  let at = 0
  for (const { name, bytes } of members) {
    const data = options.deflate ? deflateRawSync(bytes) : Buffer.from(bytes)
    const nameBytes = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(options.flags ?? 0, 2)
    common.writeUInt16LE(options.deflate ? 8 : 0, 4)
    common.writeUInt32LE(options.claimedCrc ?? crc32(bytes), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(options.claimedSize ?? bytes.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const local = Buffer.from(common)
    local.writeUInt16LE(4, 24)
    const extra = Buffer.from([0xfe, 0xca, 0, 0])
    locals.push(Buffer.from('PK\u0003\u0004'), local, nameBytes, extra, data)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    entries.push(Buffer.from('PK\u0001\u0002\u0014\u0000'), common, rest, nameBytes)
    at += 4 + local.length + nameBytes.length + extra.length + data.length
  }
  const directory = Buffer.concat(entries)
  const comment = Buffer.from(options.comment ?? '')
  const end = Buffer.alloc(18)
  end.writeUInt16LE(members.length, 4)
  end.writeUInt16LE(members.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(at, 12)
  end.writeUInt16LE(comment.length, 16)
  return Buffer.concat([...locals, directory, Buffer.from('PK\u0005\u0006'), end, comment])
}

/** Name and bytes of a wheel that pip accepts. */
export function wheelOf(
  name: string,
  version: string,
  members: readonly Member[],
): { file: string; bytes: Buffer } {
  const stem = name.replaceAll('-', '_')
  const info = `${stem}-${version}.dist-info`
  const all = [
    ...members,
    textMember(`${info}/METADATA`, `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`),
    textMember(
      `${info}/WHEEL`,
      'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    ),
  ]
  const record = all.map((member) => {
    const hash = createHash('sha256').update(member.bytes).digest('base64url')
    return `${member.name},sha256=${hash},${String(member.bytes.length)}`
  })
  const files = [...all, textMember(`${info}/RECORD`, `${record.join('\n')}\n${info}/RECORD,,\n`)]
  return { file: `${stem}-${version}-py3-none-any.whl`, bytes: zipOf(files, { deflate: true }) }
}

export interface TarOptions {
  /** Write the name as a pax record (`x`) or a GNU long name (`L`) before the member. */
  readonly longNames?: 'x' | 'L'
}

/** A gzipped tar archive as npm packs it. */
export function tarOf(members: readonly Member[], options: TarOptions = {}): Buffer {
  const blocks: Buffer[] = []
  for (const { name, bytes } of members) {
    if (options.longNames === 'x') {
      const body = ` path=${name}\n`
      const length = body.length + String(body.length + 3).length
      blocks.push(...tarEntry('pax', Buffer.from(`${String(length)}${body}`), 'x'))
    }
    if (options.longNames === 'L')
      blocks.push(...tarEntry('././@LongLink', Buffer.from(`${name}\0`), 'L'))
    blocks.push(...tarEntry(options.longNames ? name.slice(0, 20) : name, bytes, '0'))
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

function tarEntry(name: string, bytes: Uint8Array, type: string): Buffer[] {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return [header, Buffer.from(bytes), Buffer.alloc((512 - (bytes.length % 512)) % 512)]
}

export const textMember = (name: string, text: string): Member => ({
  name,
  bytes: Buffer.from(text),
})
