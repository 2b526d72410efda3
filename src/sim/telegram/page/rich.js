// Rich blocks as elements: headings, lists, tables, quotations, details, code, media.
import { h, icon, toast } from './dom.js'
import { audioPlayer, fileCard, photoView } from './media.js'
import { expandable, plain, renderRich } from './text.js'

export function renderBlocks(blocks, act = {}) {
  return blocks.map((block) => renderBlock(block, act))
}

function renderBlock(block, act = {}) {
  const text = () => renderRich(block.text, act)
  switch (block.type) {
    case 'paragraph':
      return h('p', {}, text())
    case 'heading':
      return h(
        `h${Math.min(6, (block.size ?? 1) + 1)}`,
        { class: `heading size-${block.size ?? 1}` },
        text(),
      )
    case 'pre':
      return codeBlock(block, act)
    case 'footer':
      return h('p', { class: 'footer' }, text())
    case 'divider':
      return h('hr', {})
    case 'list':
      return listBlock(block, act)
    case 'blockquote':
      return h('blockquote', {}, renderBlocks(block.blocks, act), credit(block, act))
    case 'expandable_blockquote':
      return expandable(text(), credit(block, act))
    case 'pullquote':
      return h('aside', { class: 'pullquote' }, text(), credit(block, act))
    case 'details':
      return h(
        'details',
        { open: block.is_open === true },
        h('summary', {}, renderRich(block.summary, act)),
        h('div', { class: 'details-body' }, renderBlocks(block.blocks, act)),
      )
    case 'table':
      return tableBlock(block, act)
    case 'thinking':
      return h(
        'p',
        { class: 'thinking' },
        h('span', { class: 'pulse', 'aria-hidden': 'true' }),
        h('span', {}, text()),
      )
    case 'buttons':
      return h(
        'div',
        { class: `button-row align-${block.align ?? 'left'}` },
        block.buttons.map((button) => act.button?.(button, 'rich')),
      )
    case 'mathematical_expression':
      return h('pre', { class: 'math' }, block.expression)
    case 'collage':
    case 'slideshow':
      return h('div', { class: 'collage' }, renderBlocks(block.blocks, act))
    case 'audio':
      return audioPlayer(block.audio, 'audio')
    case 'voice_note':
      return audioPlayer(block.voice_note, 'voice')
    case 'document':
      return fileCard(block.document)
    case 'photo':
      return photoView(block.photo)
    case 'anchor':
      return h('span', {})
    default:
      return h('p', { class: 'unknown' }, `[${block.type}]`)
  }
}

const credit = (block, act) => block.credit && h('cite', {}, renderRich(block.credit, act))

function codeBlock(block, act) {
  const copy = h(
    'button',
    { type: 'button', class: 'copy-code', 'aria-label': 'Copy code' },
    icon('copy', 15),
  )
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(plain(block.text))
    toast('Copied')
  })
  return h(
    'div',
    { class: 'code-block' },
    h('div', { class: 'code-head' }, h('span', {}, block.language ?? ''), copy),
    h('pre', { tabindex: 0 }, h('code', {}, renderRich(block.text, act))),
  )
}

function listBlock(block, act) {
  const ordered = block.items.some((it) => it.label !== undefined && it.label !== '•')
  return h(
    ordered ? 'ol' : 'ul',
    { class: 'rich-list' },
    block.items.map((it) =>
      h(
        'li',
        {},
        h(
          'span',
          { class: 'label' },
          it.has_checkbox ? checkbox(it.is_checked) : (it.label ?? '•'),
        ),
        h('div', { class: 'item' }, renderBlocks(it.blocks, act)),
      ),
    ),
  )
}

const checkbox = (checked) =>
  h('input', {
    type: 'checkbox',
    checked: checked === true,
    disabled: true,
    'aria-label': checked ? 'done' : 'open',
  })

function tableBlock(block, act) {
  const rows = block.cells.map((row) =>
    h(
      'tr',
      {},
      row.map((cell) =>
        h(
          cell.is_header ? 'th' : 'td',
          { class: `align-${cell.align ?? 'left'}`, colspan: cell.colspan, rowspan: cell.rowspan },
          renderRich(cell.text, act),
        ),
      ),
    ),
  )
  const kinds = ['bordered', 'striped', 'compact'].filter((kind) => block[`is_${kind}`])
  return h(
    'div',
    { class: 'table-wrap', tabindex: 0, role: 'group', 'aria-label': 'Table' },
    h(
      'table',
      { class: kinds.join(' ') },
      block.caption && h('caption', {}, renderRich(block.caption, act)),
      h('tbody', {}, rows),
    ),
  )
}

/**
 * Shows a growing draft in `box` without flicker: blocks that did not change stay, words added to the end fade in.
 */
export function morphBlocks(box, blocks, act) {
  const old = box.blocks ?? []
  for (const [at, block] of blocks.entries()) {
    const before = old[at]
    const element = box.children[at]
    if (
      before !== undefined &&
      element !== undefined &&
      JSON.stringify(before) === JSON.stringify(block)
    )
      continue
    const fresh = grown(before, block, act) ?? renderBlock(block, act)
    if (element === undefined) {
      fresh.classList?.add('fresh')
      box.append(fresh)
    } else element.replaceWith(fresh)
  }
  while (box.children.length > blocks.length) box.lastElementChild.remove()
  box.blocks = blocks
}

/** A paragraph that only got longer: its old words stand still, the new ones fade in. */
function grown(before, block, act) {
  if (before?.type !== 'paragraph' || block.type !== 'paragraph') return undefined
  if (typeof before.text !== 'string' || typeof block.text !== 'string') return undefined
  if (!block.text.startsWith(before.text)) return undefined
  return h(
    'p',
    {},
    renderRich(before.text, act),
    h('span', { class: 'fresh' }, block.text.slice(before.text.length)),
  )
}
