/** @module The chain of trust as a picture: what the answer hangs on, down to whoever is believed. The list below it says the same in words. */
import { svg } from './dom.js'

const width = 360
const boxWidth = 164
const boxHeight = 52
const gap = 26

/** Two columns: the chain itself on the left, what it is compared with on the right. */
const places = [
  ['text', 'answer', 0, 0],
  ['receipt', 'receipt', 0, 1],
  ['binding', 'key', 0, 2],
  ['hardware', 'machine', 0, 3],
  ['gateway', 'gateway', 1, 0],
  ['weights', 'model', 1, 1],
  ['policy', 'program', 1, 2],
  ['gpu', 'maker', 1, 3],
]
const links = [
  ['answer', 'receipt'],
  ['receipt', 'key'],
  ['key', 'machine'],
  ['gateway', 'receipt'],
  ['model', 'program'],
  ['program', 'machine'],
  ['machine', 'maker'],
]

const left = (column) => 8 + column * (width - 16 - boxWidth)
const top = (row) => 6 + row * (boxHeight + gap)

export function pictureOf(report, words, marks) {
  const nodes = places.map(([check, node, column, row]) => ({
    node,
    column,
    row,
    ...nodeOf(report, check, node),
  }))
  const at = Object.fromEntries(nodes.map((it) => [it.node, it]))
  const height = top(3) + boxHeight + 8
  return svg(
    'svg',
    {
      viewBox: `0 0 ${String(width)} ${String(height)}`,
      role: 'img',
      'aria-label': words.pictureSays,
    },
    svg('title', {}, words.pictureSays),
    ...links.map(([from, to]) => svg('path', { d: lineOf(at[from], at[to]) })),
    ...nodes.map((it) => boxOf(it, words.nodes[it.node], marks)),
  )
}

/** The maker's box says who is believed at the bottom. */
function nodeOf(report, check, node) {
  const found = report.checks.find((it) => it.name === (node === 'maker' ? 'hardware' : check))
  return { state: found?.state ?? 'not-checked' }
}

function lineOf(from, to) {
  const [x1, y1] = [left(from.column) + boxWidth / 2, top(from.row) + boxHeight / 2]
  const [x2, y2] = [left(to.column) + boxWidth / 2, top(to.row) + boxHeight / 2]
  return `M ${String(x1)} ${String(y1)} L ${String(x2)} ${String(y2)}`
}

function boxOf({ column, row, state }, label, marks) {
  const x = left(column)
  const y = top(row)
  return svg(
    'g',
    {},
    svg('rect', { x, y, width: boxWidth, height: boxHeight, rx: 10, class: state }),
    svg('text', { x: x + 12, y: y + 32, class: state }, marks[state]),
    ...linesOf(label).map((line, place, all) =>
      svg(
        'text',
        { x: x + 34, y: y + (all.length === 1 ? 31 : 23 + place * 17), class: 'small' },
        line,
      ),
    ),
  )
}

/** At most two lines of about 16 letters. */
function linesOf(label) {
  if (label.length <= 16) return [label]
  const words = label.split(' ')
  let first = words.shift() ?? ''
  while (words.length > 0 && `${first} ${words[0]}`.length <= 16) first += ` ${words.shift()}`
  return words.length > 0 ? [first, words.join(' ')] : [first]
}
