/** @module How deeply a page's tags are nested, before a parser sees it: parsers of trees are slow and recursive. */

const VOID = new Set(
  'area base br col embed hr img input link meta param source track wbr'.split(' '),
)
/** Elements whose text is no markup. */
const RAW = new Set('script style textarea title'.split(' '))
/** Start tags that end an open element of these names on top of the stack (HTML, optional end tags). */
const ENDS: Readonly<Record<string, readonly string[] | undefined>> = {
  p: ['p'],
  div: ['p'],
  ul: ['p'],
  ol: ['p'],
  table: ['p'],
  section: ['p'],
  h1: ['p'],
  h2: ['p'],
  h3: ['p'],
  blockquote: ['p'],
  li: ['li', 'p'],
  dt: ['dt', 'dd', 'p'],
  dd: ['dt', 'dd', 'p'],
  tr: ['td', 'th', 'tr', 'p'],
  td: ['td', 'th', 'p'],
  th: ['td', 'th', 'p'],
  option: ['option'],
}

/** True when more than `limit` elements are open at once somewhere in `html`. One pass, no tree; an approximation. */
export function isDeeperThan(html: string, limit: number): boolean {
  const lower = html.toLowerCase()
  const tag = /<(\/?)([a-z][a-z0-9:-]*)/y
  const open: string[] = []
  let at = lower.indexOf('<')
  while (at >= 0) {
    tag.lastIndex = at
    const [whole = '<', slash, name = ''] = tag.exec(lower) ?? []
    let next = at + whole.length
    if (lower.startsWith('<!--', at)) next = after(lower, '-->', at + 4)
    else if (slash === '/') close(open, name)
    else if (RAW.has(name)) next = after(lower, `</${name}`, next)
    else if (name !== '' && !VOID.has(name) && !isSelfClosed(lower, next, open)) {
      endImplied(open, name)
      open.push(name)
      if (open.length > limit) return true
    }
    at = next < 0 ? -1 : lower.indexOf('<', next)
  }
  return false
}

function close(open: string[], name: string): void {
  const opened = open.lastIndexOf(name)
  if (opened >= 0) open.length = opened
}

function endImplied(open: string[], name: string): void {
  const ended = ENDS[name]
  while (ended?.includes(open.at(-1) ?? '')) open.pop()
}

/** Drawings end their shapes with `/>`; elsewhere HTML takes no notice of it. */
function isSelfClosed(lower: string, from: number, open: readonly string[]): boolean {
  if (!open.includes('svg') && !open.includes('math')) return false
  return lower[lower.indexOf('>', from) - 1] === '/'
}

/** Position behind the next `end`, or -1. */
function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from)
  return found < 0 ? -1 : found + end.length
}
