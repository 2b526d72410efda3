/** @module Where a proof comes from when the page was opened without one: a saved file, or its link. */
import { el } from './dom.js'

/** The way in for a file or a pasted link: `act` gets them as `openFile` and `openLink`. */
export function openPart(words, act) {
  const input = el('input', {
    type: 'file',
    class: 'hidden',
    id: 'file',
    accept: '.json,application/json',
    tabindex: '-1',
    'aria-hidden': 'true',
  })
  input.addEventListener('change', () => {
    const [file] = input.files ?? []
    if (file) void act.openFile(file)
  })
  const link = el('input', {
    type: 'text',
    id: 'link',
    'aria-label': words.open.link,
    placeholder: words.open.link,
    autocomplete: 'off',
  })
  const part = el(
    'section',
    { class: 'drop' },
    el('h2', {}, words.open.title),
    el('p', { class: 'soft' }, words.open.hint),
    input,
    el(
      'div',
      { class: 'row' },
      el('button', { type: 'button', onclick: () => input.click() }, words.open.choose),
      link,
      el(
        'button',
        { type: 'button', onclick: () => void act.openLink(linkIn(link.value)) },
        words.open.go,
      ),
    ),
  )
  part.addEventListener('dragover', (event) => {
    event.preventDefault()
    part.classList.add('over')
  })
  part.addEventListener('dragleave', () => part.classList.remove('over'))
  part.addEventListener('drop', (event) => {
    event.preventDefault()
    const [file] = event.dataTransfer?.files ?? []
    if (file) void act.openFile(file)
  })
  return part
}

/** The secret part of a pasted address. */
const linkIn = (text) => /1[\w-]{108}$/.exec(text.trim())?.[0] ?? text.trim()
