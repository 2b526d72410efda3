/** @module Our own small renderer: model text to rich blocks. What it does not know stays plain text, so no text can become a button, link or image. */
import type { InputRichBlock, InputRichBlockListItem } from '@grammyjs/types'

export type Block = InputRichBlock<never>

/** `plain`: paragraphs only, letter for letter (translations, transcripts). `outline`: also headings, lists and quotes (summaries). */
export type Style = 'plain' | 'outline'

/** Telegram allows 500 blocks with list items counted; footer and details need a few. */
export const maxBlocks = 440

/**
 * Blocks of `text`; at least one. Total text is never longer than `text`; more than `maxBlocks` are
 * merged into the last paragraph. Lone surrogates become U+FFFD, which JSON could not carry.
 */
export function renderBlocks(text: string, style: Style): Block[] {
  const paragraphs = text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .split(/\n[^\S\n]*\n\s*/)
    .map((part) => part.replace(/^\s*\n/, '').trimEnd())
    .filter((part) => part.trim() !== '')
  const blocks: Block[] = []
  let left = maxBlocks
  for (const [index, part] of paragraphs.entries()) {
    const made: Block[] = style === 'plain' ? [paragraph(part)] : outline(part)
    const cost = made.reduce((sum, block) => sum + costOf(block), 0)
    if (cost >= left) {
      blocks.push(paragraph(paragraphs.slice(index).join('\n\n')))
      return blocks
    }
    left -= cost
    blocks.push(...made)
  }
  return blocks.length > 0 ? blocks : [paragraph('—')]
}

export const paragraph = (text: string): Block => ({ type: 'paragraph', text })

const costOf = (block: Block): number => (block.type === 'list' ? block.items.length * 2 + 1 : 1)

/** One paragraph of an outline: lines that are headings, list items or quotes, in runs. */
function outline(part: string): Block[] {
  const blocks: Block[] = []
  let items: InputRichBlockListItem<never>[] = []
  let lines: string[] = []
  const flush = (): void => {
    if (items.length > 0) blocks.push({ type: 'list', items })
    if (lines.length > 0) blocks.push(paragraph(lines.join('\n')))
    items = []
    lines = []
  }
  for (const line of part.split('\n')) {
    const item = listItem(line)
    const heading = /^#{1,4} +(\S.*)$/.exec(line)
    if (item) {
      if (lines.length > 0) flush()
      items.push(item)
    } else if (heading?.[1]) {
      flush()
      blocks.push({ type: 'heading', size: 4, text: heading[1] })
    } else {
      if (items.length > 0) flush()
      lines.push(line)
    }
  }
  flush()
  return blocks
}

function listItem(line: string): InputRichBlockListItem<never> | undefined {
  const bullet = /^\s*[-*•–] +(\S.*)$/.exec(line)
  if (bullet?.[1]) return { blocks: [paragraph(bullet[1])] }
  const numbered = /^\s*(\d{1,3})[.)] +(\S.*)$/.exec(line)
  if (numbered?.[2])
    return { blocks: [paragraph(numbered[2])], value: Number(numbered[1]), type: '1' }
  return undefined
}
