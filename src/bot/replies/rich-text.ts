/** @module Text of an incoming rich message: strings, arrays and objects flattened, links collected. */
import type { RichBlock, RichText } from 'grammy/types'

export interface Flat {
  readonly text: string
  readonly links: readonly string[]
}

/** Flattens blocks to paragraphs. Footers, details, buttons and media are ours or no words, and are left out. */
export function flattenRich(blocks: readonly RichBlock[]): Flat {
  const links: string[] = []
  const text = blocks
    .map((block) => blockText(block, links))
    .filter((part) => part !== '')
    .join('\n\n')
  return { text, links: [...new Set(links)] }
}

function blockText(block: RichBlock, links: string[]): string {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
    case 'pre':
    case 'pullquote':
    case 'expandable_blockquote':
      return spanText(block.text, links)
    case 'blockquote':
      return flattenInto(block.blocks, links, '\n\n')
    case 'list':
      return block.items
        .map((item) => `${item.label || '-'} ${flattenInto(item.blocks, links, '\n')}`)
        .join('\n')
    case 'table':
      return block.cells
        .map((row) => row.map((cell) => (cell.text ? spanText(cell.text, links) : '')).join('\t'))
        .join('\n')
    case 'mathematical_expression':
      return block.expression
    case 'details':
    case 'footer':
    case 'divider':
    case 'anchor':
    case 'collage':
    case 'slideshow':
    case 'map':
    case 'animation':
    case 'audio':
    case 'document':
    case 'photo':
    case 'video':
    case 'voice_note':
    case 'buttons':
    case 'thinking':
      return ''
  }
}

const flattenInto = (blocks: readonly RichBlock[], links: string[], join: string): string =>
  blocks
    .map((block) => blockText(block, links))
    .filter((part) => part !== '')
    .join(join)

/** Text of one span; exported for tests of nesting. */
function spanText(span: RichText, links: string[] = []): string {
  if (typeof span === 'string') return span
  if (Array.isArray(span)) return span.map((part) => spanText(part, links)).join('')
  switch (span.type) {
    case 'url':
      links.push(span.url)
      return spanText(span.text, links)
    case 'custom_emoji':
      return span.alternative_text
    case 'mathematical_expression':
      return span.expression
    case 'button':
    case 'anchor':
      return ''
    case 'bold':
    case 'italic':
    case 'underline':
    case 'strikethrough':
    case 'spoiler':
    case 'date_time':
    case 'text_mention':
    case 'subscript':
    case 'superscript':
    case 'marked':
    case 'code':
    case 'email_address':
    case 'phone_number':
    case 'bank_card_number':
    case 'mention':
    case 'hashtag':
    case 'cashtag':
    case 'bot_command':
    case 'anchor_link':
    case 'reference':
    case 'reference_link':
      return spanText(span.text, links)
  }
}
