// Links to chats and bots: those that lead into this world stay on the page; all others open as ordinary links.
import { post } from './api.js'
import { openDialog } from './dialog.js'
import { attempt, h } from './dom.js'
import { payLink } from './money.js'
import { roomPicker } from './room-dialogs.js'
import { isAdmin, isIn, memberOf, myRooms, state } from './state.js'

/** Catches clicks on such links anywhere on the page. */
export function followLinks(go) {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="https://t.me/"]')
    const lead = link ? leadOf(new URL(link.href)) : undefined
    if (lead === undefined) return
    event.preventDefault()
    follow(lead, go)
  })
}

/** Where a link leads in this world; nothing if it leads out of it. */
function leadOf(url) {
  const [first, second, third] = url.pathname.split('/').filter(Boolean)
  if (first?.startsWith('$')) return { kind: 'invoice', link: url.href }
  const it = state.world.bots.find((one) => one.username.toLowerCase() === first?.toLowerCase())
  if (it !== undefined) {
    for (const kind of ['startgroup', 'startchannel']) {
      if (url.searchParams.has(kind))
        return { kind, bot: it, parameter: url.searchParams.get(kind), rights: rightsOf(url) }
    }
    return { kind: 'start', bot: it, parameter: url.searchParams.get('start') ?? undefined }
  }
  if (first === 'c') return message(`-100${second}`, third)
  const room = state.world.rooms.find(
    (one) =>
      one.chat.type !== 'private' && one.chat.username?.toLowerCase() === first?.toLowerCase(),
  )
  return room === undefined ? undefined : message(room.key, second)
}

const message = (key, id) =>
  state.world.rooms.some((it) => it.key === key)
    ? { kind: 'message', key, id: Number(id) || undefined }
    : undefined

/** `admin=edit_messages+post_messages`: a plus reads as a blank in a query. */
const rightsOf = (url) =>
  (url.searchParams.get('admin') ?? '')
    .split(' ')
    .filter(Boolean)
    .map((it) => `can_${it}`)

function follow(lead, go) {
  switch (lead.kind) {
    case 'message':
      go.open(lead.key, lead.id)
      return
    case 'invoice':
      void payLink(lead.link)
      return
    case 'start':
      go.open(`${lead.bot.id}:${state.me}`)
      void attempt(post('start', { from: state.me, bot: lead.bot.id, parameter: lead.parameter }))
      return
    default:
      chooseRoom(lead, go)
  }
}

function chooseRoom({ kind, bot, parameter, rights }, go) {
  const channel = kind === 'startchannel'
  const rooms = myRooms().filter(
    (room) =>
      room.chat.type !== 'private' &&
      (room.chat.type === 'channel') === channel &&
      isAdmin(memberOf(room, state.me)),
  )
  const word = channel ? 'channel' : 'group'
  openDialog(`Add ${bot.first_name} to a ${word}`, (close) => [
    rights.length > 0 &&
      h(
        'p',
        { class: 'hint' },
        `As an admin who may: ${rights.map((it) => it.slice(4).replaceAll('_', ' ')).join(', ')}.`,
      ),
    rooms.length === 0
      ? h(
          'p',
          {},
          `You are no admin of a ${word} here. Create one with + on the left, or switch to another person.`,
        )
      : roomPicker(rooms, async (room) => {
          close()
          await add(room, { bot, rights, channel })
          if (!channel && parameter)
            await attempt(
              post('messages', {
                chat: room.chat.id,
                from: state.me,
                text: `/start@${bot.username} ${parameter}`,
              }),
            )
          await go.refresh()
          go.open(room.key)
        }),
  ])
}

async function add(room, { bot, rights, channel }) {
  const admin = channel || rights.length > 0
  if (!admin && isIn(memberOf(room, bot.id))) return
  const given = {
    ...memberOf(room, bot.id)?.rights,
    ...Object.fromEntries(rights.map((it) => [it, true])),
  }
  await attempt(
    post(`chats/${room.key}/members`, {
      user: bot.id,
      by: state.me,
      ...(admin ? { status: 'administrator', rights: given } : { status: 'member' }),
    }),
  )
}
