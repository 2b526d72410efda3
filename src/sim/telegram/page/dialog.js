// Dialogs on the browser's own <dialog>: focus stays inside, Escape closes.
import { h, iconButton } from './dom.js'

/** Shows a dialog with a title; `build(close)` gives its content. */
export function openDialog(title, build, { onClose } = {}) {
  const dialog = h('dialog', { class: 'dialog', 'aria-label': title })
  const close = () => dialog.close()
  dialog.append(
    h('header', {}, h('h2', {}, title), iconButton('close', 'Close', close)),
    h('div', { class: 'dialog-body' }, build(close)),
  )
  dialog.addEventListener('close', () => {
    dialog.remove()
    onClose?.()
  })
  dialog.addEventListener('click', (event) => event.target === dialog && close())
  document.body.append(dialog)
  dialog.showModal()
  return close
}

/** What Telegram shows as an alert after a press. */
export function alertDialog(text) {
  openDialog('Chrysalis', (close) => [
    h('p', { class: 'alert-text' }, text),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', class: 'primary', autofocus: true, onclick: close }, 'OK'),
    ),
  ])
}

/** A labelled input inside a form. */
export function field(label, input) {
  return h('label', { class: 'field' }, h('span', {}, label), input)
}
