// Buttons under the field: they send their text, or ask for a chat.
import { h } from './dom.js'
import { requestChatDialog } from './room-dialogs.js'
import { loadedRoom } from './state.js'

/** The buttons a bot put in place of a keyboard. `hooks`: {send(text), redraw()}. */
export function replyKeyboard(room, hooks) {
  const live = loadedRoom()
  if (live?.keyboard == null || live.keyboardHidden) return undefined
  return h(
    'div',
    { class: 'reply-keyboard', role: 'group', 'aria-label': 'Answer buttons' },
    live.keyboard.keyboard.map((row) =>
      h(
        'div',
        { class: 'keyboard-row' },
        row.map((button) =>
          h(
            'button',
            { type: 'button', class: 'key', onclick: () => void key(button, room, hooks) },
            typeof button === 'string' ? button : button.text,
          ),
        ),
      ),
    ),
  )
}

async function key(button, room, { send, redraw }) {
  const used = () => {
    // The chat may have been loaded anew while its dialog was open.
    const live = loadedRoom()
    if (live?.keyboard?.one_time_keyboard) live.keyboardHidden = true
    redraw()
  }
  if (typeof button === 'object' && button.request_chat !== undefined) {
    requestChatDialog(button.request_chat, room, used)
    return
  }
  used()
  await send(typeof button === 'string' ? button : button.text)
}
