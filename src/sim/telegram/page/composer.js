// The field at the bottom: text, commands, files, voice, reply and edit, reply keyboards.
import { post, upload } from './api.js'
import { mark, suggest, toggleCommands } from './commands.js'
import { attempt, fill, h, icon, iconButton, toast } from './dom.js'
import { sendFilesDialog } from './file-dialog.js'
import { timeText } from './media.js'
import { senderName, summary } from './message.js'
import { replyKeyboard } from './reply-keyboard.js'
import {
  chatParam,
  commandsFor,
  currentRoom,
  isAdmin,
  isIn,
  loadedRoom,
  memberOf,
  state,
  titleOf,
} from './state.js'
import { canRecord, startRecording } from './voice.js'

/** What the composer is busy with; one per page. */
const now = {
  reply: undefined,
  edit: undefined,
  box: undefined,
  room: undefined,
  hooks: {},
  recording: undefined,
  field: undefined,
  /** Whose text in which chat the field holds. */
  owner: undefined,
}
/** Unsent texts by person and chat. */
const kept = new Map()

export function drawComposer(box, { room, hooks }) {
  if (now.room?.key !== room.key) {
    now.reply = undefined
    now.edit = undefined
  }
  Object.assign(now, { box, room, hooks })
  draw()
}

/** Redraws when the keyboard, the rights or the person changed. */
export function refreshComposer() {
  const room = currentRoom()
  if (now.box !== undefined && room !== undefined) {
    now.room = room
    draw()
  }
}

export function setReply(view) {
  now.reply = view
  now.edit = undefined
  draw()
  now.field?.focus()
}

export function setEdit(view) {
  now.edit = view
  now.reply = undefined
  draw()
  now.field.value = view.message.text ?? view.message.caption ?? ''
  grow()
  now.field.focus()
}

export function insertCommand(word) {
  if (now.field === undefined) return
  now.field.value = `${word} `
  grow()
  now.field.focus()
}

export function setText(text) {
  if (now.field === undefined) return
  now.field.value = text
  grow()
  now.field.focus()
}

/** Why I cannot write here, or nothing. */
function obstacle(room) {
  const member = memberOf(room, state.me)
  if (room.chat.type === 'private') return undefined
  if (!isIn(member)) return 'You are not a member of this chat'
  if (room.chat.type === 'channel' && !isAdmin(member))
    return 'Only admins can post in this channel'
  return undefined
}

function draw() {
  const { box, room } = now
  const reason = obstacle(room)
  const owner = `${state.me} ${room.key}`
  const before = now.owner === owner ? now.field : undefined
  const typing = before !== undefined && document.activeElement === before
  Object.assign(now, { field: undefined, owner })
  if (reason !== undefined) {
    fill(box, h('div', { class: 'locked' }, icon('lock', 18), reason))
    return
  }
  if (room.chat.type === 'private' && !room.started && room.last === null) {
    fill(box, h('button', { type: 'button', class: 'start', onclick: () => void start() }, 'Start'))
    return
  }
  if (now.recording !== undefined) {
    fill(box, recorder())
    return
  }
  const field = h('textarea', {
    id: 'composer-input',
    rows: 1,
    placeholder: room.chat.type === 'channel' ? `Post to ${titleOf(room)}` : 'Message',
    'aria-label': 'Message',
    autocomplete: 'off',
  })
  now.field = field
  field.value = before?.value ?? kept.get(owner) ?? ''
  const suggestions = h('div', {
    class: 'suggestions',
    role: 'listbox',
    'aria-label': 'Commands',
    hidden: true,
  })
  const action = h('button', { type: 'button', class: 'action' })
  const commands = commandsFor(room)
  const hasKeyboard = loadedRoom()?.keyboard != null
  fill(
    box,
    strip(),
    suggestions,
    h(
      'div',
      { class: 'composer' },
      commands.length > 0 &&
        iconButton('slash', 'Commands', () =>
          toggleCommands(suggestions, { room, pick: pickCommand }),
        ),
      attachButton(room),
      field,
      hasKeyboard && iconButton('keyboard', 'Show or hide the buttons', toggleKeyboard),
      action,
    ),
    replyKeyboard(room, { send: sendText, redraw: draw }),
  )
  field.addEventListener('input', () => {
    kept.set(owner, field.value)
    grow()
    suggest(suggestions, { text: field.value, room, pick: pickCommand })
  })
  field.addEventListener('keydown', (event) => keyDown(event, suggestions))
  field.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])]
    if (files.length === 0) return
    event.preventDefault()
    sendFilesDialog(files, { room, reply: takeReply() })
  })
  action.addEventListener('click', () =>
    field.value.trim() === '' && now.edit === undefined ? void record() : void send(),
  )
  grow()
  if (typing) {
    // Who types goes on typing, whatever else made this drawing necessary.
    field.focus()
    field.setSelectionRange(before.selectionStart, before.selectionEnd)
  }
}

/** The height follows the text; the round button is Send or the microphone. */
function grow() {
  const { field, box } = now
  if (field === undefined) return
  field.style.height = 'auto'
  field.style.height = `${Math.min(field.scrollHeight, 180)}px`
  const action = box.querySelector('.action')
  const empty = field.value.trim() === '' && now.edit === undefined
  const wanted = empty ? 'mic' : 'send'
  if (action.dataset.icon === wanted) return
  action.dataset.icon = wanted
  action.setAttribute('aria-label', empty ? 'Record a voice message' : 'Send')
  action.title = action.getAttribute('aria-label')
  fill(action, icon(now.edit === undefined ? wanted : 'check', 21))
}

function strip() {
  const view = now.edit ?? now.reply
  if (view === undefined) return undefined
  const cancel = () => {
    if (now.edit !== undefined) now.field.value = ''
    now.edit = undefined
    now.reply = undefined
    draw()
    now.field?.focus()
  }
  return h(
    'div',
    { class: 'strip' },
    icon(now.edit ? 'edit' : 'reply', 18),
    h(
      'span',
      { class: 'strip-words' },
      h('b', {}, now.edit ? 'Edit message' : `Reply to ${senderName(view)}`),
      h('span', {}, summary(view.message)),
    ),
    iconButton('close', 'Cancel', cancel),
  )
}

function attachButton(room) {
  const input = h('input', {
    type: 'file',
    multiple: true,
    hidden: true,
    'aria-hidden': 'true',
    tabindex: -1,
    class: 'file-input',
  })
  input.addEventListener('change', () => {
    if (input.files.length > 0) sendFilesDialog([...input.files], { room, reply: takeReply() })
    input.value = ''
  })
  return [iconButton('clip', 'Attach files', () => input.click()), input]
}

function takeReply() {
  const id = now.reply?.message.message_id
  now.reply = undefined
  return id
}

function keyDown(event, suggestions) {
  const options = [...suggestions.querySelectorAll('button')]
  if (!suggestions.hidden && options.length > 0) {
    const at = options.findIndex((it) => it.classList.contains('on'))
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const next = (at + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % options.length
      mark(options, next)
      return
    }
    if (event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey)) {
      event.preventDefault()
      options[Math.max(0, at)].click()
      return
    }
    if (event.key === 'Escape') {
      suggestions.hidden = true
      return
    }
  }
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault()
    void send()
  } else if (event.key === 'Escape' && (now.reply || now.edit)) {
    box().querySelector('.strip .icon-button')?.click()
  } else if (event.key === 'ArrowUp' && now.field.value === '') {
    const last = [...(loadedRoom()?.messages.values() ?? [])]
      .reverse()
      .find((it) => it.author === state.me && it.message.text)
    if (last) {
      event.preventDefault()
      setEdit(last)
    }
  }
}

const box = () => now.box

const pickCommand = (it) => insertCommand(`/${it.command}`)

async function start() {
  await attempt(post('start', { from: state.me }))
}

async function send() {
  const { field, room } = now
  const text = field.value.trim()
  if (text === '') return
  const { edit } = now
  const base = { chat: chatParam(room), from: state.me, text }
  try {
    if (edit === undefined) {
      const thread = state.threads.get(room.key)
      await post('messages', { ...base, reply_to: takeReply(), thread })
    } else await post('edits', { ...base, message_id: edit.message.message_id })
    now.edit = undefined
    kept.delete(`${state.me} ${room.key}`)
    if (now.field !== undefined) now.field.value = ''
    draw()
    now.field?.focus()
    now.hooks.sent?.()
  } catch (error) {
    toast(error.message, 'bad')
  }
}

/** Sends a text as if typed. */
export async function sendText(text) {
  const sent = await attempt(post('messages', { chat: chatParam(now.room), from: state.me, text }))
  if (sent !== undefined) now.hooks.sent?.()
}

export async function record() {
  if (!canRecord()) {
    toast('This browser cannot record here. Attach a sound file instead.', 'bad')
    return
  }
  try {
    now.recording = await startRecording((level, seconds) => showLevel(level, seconds))
    draw()
  } catch {
    toast('No microphone, or not allowed. Attach a sound file instead.', 'bad')
  }
}

function recorder() {
  const finish = async (keep) => {
    const { recording, room } = now
    now.recording = undefined
    const sound = await recording.stop()
    draw()
    if (!keep || sound.seconds < 0.5) return
    try {
      await upload('voice', sound.blob, sound.name, {
        chat: chatParam(room),
        from: state.me,
        duration: Math.max(1, Math.round(sound.seconds)),
        reply_to: takeReply(),
      })
      now.hooks.sent?.()
    } catch (error) {
      toast(error.message, 'bad')
    }
  }
  return h(
    'div',
    { class: 'composer recording' },
    iconButton('trash', 'Throw away', () => void finish(false)),
    h('span', { class: 'rec-dot', 'aria-hidden': 'true' }),
    h('span', { class: 'rec-time', role: 'timer' }, '0:00'),
    h('span', { class: 'rec-level', 'aria-hidden': 'true' }, h('i', {})),
    h(
      'button',
      {
        type: 'button',
        class: 'action',
        'aria-label': 'Send the voice message',
        autofocus: true,
        onclick: () => void finish(true),
      },
      icon('send', 21),
    ),
  )
}

function showLevel(level, seconds) {
  const time = now.box?.querySelector('.rec-time')
  const bar = now.box?.querySelector('.rec-level i')
  if (time) time.textContent = timeText(seconds)
  if (bar) bar.style.transform = `scaleX(${Math.min(1, level)})`
}

function toggleKeyboard() {
  const live = loadedRoom()
  live.keyboardHidden = !live.keyboardHidden
  draw()
}
