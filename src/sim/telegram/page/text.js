// Texts with entities, and rich text, as elements.
import { h, outLink } from './dom.js'

/** A message text with Bot API entities (offsets in UTF-16 units), nested as they nest. */
export function renderEntities(text, entities = [], act = {}) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length)
  return span(text, { from: 0, to: text.length }, sorted, act)
}

function span(text, { from, to }, entities, act) {
  const parts = []
  let at = from
  for (let i = 0; i < entities.length; i += 1) {
    const entity = entities[i]
    if (entity.offset < at || entity.offset >= to) continue
    const end = Math.min(entity.offset + entity.length, to)
    if (entity.offset > at) parts.push(text.slice(at, entity.offset))
    const inner = span(text, { from: entity.offset, to: end }, entities.slice(i + 1), act)
    parts.push(wrapEntity(entity, text.slice(entity.offset, end), inner, act))
    at = end
  }
  if (at < to) parts.push(text.slice(at, to))
  return parts
}

const simpleTags = {
  bold: 'strong',
  italic: 'em',
  underline: 'u',
  strikethrough: 's',
  code: 'code',
  pre: 'pre',
}

function wrapEntity(entity, word, inner, act) {
  const tag = simpleTags[entity.type]
  if (tag !== undefined) return h(tag, {}, inner)
  switch (entity.type) {
    case 'spoiler':
      return spoiler(inner)
    case 'blockquote':
      return h('blockquote', {}, inner)
    case 'expandable_blockquote':
      return expandable(inner)
    case 'text_link':
      return outLink(entity.url, inner)
    case 'url':
      return outLink(word, inner)
    case 'email':
      return outLink(`mailto:${word}`, inner)
    case 'bot_command':
      return commandButton(word, inner, act)
    default:
      return plainSpan(entity.type, inner)
  }
}

const commandButton = (command, inner, act) =>
  h(
    'button',
    { type: 'button', class: 'inline-link', onclick: () => act.command?.(command) },
    inner,
  )

const mentions = new Set(['mention', 'text_mention', 'hashtag', 'cashtag'])
const plainSpan = (type, inner) => h('span', mentions.has(type) ? { class: 'mention' } : {}, inner)

function spoiler(inner) {
  const element = h(
    'span',
    { class: 'spoiler', tabindex: 0, role: 'button', 'aria-label': 'Hidden text, press to show' },
    inner,
  )
  const show = () => element.classList.add('shown')
  element.addEventListener('click', show)
  element.addEventListener('keydown', (event) => event.key === 'Enter' && show())
  return element
}

/** A quotation that shows three lines until it is opened. */
export function expandable(inner, credit) {
  const body = h('div', { class: 'expandable-body' }, inner)
  const more = h('button', { type: 'button', class: 'more', 'aria-expanded': 'false' }, 'Show more')
  const element = h('blockquote', { class: 'expandable' }, body, credit, more)
  more.addEventListener('click', () => {
    const open = element.classList.toggle('open')
    more.textContent = open ? 'Show less' : 'Show more'
    more.setAttribute('aria-expanded', String(open))
  })
  return element
}

const richTags = {
  bold: 'strong',
  italic: 'em',
  underline: 'u',
  strikethrough: 's',
  code: 'code',
  subscript: 'sub',
  superscript: 'sup',
  marked: 'mark',
}

/** Rich text: a string, a list, or an object with a text inside. */
export function renderRich(text, act = {}) {
  if (text === undefined || text === null) return []
  if (typeof text === 'string') return text
  if (Array.isArray(text)) return text.map((part) => renderRich(part, act))
  const inner = renderRich(text.text, act)
  const tag = richTags[text.type]
  if (tag !== undefined) return h(tag, {}, inner)
  switch (text.type) {
    case 'spoiler':
      return spoiler(inner)
    case 'url':
      return outLink(text.url, inner)
    case 'email_address':
      return outLink(`mailto:${text.email_address}`, inner)
    case 'phone_number':
      return outLink(`tel:${text.phone_number}`, inner)
    case 'bot_command':
      return commandButton(text.bot_command, inner, act)
    case 'custom_emoji':
      return String(text.alternative_text ?? '')
    case 'mathematical_expression':
      return h('code', { class: 'math' }, text.expression)
    case 'button':
      return act.button?.(text.button, 'rich') ?? ''
    case 'anchor':
      return ''
    default:
      return plainSpan(text.type, inner)
  }
}

/** The plain text of rich text. */
export function plain(text) {
  if (typeof text === 'string') return text
  if (Array.isArray(text)) return text.map(plain).join('')
  if (typeof text !== 'object' || text === null) return ''
  if (text.type === 'custom_emoji') return text.alternative_text ?? ''
  if (text.type === 'mathematical_expression') return text.expression ?? ''
  return plain(text.text)
}

/** The plain text of blocks, one line a block. */
export function plainBlocks(blocks = []) {
  return blocks
    .map((block) =>
      [
        plain(block.summary),
        plain(block.text),
        plainBlocks(block.blocks),
        (block.items ?? []).map((it) => `${it.label ?? '•'} ${plainBlocks(it.blocks)}`).join('\n'),
        (block.cells ?? []).map((row) => row.map((cell) => plain(cell.text)).join('\t')).join('\n'),
      ]
        .filter(Boolean)
        .join('\n'),
    )
    .filter(Boolean)
    .join('\n')
}
