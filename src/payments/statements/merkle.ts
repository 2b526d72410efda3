/** @module Merkle trees as RFC 6962 hashes them: 0x00 before a leaf, 0x01 before a node, the left side the largest power of two, no leaf twice. Runs in Node and in a browser. */

export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** Where a leaf stands in its tree, and the hashes beside its way up. */
export interface Place {
  readonly index: number
  readonly size: number
  readonly path: readonly Uint8Array[]
}

/** The tree's hash; of no leaves the hash of nothing. */
export function rootOf(leaves: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  const [root] = levelsOf(leaves, sha256).at(-1) ?? []
  return root ?? sha256(new Uint8Array(0))
}

/** A tree that many paths are asked of. */
export interface Tree {
  readonly root: Uint8Array
  /** From the leaf's own sibling to the top's. Throws RangeError for a leaf that is not there. */
  pathOf(index: number): readonly Uint8Array[]
}

export function treeOf(leaves: readonly Uint8Array[], sha256: Sha256): Tree {
  const levels = levelsOf(leaves, sha256)
  return {
    root: levels.at(-1)?.[0] ?? sha256(new Uint8Array(0)),
    pathOf: (index) => {
      if (!Number.isInteger(index) || index < 0 || index >= leaves.length)
        throw new RangeError('no such leaf')
      // A node without a sibling stands one level higher as it is.
      return levels.flatMap((level, height) => level[(index >> height) ^ 1] ?? [])
    },
  }
}

/** The root that a leaf at this place leads to; undefined for a path that no tree of this size has (RFC 9162 §2.1.3.2). */
export function rootAbove(leaf: Uint8Array, place: Place, sha256: Sha256): Uint8Array | undefined {
  const { index, size, path } = place
  if (index >= size) return undefined
  let at = index
  let last = size - 1
  let hash = leafHash(leaf, sha256)
  for (const beside of path) {
    if (last === 0) return undefined
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(beside, hash, sha256)
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2)
        last = Math.floor(last / 2)
      }
    } else hash = nodeHash(hash, beside, sha256)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? hash : undefined
}

function levelsOf(leaves: readonly Uint8Array[], sha256: Sha256): Uint8Array[][] {
  let level = leaves.map((leaf) => leafHash(leaf, sha256))
  const levels = [level]
  while (level.length > 1) {
    const below = level
    level = []
    for (let at = 0; at < below.length; at += 2) {
      const [left, right] = below.slice(at, at + 2)
      if (left) level.push(right ? nodeHash(left, right, sha256) : left)
    }
    levels.push(level)
  }
  return levels
}

const leafHash = (leaf: Uint8Array, sha256: Sha256): Uint8Array =>
  sha256(Uint8Array.from([0, ...leaf]))

function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length)
  bytes[0] = 1
  bytes.set(left, 1)
  bytes.set(right, 1 + left.length)
  return sha256(bytes)
}
