// A small menu at a place: arrow keys, Escape, click outside.
import { arrowKeys, h, icon } from './dom.js'

let close = () => {}

/** `place`: an element or {x, y}. `items`: [{icon, label, run}] or {emoji: [...], run(emoji)}. */
export function openMenu(place, items) {
  close()
  const before = document.activeElement
  const menu = h(
    'div',
    { class: 'menu', role: 'menu' },
    items.map((it) =>
      it.emoji === undefined
        ? h(
            'button',
            {
              type: 'button',
              role: 'menuitem',
              class: it.danger ? 'danger' : '',
              onclick: () => pick(it.run),
            },
            icon(it.icon, 18),
            it.label,
          )
        : h(
            'div',
            { class: 'emoji-row' },
            it.emoji.map((one) =>
              h(
                'button',
                {
                  type: 'button',
                  role: 'menuitem',
                  'aria-label': `React with ${one}`,
                  onclick: () => pick(() => it.run(one)),
                },
                one,
              ),
            ),
          ),
    ),
  )
  const pick = (run) => {
    close()
    run()
  }
  document.body.append(menu)
  const box =
    place instanceof Element
      ? place.getBoundingClientRect()
      : { left: place.x, bottom: place.y, top: place.y }
  const { width, height } = menu.getBoundingClientRect()
  const below = box.bottom + height + 8 < window.innerHeight
  menu.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - width - 8))}px`
  menu.style.top = `${Math.max(8, below ? box.bottom + 4 : box.top - height - 4)}px`
  arrowKeys(menu, 'button')
  const outside = (event) => !menu.contains(event.target) && close()
  const escape = (event) => event.key === 'Escape' && close()
  close = () => {
    menu.remove()
    document.removeEventListener('pointerdown', outside, true)
    document.removeEventListener('keydown', escape, true)
    close = () => {}
    before?.focus?.()
  }
  document.addEventListener('pointerdown', outside, true)
  document.addEventListener('keydown', escape, true)
  menu.querySelector('button')?.focus()
}
