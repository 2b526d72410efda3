/** @module Sealed blobs: 64 KiB chunks sealed while a file arrives, its size hidden by whole chunks and Padmé (CONF §5). */
import { createHash } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import type { BlobId } from '../../core/ids.ts'
import {
  aeadOpen,
  aeadSeal,
  counterNonce,
  hkdf,
  IV_BYTES,
  KEY_BYTES,
  TAG_BYTES,
  wipe,
} from '../crypto/aead.ts'
import { concat, domain, fromHex, u32be } from '../crypto/binary.ts'
import type { AttachedBlob } from './envelope.ts'
import { padme } from './record.ts'

/** Plaintext bytes of every chunk, the last one too. */
export const BLOB_CHUNK_BYTES = 65_536
/** Bytes of every sealed chunk: chunk `i` lies at offset `i × this`. */
export const SEALED_CHUNK_BYTES = BLOB_CHUNK_BYTES + TAG_BYTES

export interface BlobSeal {
  /** Sealed chunks in order; read once, to the end. */
  readonly chunks: AsyncGenerator<Uint8Array, void, void>
  /** What the envelope says of the blob; after the last chunk, else TypeError. */
  readonly summary: () => AttachedBlob
}

/**
 * Seals `source` under `cek`, which must stay valid until the last chunk is out. Throws `input.too-large` when the source
 * has more than `maxBytes`, `input.empty` when it has none.
 */
export function sealBlob(input: {
  cek: Uint8Array
  id: BlobId
  source: AsyncIterable<Uint8Array>
  maxBytes: number
}): BlobSeal {
  let done: AttachedBlob | undefined
  async function* seal(): AsyncGenerator<Uint8Array, void, void> {
    const keys = deriveKeys(input.cek, input.id)
    const hash = createHash('sha256')
    let index = 0
    let length = 0
    const next = (plain: Uint8Array, final: boolean): Uint8Array => {
      const sealed = aeadSeal(place(keys, index, final), plain)
      hash.update(sealed)
      index += 1
      return sealed
    }
    try {
      // One chunk is held back: only the last one carries the final mark, and the end is not known before it comes.
      let held: Uint8Array | undefined
      for await (const plain of rechunk(input.source)) {
        length += plain.length
        if (length > input.maxBytes) throw new AppError('input.too-large', { max: input.maxBytes })
        if (held) yield next(held, false)
        held = plain
      }
      if (!held) throw new AppError('input.empty')
      const real = index + 1
      const count = padme(real)
      yield next(fill(held), real === count)
      for (let at = real; at < count; at++)
        yield next(new Uint8Array(BLOB_CHUNK_BYTES), at + 1 === count)
      const size = index * SEALED_CHUNK_BYTES
      done = { blob: { id: input.id, size, chunks: index, sha256: hash.digest('hex') }, length }
    } finally {
      wipe(keys.key, keys.base)
    }
  }
  return {
    chunks: seal(),
    summary: () => {
      if (!done) throw new TypeError('blob not sealed yet')
      return done
    },
  }
}

/**
 * Opens a blob chunk by chunk; `sealed` may be cut anywhere. Every yielded piece is authentic and in order; only the end
 * of the iteration says that it is complete. Throws `env.open` for a chunk that is not the sealer's, dropped, doubled
 * or moved, for a missing or early end, and for a length that does not fit the chunks.
 * Does not check `blob.sha256`: the chunks' tags bind each byte already.
 */
export async function* openBlob(
  { blob, length }: AttachedBlob,
  input: { cek: Uint8Array; sealed: AsyncIterable<Uint8Array> },
): AsyncGenerator<Uint8Array, void, void> {
  const real = Math.ceil(length / BLOB_CHUNK_BYTES)
  if (real < 1 || padme(real) !== blob.chunks) throw new AppError('env.open')
  const keys = deriveKeys(input.cek, blob.id)
  let index = 0
  try {
    for await (const chunk of cut(input.sealed, SEALED_CHUNK_BYTES)) {
      const plain =
        index < blob.chunks
          ? aeadOpen(place(keys, index, index + 1 === blob.chunks), chunk)
          : undefined
      if (!plain) throw new AppError('env.open', { chunk: index })
      const used = Math.max(0, Math.min(plain.length, length - index * BLOB_CHUNK_BYTES))
      if (plain.length !== BLOB_CHUNK_BYTES || plain.subarray(used).some((byte) => byte !== 0))
        throw new AppError('env.open', { chunk: index })
      index += 1
      if (used > 0) yield plain.subarray(0, used)
    }
    if (index !== blob.chunks) throw new AppError('env.open', { chunk: index })
  } finally {
    wipe(keys.key, keys.base)
  }
}

interface BlobKeys {
  readonly id: Uint8Array
  readonly key: Uint8Array
  readonly base: Uint8Array
}

function deriveKeys(cek: Uint8Array, id: BlobId): BlobKeys {
  const salt = fromHex(id, 16)
  if (!salt) throw new AppError('env.shape')
  const length = KEY_BYTES + IV_BYTES
  const bytes = hkdf({ key: cek, salt, info: domain('chrysalis/blob/1'), length })
  return { id: salt, key: bytes.subarray(0, KEY_BYTES), base: bytes.subarray(KEY_BYTES) }
}

const place = ({ id, key, base }: BlobKeys, index: number, final: boolean) => ({
  key,
  iv: counterNonce(base, index),
  aad: concat(id, u32be(index), Uint8Array.of(final ? 1 : 0)),
})

const fill = (chunk: Uint8Array): Uint8Array =>
  concat(chunk, new Uint8Array(BLOB_CHUNK_BYTES - chunk.length))

/** Pieces of exactly 64 KiB, the last one shorter. */
const rechunk = (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> =>
  cut(source, BLOB_CHUNK_BYTES)

async function* cut(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, void> {
  let parts: Uint8Array[] = []
  let held = 0
  for await (const piece of source) {
    let rest = piece
    while (held + rest.length >= size) {
      const take = size - held
      yield concat(...parts, rest.subarray(0, take))
      rest = rest.subarray(take)
      parts = []
      held = 0
    }
    if (rest.length > 0) {
      parts.push(Uint8Array.from(rest))
      held += rest.length
    }
  }
  if (held > 0) yield concat(...parts)
}
