// Builds elements. Text always becomes a text node: nothing a person or a bot wrote is ever parsed as HTML.

/** h('button', {class: 'x', onclick: fn, 'aria-label': 'y'}, 'text', child, [more]) */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name === 'value' || name === 'checked' || name === 'disabled') element[name] = value
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  add(element, children)
  return element
}

function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === '') continue
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)))
  }
}

export function fill(parent, ...children) {
  parent.replaceChildren()
  add(parent, children)
}

const paths = {
  back: 'M15 5l-7 7 7 7',
  send: 'M4 12l16-8-5.500 16-3-6.500z M11.500 13.500L20 4',
  mic: 'M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3z M5.500 11.500a6.500 6.500 0 0 0 13 0 M12 18v3',
  clip: 'M20 11.500l-8.200 8.200a5.200 5.200 0 0 1-7.400-7.400l8.600-8.600a3.500 3.500 0 0 1 5 5l-8.500 8.500a1.750 1.750 0 0 1-2.500-2.500l7.800-7.800',
  slash: 'M15 5L9 19 M4 4h16v16H4z',
  plus: 'M12 5v14 M5 12h14',
  close: 'M6 6l12 12 M18 6L6 18',
  dots: 'M6 12h.010 M12 12h.010 M18 12h.010',
  reply: 'M10 7L4 12.500l6 5.500v-3.500c5 0 8 1.500 10 4.500-.5-5.500-4-9-10-9z',
  forward: 'M14 7l6 5.500-6 5.500v-3.500c-5 0-8 1.500-10 4.500.5-5.500 4-9 10-9z',
  copy: 'M9 9h11v11H9z M5 15H4V4h11v1',
  edit: 'M4 20l1-4L16 5l3 3L8 19z M14 7l3 3',
  trash: 'M5 7h14 M9 7V4h6v3 M7 7l1 13h8l1-13',
  smile:
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z M8.500 14a4 4 0 0 0 7 0 M9 9.500h.010 M15 9.500h.010',
  pause: 'M8 5v14 M16 5v14',
  play: 'M7 4.500v15l12-7.500z',
  stop: 'M7 7h10v10H7z',
  file: 'M6 3h8l4 4v14H6z M14 3v4h4',
  down: 'M12 4v12 M7 11.500l5 5 5-5 M5 20h14',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 2.500v2 M12 19.500v2 M2.500 12h2 M19.500 12h2 M5.300 5.300l1.400 1.400 M17.300 17.300l1.400 1.400 M5.300 18.700l1.400-1.400 M17.300 6.700l1.400-1.400',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z',
  gear: 'M4 7h9 M17 7h3 M15 5v4 M4 17h3 M11 17h9 M9 15v4',
  scenes: 'M3 5h18v14H3z M14 5v14 M6 9h5 M6 12.500h5',
  people:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z M3 20c0-4 2.500-6.500 6-6.500s6 2.500 6 6.500 M16 4.500a3.500 3.500 0 0 1 0 6.500 M18 14c2 .8 3 3 3 6',
  horn: 'M4 10v4h3l7 4V6L7 10z M17.500 9.500a4 4 0 0 1 0 5 M7.500 14.500L9 20',
  lock: 'M6 11h12v9H6z M8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  check: 'M5 12.500l4.500 4.500L19 7',
  comment: 'M4 5h16v11H11l-5 4v-4H4z',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z',
  keyboard: 'M3 6h18v12H3z M7 10h.010 M11 10h.010 M15 10h.010 M8 14h8',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.700-5.700L12 7 M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.700 5.700L12 17',
  spark:
    'M12 3l1.900 5.600L19.500 10.500l-5.600 1.900L12 18l-1.900-5.600L4.500 10.500l5.600-1.900z M18.500 16v4 M16.500 18h4',
  coin: 'M12 3.500l2.600 5.300 5.900.900-4.200 4.100 1 5.800-5.300-2.800-5.300 2.800 1-5.800-4.200-4.100 5.900-.900z',
  arrow: 'M12 5v14 M6 13l6 6 6-6',
}

export function icon(name, size = 20) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  for (const [key, value] of Object.entries({
    viewBox: '0 0 24 24',
    width: size,
    height: size,
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': 1.7,
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    'aria-hidden': 'true',
    class: 'icon',
  })) {
    svg.setAttribute(key, value)
  }
  for (const part of (paths[name] ?? '').split(/ (?=M)/)) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    path.setAttribute('d', part)
    svg.append(path)
  }
  return svg
}

export function iconButton(name, label, onclick, more = {}) {
  return h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...more },
    icon(name),
  )
}

/** Moves focus with arrow keys among the elements `selector` finds inside `parent`. */
export function arrowKeys(parent, selector) {
  parent.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step === undefined) return
    const items = [...parent.querySelectorAll(selector)]
    const at = items.indexOf(document.activeElement)
    if (at < 0) return
    event.preventDefault()
    items[(at + step + items.length) % items.length]?.focus()
  })
}

export function toast(text, kind = 'info') {
  const element = h('div', { class: `toast ${kind}` }, text)
  document.getElementById('toasts').append(element)
  setTimeout(() => element.classList.add('leaving'), 4200)
  setTimeout(() => element.remove(), 4600)
}

/** What a promise gives; what went wrong is shown as a note, and gives nothing. */
export async function attempt(promise) {
  try {
    return await promise
  } catch (error) {
    toast(error.message, 'bad')
    return undefined
  }
}

/** Only links that cannot run anything. */
export function safeUrl(url) {
  const full = /^[\w-]+(\.[\w-]+)+(\/|$)/.test(url) ? `https://${url}` : url
  return /^(https?:|mailto:|tel:)/i.test(full) ? full : undefined
}

export function outLink(url, ...children) {
  const href = safeUrl(String(url ?? ''))
  return href === undefined
    ? h('span', { class: 'dead-link' }, ...children)
    : h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, ...children)
}
