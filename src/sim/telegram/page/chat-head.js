// The line over a chat: its name, what the bot does there now, and the topics of a forum.
import { h, iconButton } from './dom.js'
import { openMenu } from './menu.js'
import { avatar } from './message.js'
import { purseDialog } from './money.js'
import { roomDialog } from './room-dialogs.js'
import { tryItems } from './samples.js'
import { bot, currentRoom, isAdmin, isIn, memberOf, roomByChat, state, titleOf } from './state.js'

/** Name and state of the chat, with the ways to its settings, and the topics of a forum. */
export function chatHead(room, go) {
  return h('div', {}, header(room, go), topicBar(room, go))
}

function header(room, go) {
  const open = () => roomDialog(room, go)
  return h(
    'header',
    { class: 'chat-head' },
    iconButton('back', 'Back to the chats', go.back, { class: 'icon-button back' }),
    h(
      'button',
      { type: 'button', class: 'chat-who', onclick: open, title: 'About this chat' },
      avatar(
        room.chat.type === 'private' ? room.bot : room.chat.id,
        titleOf(room),
        'm',
        room.chat.type === 'private',
      ),
      h(
        'span',
        { class: 'chat-who-words' },
        h('span', { class: 'chat-name' }, titleOf(room)),
        h('span', { class: 'chat-state', id: 'chat-state' }, stateText(room)),
      ),
    ),
    room.linked !== undefined &&
      roomByChat(room.linked) &&
      iconButton(
        room.chat.type === 'channel' ? 'comment' : 'horn',
        room.chat.type === 'channel' ? 'Open the discussion' : 'Open the channel',
        () => go.open(String(room.linked)),
      ),
    room.chat.type === 'private' && iconButton('coin', 'My test Stars', () => void purseDialog()),
    room.chat.type === 'private' &&
      iconButton('spark', 'Things to try', (event) => openMenu(event.currentTarget, tryItems())),
    iconButton('gear', 'Members, bot and rights', open),
  )
}

/** Topics of a forum as a row to choose from; what is written goes into the chosen one. */
function topicBar(room, go) {
  if (room.chat.is_forum !== true || room.topics.length === 0) return undefined
  const chosen = state.threads.get(room.key)
  const chip = (id, name) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        'aria-selected': String(id === chosen),
        class: id === chosen ? 'topic on' : 'topic',
        onclick: () => {
          state.threads.set(room.key, id)
          go.open(room.key)
        },
      },
      name,
    )
  return h(
    'div',
    { class: 'topics', role: 'tablist', 'aria-label': 'Topics' },
    chip(undefined, 'All'),
    room.topics.map((it) => chip(it.id, it.name)),
  )
}

/** Whether a message belongs to the chosen topic. */
export function inThread({ message }, room) {
  const chosen = state.threads.get(room.key)
  return chosen === undefined || message.message_thread_id === chosen
}

const actionWords = {
  typing: 'is typing',
  upload_document: 'is sending a file',
  record_voice: 'is recording',
  upload_voice: 'is sending a voice message',
}

function stateText(room) {
  const live = state.loaded.get(room.key)
  if (live?.draft) return 'is answering…'
  if (live?.action && live.action.until > state.world.now)
    return `${actionWords[live.action.action] ?? 'is busy'}…`
  if (room.chat.type === 'private') {
    if (room.blocked) return 'blocked'
    const it = state.world.bots.find((one) => one.id === room.bot)
    return it?.connected === false ? 'bot, not running now: what you write waits for it' : 'bot'
  }
  const people = room.members.filter((it) => isIn(it)).length
  const botIn = memberOf(room, bot()?.id)
  const botWord = isIn(botIn)
    ? isAdmin(botIn)
      ? ', the bot is an admin'
      : ', with the bot'
    : ', without the bot'
  const kind = room.chat.type === 'channel' ? 'subscribers' : 'members'
  return `${people} ${kind}${botWord}`
}

export function drawState() {
  const room = currentRoom()
  const element = document.getElementById('chat-state')
  if (room && element) element.textContent = stateText(room)
}
