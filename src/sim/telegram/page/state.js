// What the page knows: the world, who I am, which chat is open, and the loaded chats.
import { get } from './api.js'

export const state = {
  world: { people: [], bots: [], rooms: [], now: Date.now(), samples: { recording: null } },
  me: undefined,
  open: undefined,
  /** key → {messages: Map, ephemerals: Map, draft, action, keyboard} */
  loaded: new Map(),
  /** `${me} ${key}` → number */
  unread: new Map(),
  /** room key → the topic that is open */
  threads: new Map(),
  calls: [],
  online: false,
}

export const person = () => state.world.people.find((it) => it.id === state.me)
export const bot = () => state.world.bots[0]
export const roomByKey = (key) => state.world.rooms.find((it) => it.key === key)
export const roomByChat = (id) =>
  state.world.rooms.find((it) => it.chat.id === id && it.chat.type !== 'private')
export const loadedRoom = () => state.loaded.get(state.open)

export function nameOf(user) {
  if (user === undefined || user === null) return 'Unknown'
  return [user.first_name, user.last_name].filter(Boolean).join(' ')
}

export function userById(id) {
  return (
    state.world.people.find((it) => it.id === id) ?? state.world.bots.find((it) => it.id === id)
  )
}

/** The chats of the person I am: with each bot, and rooms they belong to; newest first. */
export function myRooms() {
  const known = state.world.rooms.filter((room) =>
    room.chat.type === 'private'
      ? room.chat.id === state.me
      : room.migrated_to === undefined && isIn(memberOf(room, state.me)),
  )
  for (const it of state.world.bots) {
    const key = `${it.id}:${state.me}`
    if (!known.some((room) => room.key === key)) known.push(unopened(it, key))
  }
  return known.sort((a, b) => dateOf(b) - dateOf(a) || rank(a) - rank(b))
}

const unopened = (it, key) => ({
  key,
  chat: { id: state.me, type: 'private' },
  bot: it.id,
  members: [],
  topics: [],
  started: false,
  last: null,
})
const dateOf = (room) => room.last?.message.date ?? 0
const rank = (room) => ['private', 'group', 'supergroup', 'channel'].indexOf(room.chat.type)

export const currentRoom = () =>
  myRooms().find((room) => room.key === state.open) ?? roomByKey(state.open)
export const memberOf = (room, id) => room?.members.find((it) => it.id === id)
export const isIn = (member) =>
  member !== undefined && member.status !== 'left' && member.status !== 'kicked'
export const isAdmin = (member) =>
  member?.status === 'creator' || member?.status === 'administrator'

export function titleOf(room) {
  if (room.chat.type !== 'private') return room.chat.title
  return nameOf(state.world.bots.find((it) => it.id === room.bot))
}

/** The chat id the API takes: a private chat is named by its key, so that several bots stay apart. */
export const chatParam = (room) => (room.chat.type === 'private' ? room.key : room.chat.id)

export async function loadWorld() {
  state.world = await get('world')
  if (!state.world.people.some((it) => it.id === state.me)) {
    const saved = Number(localStorage.getItem('me'))
    state.me = (state.world.people.find((it) => it.id === saved) ?? state.world.people[0])?.id
  }
}

export async function loadRoom(key) {
  const it = await get(`chats/${encodeURIComponent(key).replaceAll('%3A', ':')}/state`)
  const byId = (views, id) => new Map(views.map((view) => [id(view), view]))
  const before = state.loaded.get(it.key)
  const isSameKeyboard = JSON.stringify(before?.keyboard) === JSON.stringify(it.keyboard)
  state.loaded.set(it.key, {
    messages: byId(it.messages, (view) => view.message.message_id),
    ephemerals: byId(it.ephemerals, (view) => view.message.ephemeral_message_id),
    draft: it.draft,
    action: it.action,
    keyboard: it.keyboard,
    // What was used or put away stays so until the bot sends another.
    keyboardHidden: isSameKeyboard && before?.keyboardHidden === true,
  })
}

/** Messages of a loaded chat as I see it, in order: ephemeral ones only if they are for me. */
export function visible(room) {
  const mine = [...room.ephemerals.values()].filter((view) => view.receiver === state.me)
  const replaced = new Set(mine.map((view) => view.replaces).filter(Boolean))
  const shown = [...room.messages.values()].filter((view) => !replaced.has(view.message.message_id))
  return [...shown, ...mine].sort((a, b) => orderOf(a) - orderOf(b))
}

const orderOf = ({ message }) => message.ephemeral_message_id ?? message.message_id
export const viewKey = ({ message }) =>
  message.ephemeral_message_id === undefined
    ? `m${message.message_id}`
    : `e${message.ephemeral_message_id}`

/** The commands a bot shows me here: the most specific list wins, my language before none. */
export function commandsFor(room) {
  const it = state.world.bots.find((one) => one.id === (room.bot ?? bot()?.id))
  if (it === undefined) return []
  const id = room.chat.id
  const scopes =
    room.chat.type === 'private'
      ? [`chat:${id}`, 'all_private_chats', 'default']
      : [
          `chat_member:${id}:${state.me}`,
          ...(isAdmin(memberOf(room, state.me)) ? [`chat_administrators:${id}`] : []),
          `chat:${id}`,
          ...(isAdmin(memberOf(room, state.me)) ? ['all_chat_administrators'] : []),
          'all_group_chats',
          'default',
        ]
  const language = person()?.language_code ?? ''
  for (const scope of scopes) {
    const list = it.commands[`${scope}|${language}`] ?? it.commands[`${scope}|`]
    if (list !== undefined && list.length > 0) return list
  }
  return []
}

/** A text of the bot's profile in my language. */
export const profileText = (it, field) =>
  it?.profile[`${field}|${person()?.language_code}`] ?? it?.profile[`${field}|`] ?? ''
