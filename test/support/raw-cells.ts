/** @module Bags of cells written without hashing: a dictionary of 30 000 payees in a fraction of a second, where @ton/core needs many. */
import { type Cell } from '@ton/core'

/** A cell as its bits (`'0'` and `'1'`) and its children. */
export interface RawCell {
  readonly bits: string
  readonly refs: readonly RawCell[]
}

/** Reads a cell tree; `planted` stands wherever a cell with that hash is met. */
export function rawCell(cell: Cell, planted: ReadonlyMap<string, RawCell> = new Map()): RawCell {
  const other = planted.get(cell.hash().toString('hex'))
  if (other) return other
  let bits = ''
  for (let index = 0; index < cell.bits.length; index++) bits += cell.bits.at(index) ? '1' : '0'
  return { bits, refs: cell.refs.map((child) => rawCell(child, planted)) }
}

/** `Hashmap 256 Coins` of distinct keys, in the shape the virtual machine itself would give it. */
export function rawCoinsMap(entries: Iterable<readonly [bigint, bigint]>): RawCell {
  const rows = [...entries].map(([key, coins]) => ({ key: bitsOf(key, 256), coins }))
  rows.sort((a, b) => (a.key < b.key ? -1 : 1))
  return node(rows, 0)
}

interface Row {
  readonly key: string
  readonly coins: bigint
}

function node(rows: readonly Row[], depth: number): RawCell {
  const first = rows[0]
  const last = rows.at(-1)
  if (!first || !last) throw new RangeError('an empty map has no cell')
  let end = depth
  while (end < 256 && first.key[end] === last.key[end]) end++
  const label = labelOf(first.key.slice(depth, end), 256 - depth)
  if (rows.length === 1) return { bits: label + coinsBits(first.coins), refs: [] }
  const split = rows.findIndex((row) => row.key[end] === '1')
  return {
    bits: label,
    refs: [node(rows.slice(0, split), end + 1), node(rows.slice(split), end + 1)],
  }
}

/** The shortest of hml_short, hml_long and hml_same for a label of at most `most` bits. */
function labelOf(bits: string, most: number): string {
  const width = most.toString(2).length
  const length = bits.length.toString(2).padStart(width, '0').slice(-width)
  const forms = [`0${'1'.repeat(bits.length)}0${bits}`, `10${length}${bits}`]
  if (/^(?:0*|1*)$/.test(bits) && bits.length > 0) forms.push(`11${bits[0] ?? ''}${length}`)
  return forms.reduce((best, form) => (form.length < best.length ? form : best))
}

function coinsBits(coins: bigint): string {
  const bytes = coins === 0n ? 0 : Math.ceil(coins.toString(16).length / 2)
  return bitsOf(BigInt(bytes), 4) + (bytes === 0 ? '' : bitsOf(coins, bytes * 8))
}

const bitsOf = (value: bigint, length: number): string => value.toString(2).padStart(length, '0')

/** The bag of one root, as base64. */
export function rawBoc(root: RawCell): string {
  const order: RawCell[] = [root]
  const children: number[][] = []
  for (let at = 0; at < order.length; at++) {
    const refs = order[at]?.refs ?? []
    children.push(refs.map((_, index) => order.length + index))
    order.push(...refs)
  }
  const body = Buffer.concat(order.map((cell, at) => cellBytes(cell, children[at] ?? [])))
  const header = Buffer.alloc(4 + 1 + 1 + 3 + 3 + 3 + 4 + 3)
  header.writeUInt32BE(0xb5ee9c72, 0)
  header.writeUInt8(3, 4)
  header.writeUInt8(4, 5)
  header.writeUIntBE(order.length, 6, 3)
  header.writeUIntBE(1, 9, 3)
  header.writeUIntBE(0, 12, 3)
  header.writeUInt32BE(body.length, 15)
  header.writeUIntBE(0, 19, 3)
  return Buffer.concat([header, body]).toString('base64')
}

function cellBytes(cell: RawCell, refs: readonly number[]): Buffer {
  const full = Math.floor(cell.bits.length / 8)
  const size = Math.ceil(cell.bits.length / 8)
  const padded = size === full ? cell.bits : `${cell.bits}1`.padEnd(size * 8, '0')
  const bytes = Buffer.alloc(2 + size + refs.length * 3)
  bytes.writeUInt8(refs.length, 0)
  bytes.writeUInt8(full + size, 1)
  for (let at = 0; at < size; at++) {
    bytes[2 + at] = Number.parseInt(padded.slice(at * 8, at * 8 + 8), 2)
  }
  for (const [index, ref] of refs.entries()) bytes.writeUIntBE(ref, 2 + size + index * 3, 3)
  return bytes
}
