// Messages without a mouse: arrow keys walk through them, Enter opens what can be done with one.

/** In `list`, ArrowUp begins at the newest message; messages are no stops of Tab, so the field is near. */
export function walkMessages(list) {
  list.addEventListener('keydown', (event) => {
    const here = document.activeElement
    const isMessage = here.parentElement === list && here.classList.contains('message')
    if (!isMessage && here !== list) return
    const next = target(list, here, event.key)
    if (next !== undefined) {
      event.preventDefault()
      next.focus()
    } else if (event.key === 'Enter' && isMessage) {
      event.preventDefault()
      here.querySelector('.tools .icon-button:last-child')?.click()
    }
  })
}

function target(list, here, key) {
  const messages = [...list.querySelectorAll('article.message')]
  const at = messages.indexOf(here)
  if (key === 'ArrowUp') return at < 0 ? messages.at(-1) : messages[at - 1]
  return key === 'ArrowDown' && at >= 0 ? messages[at + 1] : undefined
}
