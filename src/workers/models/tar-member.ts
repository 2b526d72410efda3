/** @module One member of a gzipped tar archive (an npm package is one), streamed out; nothing else is touched or run. */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AppError } from '../../core/app-error.ts'

const BLOCK = 512
/** Long names stand in records of their own; more than this is no name. */
const MAX_NAME_RECORD = 65_536

/**
 * The bytes of `member`, the first file of that name. Read: POSIX ustar with pax and GNU long names.
 * Throws `models.source` with a `reason`: `member-missing`, `archive-damaged`.
 */
export async function* tarMember(archive: string, member: string): AsyncGenerator<Uint8Array> {
  const source = new Blocks(unzipped(archive))
  try {
    let longName: string | undefined
    for (let header = await source.header(); header; header = await source.header()) {
      const name = longName ?? header.name
      longName = undefined
      if (header.type === 'x' || header.type === 'L') {
        if (header.size > MAX_NAME_RECORD) throw damaged()
        const record = Buffer.concat(await Array.fromAsync(source.content(header.size)))
        longName = header.type === 'x' ? paxPath(record) : cString(record)
      } else if (header.type === '0' && name === member) {
        yield* source.content(header.size)
        return
      } else await source.skip(header.size)
    }
    throw new AppError('models.source', { reason: 'member-missing' })
  } finally {
    await source.close()
  }
}

interface Header {
  readonly name: string
  readonly size: number
  readonly type: string
}

/** Reads exact numbers of bytes from a stream of chunks. */
class Blocks {
  readonly #chunks: AsyncGenerator<Uint8Array>
  #rest: Uint8Array = new Uint8Array()

  constructor(chunks: AsyncGenerator<Uint8Array>) {
    this.#chunks = chunks
  }

  /** The next header; undefined at the closing zero block. */
  async header(): Promise<Header | undefined> {
    const block = Buffer.concat(await Array.fromAsync(this.#take(BLOCK)))
    if (block.every((byte) => byte === 0)) return undefined
    const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
    if (octal(block.subarray(148, 156)) !== sum) throw damaged()
    const prefix =
      block.toString('latin1', 257, 262) === 'ustar' ? cString(block.subarray(345, 500)) : ''
    const name = cString(block.subarray(0, 100))
    const type = String.fromCodePoint(block[156] ?? 0)
    return {
      name: prefix === '' ? name : `${prefix}/${name}`,
      size: octal(block.subarray(124, 136)),
      type: type === '\0' ? '0' : type,
    }
  }

  /** The member's bytes, and past its padding. */
  async *content(size: number): AsyncGenerator<Uint8Array> {
    yield* this.#take(size)
    await this.#drop((BLOCK - (size % BLOCK)) % BLOCK)
  }

  async skip(size: number): Promise<void> {
    await this.#drop(Math.ceil(size / BLOCK) * BLOCK)
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined)
  }

  async #drop(size: number): Promise<void> {
    for await (const chunk of this.#take(size)) void chunk
  }

  async *#take(size: number): AsyncGenerator<Uint8Array> {
    let left = size
    while (left > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next()
        if (next.done) throw damaged()
        this.#rest = next.value
        continue
      }
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }
}

async function* unzipped(archive: string): AsyncGenerator<Uint8Array> {
  const stream = pipeline(createReadStream(archive), createGunzip({ chunkSize: 1 << 18 }), () => {
    // Errors arrive at the reader of the stream below.
  })
  try {
    for await (const chunk of stream) if (chunk instanceof Uint8Array) yield chunk
  } catch (error) {
    throw new AppError('models.source', { reason: 'archive-damaged' }, { cause: error })
  }
}

/** Records are `<length> <key>=<value>\n`. */
function paxPath(record: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(record.toString('utf8'))?.[1]
}

const cString = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString('utf8').split('\0', 1)[0] ?? ''

function octal(bytes: Uint8Array): number {
  const digits = cString(bytes).trim()
  if (!/^[0-7]{1,11}$/.test(digits)) throw damaged()
  return Number.parseInt(digits, 8)
}

const damaged = (): AppError => new AppError('models.source', { reason: 'archive-damaged' })
