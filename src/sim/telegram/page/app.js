// Starts the page and keeps it live.
import { get, listen } from './api.js'
import {
  drawChat,
  drawDraft,
  drawMessages,
  dropMessage,
  jumpTo,
  showComments,
  showMessage,
} from './chat.js'
import { drawState } from './chat-head.js'
import { refreshComposer } from './composer.js'
import { alertDialog } from './dialog.js'
import { acceptDrops } from './file-dialog.js'
import { followLinks } from './links.js'
import { showAnswer } from './message.js'
import { drawScenes, loadCalls, traceCall, traceUpdate } from './scenes.js'
import { drawSidebar } from './sidebar.js'
import {
  currentRoom,
  isIn,
  loadRoom,
  loadWorld,
  memberOf,
  myRooms,
  roomByKey,
  state,
} from './state.js'
import { applySavedTheme } from './theme.js'

const app = document.getElementById('app')
const sidebar = document.getElementById('sidebar')
const chat = document.getElementById('chat')
const scenes = document.getElementById('scenes')

const go = {
  open: (key, messageId) => later(() => openRoom(key, messageId)),
  be: (id) => later(() => become(id)),
  back: () => app.classList.remove('in-chat'),
  refresh: () => later(refresh),
  scenes: () => {
    scenes.hidden = !scenes.hidden
    app.classList.toggle('with-scenes', !scenes.hidden)
    if (!scenes.hidden) drawScenes(scenes, { close: go.scenes })
  },
}

/** Shows a chat: first everything is loaded, then pane and field change in one go, so that no key falls between two chats. */
async function openRoom(key, messageId) {
  const linked = (myRooms().find((it) => it.key === key) ?? roomByKey(key))?.linked
  for (const needed of linked === undefined ? [key] : [key, String(linked)])
    if (!state.loaded.has(needed)) await loadRoom(needed)
  state.open = key
  app.classList.add('in-chat')
  state.unread.delete(`${state.me} ${key}`)
  drawSidebar(sidebar, go)
  drawChat(chat, go)
  if (messageId !== undefined) jumpTo(messageId)
  else if (matchMedia('(hover: hover)').matches)
    document.getElementById('composer-input')?.focus({ preventScroll: true })
}

async function become(id) {
  state.me = id
  localStorage.setItem('me', String(id))
  const inChat = app.classList.contains('in-chat')
  const room = currentRoom()
  const stays =
    room !== undefined &&
    (room.chat.type === 'private' ? room.chat.id === id : isIn(memberOf(room, id)))
  await openRoom(stays ? room.key : myRooms()[0].key)
  app.classList.toggle('in-chat', inChat)
}

/** The world again, and what is open; after a reconnect nothing may be missing. */
async function refresh() {
  await loadWorld()
  const keys = [...state.loaded.keys()]
  if (
    state.open === undefined ||
    (!keys.includes(state.open) && !myRooms().some((it) => it.key === state.open))
  )
    state.open = myRooms()[0]?.key
  for (const key of keys)
    if (key !== state.open) await loadRoom(key).catch(() => state.loaded.delete(key))
  if (state.open !== undefined) await loadRoom(state.open)
  drawSidebar(sidebar, go)
  if (chat.querySelector('.chat-head') === null) drawChat(chat, go)
  else {
    drawMessages()
    drawState()
    refreshComposer()
  }
}

let planned = false
/** Once a frame at most: a burst of messages draws the list once. */
function drawSidebarSoon() {
  if (planned) return
  planned = true
  requestAnimationFrame(() => {
    planned = false
    drawSidebar(sidebar, go)
  })
}

let queue = Promise.resolve()
/** One thing after the other: an event that comes while a chat is being loaded waits, so that none is lost. */
function later(run) {
  queue = queue.then(run).catch((error) => console.error(error))
  return queue
}

/** Looks now and then whether somebody runs the bots. */
setInterval(async () => {
  const seen = await get('presence').catch(() => [])
  for (const { id, connected } of seen) {
    const it = state.world.bots.find((one) => one.id === id)
    if (it === undefined || it.connected === connected) continue
    it.connected = connected
    drawState()
  }
}, 8000)

let worldTimer
const hear = {
  message: ({ room: key, view }) => {
    const line = state.world.rooms.find((it) => it.key === key)
    if (line === undefined) {
      later(refresh)
      return
    }
    if (view.receiver === undefined) keepLast(line, view)
    const live = state.loaded.get(key)
    const id = view.message.ephemeral_message_id ?? view.message.message_id
    const into = view.receiver === undefined ? live?.messages : live?.ephemerals
    const isNew = into === undefined || !into.has(id)
    into?.set(id, view)
    if (line.chat.type === 'private' && !line.started) {
      line.started = true
      if (key === state.open) refreshComposer()
    }
    if (key === state.open) showMessage(view)
    else if (isNew) countUnread(line, view)
    if (isNew && currentRoom()?.linked === line.chat.id && line.chat.type === 'supergroup')
      showComments(view)
    if (view.botId !== undefined && live) live.action = null
    drawSidebarSoon()
    drawState()
  },
  deleted: ({ room: key, id, ephemeral }) => {
    const live = state.loaded.get(key)
    ;(ephemeral ? live?.ephemerals : live?.messages)?.delete(id)
    if (key === state.open) dropMessage(`${ephemeral ? 'e' : 'm'}${id}`)
  },
  draft: ({ room: key, draft }) => {
    const live = state.loaded.get(key)
    const changed = live !== undefined && (live.draft === null) !== (draft === null)
    if (live) live.draft = draft
    // A final message follows at once and takes the draft's place; only a draft that ends alone is removed.
    if (key === state.open) {
      if (draft === null)
        setTimeout(() => state.loaded.get(key)?.draft === null && drawDraft(null), 60)
      else drawDraft(draft)
    }
    if (changed) drawSidebarSoon()
  },
  action: ({ room: key, action }) => {
    const live = state.loaded.get(key)
    if (live) live.action = action
    state.world.now = (action?.until ?? 5000) - 5000
    drawState()
    if (action !== null) {
      setTimeout(() => {
        if (live?.action === action) {
          live.action = null
          drawState()
        }
      }, 5200)
    }
  },
  keyboard: ({ room: key, keyboard }) => {
    const live = state.loaded.get(key)
    if (live) Object.assign(live, { keyboard, keyboardHidden: false })
    if (key === state.open) refreshComposer()
  },
  answer: (event) => showAnswer(event, alertDialog),
  call: ({ call }) => traceCall(call),
  update: (event) => traceUpdate(event),
  world: () => {
    clearTimeout(worldTimer)
    worldTimer = setTimeout(() => later(refresh), 80)
  },
}

function keepLast(line, view) {
  const order = (it) => it?.message.ephemeral_message_id ?? it?.message.message_id ?? 0
  if (order(view) >= order(line.last)) line.last = view
}

function countUnread(line, view) {
  for (const it of state.world.people) {
    const sees = line.chat.type === 'private' ? line.chat.id === it.id : isIn(memberOf(line, it.id))
    if (!sees || view.author === it.id || (view.receiver !== undefined && view.receiver !== it.id))
      continue
    const key = `${it.id} ${line.key}`
    state.unread.set(key, (state.unread.get(key) ?? 0) + 1)
  }
}

applySavedTheme()
followLinks(go)
acceptDrops(chat, currentRoom)
document.addEventListener('keydown', (event) => {
  if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault()
    const rooms = myRooms()
    const at = rooms.findIndex((it) => it.key === state.open)
    const next = rooms[(at + (event.key === 'ArrowDown' ? 1 : -1) + rooms.length) % rooms.length]
    if (next) go.open(next.key)
  }
  if (
    event.key === 'Escape' &&
    !document.querySelector('dialog[open], .menu') &&
    app.classList.contains('in-chat') &&
    matchMedia('(max-width: 760px)').matches
  )
    go.back()
})

listen(
  (event) => later(() => hear[event.type]?.(event)),
  () => {
    state.online = true
    later(async () => {
      await refresh()
      await loadCalls()
      document.documentElement.dataset.ready = 'true'
    })
  },
  () => {
    state.online = false
    drawSidebar(sidebar, go)
  },
)
