/** @module Many nonces in one quote: a Merkle tree over them, as in RFC 9162 §2.1, so that one slow quote answers everybody who asked meanwhile. */
import { fromHex, sha256, toHex } from '../crypto/binary.ts'

/** Where a nonce stands in its batch. `path`: hashes from its leaf's sibling up to the root's child, hex. */
export interface BatchPlace {
  readonly index: number
  readonly size: number
  readonly path: readonly string[]
}

const NONCE_BYTES = 32
const leafOf = (nonce: Uint8Array): Uint8Array => sha256(Uint8Array.of(0), nonce)
const nodeOf = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(1), left, right)

/** Largest power of two below `size`. */
const splitOf = (size: number): number => 2 ** (31 - Math.clz32(size - 1))

/** Root over nonces (64 hex each, at least one) and each one's place. */
export function batchOf(nonces: readonly string[]): { root: string; places: BatchPlace[] } {
  const leaves = nonces.map((nonce) => leafOf(fromHex(nonce, NONCE_BYTES) ?? new Uint8Array(0)))
  const size = leaves.length
  const places = leaves.map((_, index) => ({
    index,
    size,
    path: pathOf(leaves, index).map(toHex),
  }))
  return { root: toHex(rootOf(leaves)), places }
}

/** The root that a nonce at this place belongs to; undefined for a place that cannot be. */
export function batchRoot(nonce: string, { index, size, path }: BatchPlace): string | undefined {
  const raw = fromHex(nonce, NONCE_BYTES)
  const hashes = path.map((hash) => fromHex(hash, NONCE_BYTES))
  if (!raw || index >= size) return undefined
  let hash = leafOf(raw)
  let [at, last] = [index, size - 1]
  for (const sibling of hashes) {
    if (!sibling || last === 0) return undefined
    if (at % 2 === 1 || at === last) {
      hash = nodeOf(sibling, hash)
      // A lonely last node rises without a sibling.
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1]
    } else hash = nodeOf(hash, sibling)
    ;[at, last] = [at >> 1, last >> 1]
  }
  return last === 0 ? toHex(hash) : undefined
}

function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0)] = leaves
  if (leaves.length <= 1) return first
  const split = splitOf(leaves.length)
  return nodeOf(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
}

function pathOf(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return []
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...pathOf(left, index), rootOf(right)]
    : [...pathOf(right, index - split), rootOf(left)]
}
