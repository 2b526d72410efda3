// Right pane: one chat with its messages, the growing draft, and what can be done with a message.
import { post } from './api.js'
import { chatHead, drawState, inThread } from './chat-head.js'
import { drawComposer, insertCommand, setEdit, setReply } from './composer.js'
import { attempt, fill, h, icon, iconButton, toast } from './dom.js'
import {
  bubble,
  inlineButton,
  isMine,
  isService,
  senderId,
  serviceLine,
  summary,
} from './message.js'
import { walkMessages } from './message-keys.js'
import { morphBlocks } from './rich.js'
import { forwardDialog } from './room-dialogs.js'
import { emptyState } from './samples.js'
import {
  chatParam,
  currentRoom,
  isAdmin,
  loadedRoom,
  memberOf,
  state,
  viewKey,
  visible,
} from './state.js'
import { renderEntities } from './text.js'

const emoji = ['👍', '❤', '🔥', '😁', '🤔', '👀', '👌']
let list
let draftBox
let jumpButton
let shownKey
let openerOf

/** Draws the open chat from nothing. `go` as in the sidebar. */
export function drawChat(box, go) {
  openerOf = go
  const room = currentRoom()
  if (room === undefined) {
    fill(box, h('div', { class: 'nothing' }, 'Choose a chat'))
    return
  }
  list = h('div', {
    class: 'messages',
    role: 'log',
    'aria-label': 'Messages',
    'aria-live': 'polite',
    'aria-description':
      'Arrow keys go from message to message, Enter opens what can be done with one',
    tabindex: 0,
  })
  walkMessages(list)
  draftBox = undefined
  jumpButton = iconButton('arrow', 'To the newest message', () => scrollDown(true), {
    class: 'icon-button jump',
    hidden: true,
  })
  list.addEventListener('scroll', () => {
    jumpButton.hidden = nearEnd()
  })
  const composer = h('div', { class: 'composer-box' })
  fill(box, chatHead(room, go), h('div', { class: 'messages-box' }, list, jumpButton), composer)
  shownKey = state.open
  drawMessages()
  drawComposer(composer, { room, hooks: { sent: () => scrollDown(true) } })
  scrollDown(false)
  watchSize()
}

/** When the field grows or a phone's keyboard opens, the newest message stays in sight. */
function watchSize() {
  const it = list
  let stuck = true
  it.addEventListener('scroll', () => {
    stuck = nearEnd()
  })
  new ResizeObserver(() => it === list && stuck && scrollDown(false)).observe(it)
}

/** All messages again; after switching, or when something in the middle changed. */
export function drawMessages() {
  const room = currentRoom()
  const live = loadedRoom()
  if (room === undefined || live === undefined || list === undefined) return
  const stick = nearEnd() || shownKey !== state.open
  const views = visible(live).filter((view) => inThread(view, room))
  const rows = []
  let before
  for (const view of views) {
    if (before === undefined || dayOf(before) !== dayOf(view))
      rows.push(h('div', { class: 'day' }, h('span', {}, dayWords(view.message.date))))
    rows.push(row(view, before, room))
    before = view
  }
  fill(list, h('div', { class: 'filler' }), rows.length === 0 ? emptyState(room) : rows)
  list.lastView = before
  if (live.draft) drawDraft(live.draft)
  if (stick) scrollDown(false)
}

function row(view, before, room) {
  const element = isService(view)
    ? serviceLine(view)
    : bubble(view, room, { joins: joins(view, before), act: actions(view, room) })
  element.dataset.key = viewKey(view)
  return element
}

const joins = (view, before) =>
  before !== undefined &&
  !isService(before) &&
  senderId(before) === senderId(view) &&
  dayOf(before) === dayOf(view) &&
  view.message.date - before.message.date < 240

const dayOf = ({ message }) => new Date(message.date * 1000).toDateString()

function dayWords(seconds) {
  const day = new Date(seconds * 1000)
  if (day.toDateString() === new Date().toDateString()) return 'Today'
  return day.toLocaleDateString([], { day: 'numeric', month: 'long' })
}

/** A new or changed message of the open chat. */
export function showMessage(view) {
  const room = currentRoom()
  if (room === undefined || list === undefined) return
  if (view.receiver !== undefined && view.receiver !== state.me) return
  if (!inThread(view, room)) return
  const old = list.querySelector(`[data-key="${viewKey(view)}"]`)
  const stick = nearEnd()
  if (old !== null) {
    redraw(view, room)
    if (stick) scrollDown(true)
    return
  }
  if (view.replaces !== undefined || list.lastView === undefined) {
    drawMessages()
    if (stick) scrollDown(true)
    return
  }
  const before = list.lastView
  if (dayOf(before) !== dayOf(view))
    list.append(h('div', { class: 'day' }, h('span', {}, dayWords(view.message.date))))
  const element = row(view, before, room)
  const tookOver = draftBox !== undefined && view.botId !== undefined
  if (!tookOver) element.classList.add('arriving')
  if (tookOver) dropDraft()
  list.insertBefore(element, draftBox ?? null)
  list.lastView = view
  if (stick || isMine(view, room)) scrollDown(!tookOver)
}

/** Draws one shown message again and leaves all others alone: a playing sound goes on, what was opened stays open. */
function redraw(view, room) {
  const views = visible(loadedRoom()).filter((it) => inThread(it, room))
  const at = views.findIndex((it) => viewKey(it) === viewKey(view))
  const old = list.querySelector(`[data-key="${viewKey(view)}"]`)
  if (at < 0 || old === null) return
  old.replaceWith(row(views[at], views[at - 1], room))
  if (at === views.length - 1) list.lastView = views[at]
}

/** The number of comments under the post that a message of the discussion group belongs to. */
export function showComments(groupView) {
  const room = currentRoom()
  const live = loadedRoom()
  const group = state.loaded.get(String(room?.linked))
  if (room === undefined || live === undefined || group === undefined) return
  const { message } = groupView
  const copy = message.is_automatic_forward
    ? groupView
    : group.messages.get(message.message_thread_id)
  const post = live.messages.get(copy?.message.forward_origin?.message_id)
  if (post !== undefined) redraw(post, room)
}

export function dropMessage(key) {
  const element = list?.querySelector(`[data-key="${key}"]`)
  if (element === null || element === undefined) return
  element.classList.add('leaving')
  setTimeout(drawMessages, 200)
}

/** The draft as it grows; `null` takes it away. */
export function drawDraft(draft) {
  const room = currentRoom()
  if (draft === null || draft === undefined || list === undefined || room === undefined) {
    dropDraft()
    drawState()
    return
  }
  const stick = nearEnd()
  if (draftBox === undefined || draftBox.dataset.draft !== String(draft.draftId)) {
    dropDraft()
    draftBox = draftElement(draft, room)
    list.append(draftBox)
  }
  const box = draftBox.querySelector('.draft-content')
  if (draft.rich) morphBlocks(box, draft.rich.blocks, { command: insertCommand })
  else if (draft.text) fill(box, h('p', {}, renderEntities(draft.text)))
  else morphBlocks(box, [{ type: 'thinking', text: 'Thinking…' }], {})
  draftBox.querySelector('.stop').hidden = !draft.canStop
  drawState()
  if (stick) scrollDown(false)
}

function draftElement(draft, room) {
  const stop = h('button', { type: 'button', class: 'stop' }, icon('stop', 15), 'Stop')
  stop.addEventListener('click', async () => {
    stop.disabled = true
    await attempt(post('stop', { chat: chatParam(room) }))
  })
  return h(
    'article',
    {
      class: 'message theirs wide draft arriving',
      'data-draft': draft.draftId,
      'aria-live': 'off',
      'aria-label': 'Answer in the making',
    },
    h(
      'div',
      { class: 'column' },
      h(
        'div',
        { class: 'bubble-line' },
        h(
          'div',
          { class: 'bubble', dir: 'auto' },
          h('div', { class: 'rich draft-content' }),
          h('span', { class: 'growing', 'aria-hidden': 'true' }),
        ),
      ),
      stop,
    ),
  )
}

function dropDraft() {
  draftBox?.remove()
  draftBox = undefined
}

function nearEnd() {
  return list === undefined || list.scrollHeight - list.scrollTop - list.clientHeight < 120
}

function scrollDown(smooth) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  list?.scrollTo({ top: list.scrollHeight, behavior: smooth && !calm ? 'smooth' : 'instant' })
}

function jump(id) {
  const element = list.querySelector(`[data-key="m${id}"]`)
  if (element === null) return
  element.scrollIntoView({ block: 'center', behavior: 'smooth' })
  element.classList.add('lit')
  setTimeout(() => element.classList.remove('lit'), 1400)
}

export const jumpTo = jump

function actions(view, room) {
  return {
    reply: (it) => setReply(it),
    jump,
    command: insertCommand,
    react: (it, one) => act('reactions', { ...ids(it, room), emoji: one }),
    button: (button, style, of) => inlineButton(button, style, { view: of ?? view, room }),
    comments: (it) => comments(it, room),
    menu: (it) => menuItems(it, room),
  }
}

const ids = (view, room) => ({
  chat: chatParam(room),
  from: state.me,
  ...(view.message.ephemeral_message_id === undefined
    ? { message_id: view.message.message_id }
    : { ephemeral_message_id: view.message.ephemeral_message_id }),
})

const act = (path, body) => attempt(post(path, body))

function menuItems(view, room) {
  const { message } = view
  const own =
    view.author === state.me || (room.chat.type === 'channel' && isAdmin(memberOf(room, state.me)))
  const text = message.text ?? message.caption ?? summary(message)
  const permanent = view.receiver === undefined
  return [
    permanent && { emoji, run: (one) => act('reactions', { ...ids(view, room), emoji: one }) },
    permanent && { icon: 'reply', label: 'Reply', run: () => setReply(view) },
    text && {
      icon: 'copy',
      label: 'Copy text',
      run: async () => (await navigator.clipboard.writeText(text), toast('Copied')),
    },
    permanent && {
      icon: 'forward',
      label: 'Forward…',
      run: () => forwardDialog(view, room, openerOf),
    },
    own &&
      view.botId === undefined &&
      (message.text || message.caption) && {
        icon: 'edit',
        label: 'Edit',
        run: () => setEdit(view),
      },
    (own || room.chat.type === 'private') && {
      icon: 'trash',
      label: 'Delete',
      danger: true,
      run: () => act('deletions', ids(view, room)),
    },
  ].filter(Boolean)
}

/** Under a channel's post: the way to its comments. */
function comments(view, room) {
  if (room.chat.type !== 'channel' || room.linked === undefined) return undefined
  const group = state.loaded.get(String(room.linked))
  if (group === undefined) return undefined
  const copy = [...group.messages.values()].find(
    (it) =>
      it.message.is_automatic_forward &&
      it.message.forward_origin?.message_id === view.message.message_id,
  )
  if (copy === undefined) return undefined
  const count = [...group.messages.values()].filter(
    (it) => it.message.message_thread_id === copy.message.message_id,
  ).length
  const label = count === 0 ? 'Leave a comment' : count === 1 ? '1 comment' : `${count} comments`
  return h(
    'button',
    {
      type: 'button',
      class: 'comments',
      onclick: () => openerOf.open(String(room.linked), copy.message.message_id),
    },
    icon('comment', 17),
    label,
  )
}
