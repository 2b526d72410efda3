/** @module Rich messages: a bot's blocks checked against the limits of the format, completed, and flattened to text. */
import type { RichBlock, RichMessage } from '@grammyjs/types'
import { isRecord } from './body.ts'
import { checkButton } from './markup.ts'
import { badRequest } from './refusal.ts'

/** Limits of the format, from the API's own documentation. Characters are counted as UTF-16 units, the stricter way. */
const richLimits = {
  characters: 32_768,
  blocks: 500,
  levels: 16,
  media: 50,
  columns: 20,
} as const

interface Tally {
  characters: number
  blocks: number
  media: number
  readonly draft: boolean
  readonly privateChat: boolean
}

const mediaTypes = new Set(['animation', 'audio', 'document', 'photo', 'video', 'voice_note'])
const textTypes = new Set([
  'paragraph',
  'heading',
  'pre',
  'footer',
  'pullquote',
  'expandable_blockquote',
  'thinking',
])
const containerTypes = new Set(['blockquote', 'details', 'collage', 'slideshow'])

/**
 * Checks an `InputRichMessage` with `blocks` and gives what the receiver sees. `thinking` blocks are for drafts only.
 * Throws 400 naming the limit. `html` and `markdown` are refused: this simulator does not parse them.
 */
export function parseRich(
  value: unknown,
  where: { readonly draft: boolean; readonly privateChat: boolean },
): RichMessage {
  if (!isRecord(value)) throw badRequest('object expected as rich_message')
  const given = ['blocks', 'html', 'markdown'].filter((name) => value[name] !== undefined)
  if (given.length !== 1) throw badRequest('exactly one of blocks, html and markdown must be used')
  if (given[0] !== 'blocks') throw badRequest('rich messages are simulated for blocks only')
  const blocks = value['blocks']
  if (!Array.isArray(blocks)) throw badRequest('array expected as blocks')
  const tally: Tally = { characters: 0, blocks: 0, media: 0, ...where }
  const parsed = parseBlocks(blocks, 1, tally)
  if (tally.characters > richLimits.characters) throw badRequest('rich message text is too long')
  if (tally.blocks > richLimits.blocks) throw badRequest('rich message has too many blocks')
  if (tally.media > richLimits.media) throw badRequest('rich message has too much media')
  if (parsed.length === 0) throw badRequest('message text is empty')
  return { blocks: parsed, ...(value['is_rtl'] === true && { is_rtl: true }) }
}

function parseBlocks(blocks: readonly unknown[], level: number, tally: Tally): RichBlock[] {
  if (level > richLimits.levels) throw badRequest('rich message is nested too deep')
  const parsed: RichBlock[] = []
  for (const block of blocks) {
    tally.blocks += 1
    if (!isRecord(block) || typeof block['type'] !== 'string')
      throw badRequest('rich block without a type')
    const complete: unknown = completeBlock({ ...block, type: block['type'] }, level, tally)
    if (isBlock(complete)) parsed.push(complete)
  }
  return parsed
}

/** After `completeBlock` the shape holds; this only tells the compiler. */
const isBlock = (value: unknown): value is RichBlock => isRecord(value)

function completeBlock(
  block: Record<string, unknown> & { type: string },
  level: number,
  tally: Tally,
): Record<string, unknown> {
  const { type } = block
  if (type === 'thinking' && !tally.draft)
    throw badRequest('thinking blocks are allowed in drafts only')
  countText(block['credit'], level, tally)
  if (textTypes.has(type)) {
    if (block['text'] === undefined) throw badRequest(`rich block ${type} without a text`)
    if (type === 'heading' && ![1, 2, 3, 4, 5, 6].includes(Number(block['size']))) {
      throw badRequest('heading size must be from 1 to 6')
    }
    countText(block['text'], level, tally)
    return block
  }
  if (containerTypes.has(type)) {
    const inner = block['blocks']
    if (!Array.isArray(inner)) throw badRequest(`rich block ${type} without blocks`)
    countText(block['summary'], level, tally)
    return { ...block, blocks: parseBlocks(inner, level + 1, tally) }
  }
  if (mediaTypes.has(type)) {
    tally.media += 1
    return block
  }
  switch (type) {
    case 'divider':
    case 'anchor':
    case 'map':
      return block
    case 'mathematical_expression':
      tally.characters += wordOf(block['expression']).length
      return block
    case 'list':
      return { ...block, items: parseItems(block['items'], level, tally) }
    case 'table':
      return { ...block, cells: parseCells(block['cells'], level, tally) }
    case 'buttons':
      checkButtons(block['buttons'], level, tally)
      return block
    default:
      throw badRequest('unknown rich block type')
  }
}

function parseItems(items: unknown, level: number, tally: Tally): unknown[] {
  if (!Array.isArray(items) || items.length === 0) throw badRequest('rich list without items')
  let next = 1
  return items.map((item: unknown) => {
    tally.blocks += 1
    const blocks = isRecord(item) ? item['blocks'] : undefined
    if (!isRecord(item) || !Array.isArray(blocks)) throw badRequest('rich list item without blocks')
    const value = typeof item['value'] === 'number' ? item['value'] : next
    next = value + 1
    const ordered = item['value'] !== undefined || item['type'] !== undefined
    const label = ordered ? labelOf(value, item['type']) : '•'
    return { label, ...item, blocks: parseBlocks(blocks, level + 1, tally) }
  })
}

function labelOf(value: number, type: unknown): string {
  if ((type === 'a' || type === 'A') && value >= 1 && value <= 26) {
    return `${String.fromCodePoint((type === 'a' ? 96 : 64) + value)}.`
  }
  return `${value}.`
}

function parseCells(rows: unknown, level: number, tally: Tally): unknown[] {
  if (!Array.isArray(rows) || rows.length === 0) throw badRequest('rich table without cells')
  return rows.map((row: unknown) => {
    tally.blocks += 1
    if (!Array.isArray(row)) throw badRequest('rich table row is not an array')
    const columns = row.reduce((sum: number, cell: unknown) => sum + spanOf(cell), 0)
    if (columns > richLimits.columns) throw badRequest('rich table has too many columns')
    return row.map((cell: unknown) => {
      if (!isRecord(cell)) throw badRequest('rich table cell is not an object')
      countText(cell['text'], level, tally)
      return { align: 'left', valign: 'top', ...cell }
    })
  })
}

const spanOf = (cell: unknown): number =>
  isRecord(cell) && typeof cell['colspan'] === 'number' ? cell['colspan'] : 1

function checkButtons(buttons: unknown, level: number, tally: Tally): void {
  if (!Array.isArray(buttons) || buttons.length < 1 || buttons.length > 8) {
    throw badRequest('a row holds from 1 to 8 buttons')
  }
  for (const button of buttons) {
    if (!isRecord(button)) throw badRequest('rich button is not an object')
    countText(button['text'], level, tally)
    checkButton(button, tally.privateChat)
  }
}

function countText(text: unknown, level: number, tally: Tally): void {
  if (text === undefined) return
  if (level > richLimits.levels) throw badRequest('rich message is nested too deep')
  if (typeof text === 'string') {
    tally.characters += text.length
  } else if (Array.isArray(text)) {
    for (const part of text) countText(part, level, tally)
  } else if (isRecord(text) && typeof text['type'] === 'string') {
    countInline(text, level, tally)
  } else throw badRequest('rich text must be a string, an array or an object')
}

function countInline(text: Record<string, unknown>, level: number, tally: Tally): void {
  switch (text['type']) {
    case 'button':
      checkButtons([text['button']], level, tally)
      return
    case 'custom_emoji':
      tally.characters += wordOf(text['alternative_text']).length
      return
    case 'mathematical_expression':
      tally.characters += wordOf(text['expression']).length
      return
    case 'anchor':
      return
    default:
      if (text['text'] === undefined) throw badRequest('rich text without its text')
      countText(text['text'], level + 1, tally)
  }
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The plain text of rich text: a string, an array, or an object, recursively. */
export function flatText(text: unknown): string {
  if (typeof text === 'string') return text
  if (Array.isArray(text)) return text.map(flatText).join('')
  if (!isRecord(text)) return ''
  if (text['type'] === 'custom_emoji') return wordOf(text['alternative_text'])
  if (text['type'] === 'mathematical_expression') return wordOf(text['expression'])
  if (text['type'] === 'button' && isRecord(text['button'])) return flatText(text['button']['text'])
  return flatText(text['text'])
}

/** The plain text of blocks, one line a block; table cells parted by tabs, list items led by their label. */
export function flatBlocks(blocks: unknown): string {
  if (!Array.isArray(blocks)) return ''
  return blocks
    .map(flatBlock)
    .filter((line) => line !== '')
    .join('\n')
}

function flatBlock(block: unknown): string {
  if (!isRecord(block)) return ''
  const lines = [flatText(block['summary']), flatText(block['text']), flatBlocks(block['blocks'])]
  if (Array.isArray(block['items'])) lines.push(block['items'].map(flatItem).join('\n'))
  if (Array.isArray(block['cells'])) lines.push(block['cells'].map(flatRow).join('\n'))
  if (typeof block['expression'] === 'string') lines.push(block['expression'])
  if (isRecord(block['caption'])) lines.push(flatText(block['caption']['text']))
  else lines.push(flatText(block['caption']))
  lines.push(flatText(block['credit']))
  return lines.filter((line) => line !== '').join('\n')
}

const flatItem = (item: unknown): string =>
  isRecord(item)
    ? `${typeof item['label'] === 'string' ? item['label'] : '•'} ${flatBlocks(item['blocks'])}`
    : ''

const flatRow = (row: unknown): string =>
  Array.isArray(row)
    ? row.map((cell) => (isRecord(cell) ? flatText(cell['text']) : '')).join('\t')
    : ''
