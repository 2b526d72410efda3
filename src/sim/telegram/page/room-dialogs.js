// About a chat: members, the bot and its rights; forwarding; choosing a chat for a bot's request.
import { post } from './api.js'
import { openDialog } from './dialog.js'
import { arrowKeys, attempt, h, icon } from './dom.js'
import { avatar } from './message.js'
import {
  bot,
  chatParam,
  isAdmin,
  isIn,
  loadWorld,
  memberOf,
  myRooms,
  nameOf,
  profileText,
  roomByKey,
  state,
  titleOf,
  userById,
} from './state.js'

const rightsOf = {
  channel: [
    ['can_post_messages', 'Post messages'],
    ['can_edit_messages', 'Edit messages of others'],
    ['can_delete_messages', 'Delete messages of others'],
    ['can_invite_users', 'Invite people'],
  ],
  group: [
    ['can_delete_messages', 'Delete messages'],
    ['can_pin_messages', 'Pin messages'],
    ['can_restrict_members', 'Restrict members'],
    ['can_invite_users', 'Invite people'],
    ['can_manage_topics', 'Manage topics'],
  ],
}

export function roomDialog(room, go) {
  if (room.chat.type === 'private') {
    botDialog(room, go)
    return
  }
  openDialog(titleOf(room), (close) => roomBody(roomByKey(room.key), go, close))
}

function botDialog(room, go) {
  const it = state.world.bots.find((one) => one.id === room.bot)
  openDialog(nameOf(it), (close) => {
    const block = async (blocked) => {
      await attempt(post('block', { from: state.me, blocked }))
      await go.refresh()
      close()
    }
    return [
      h('p', { class: 'about' }, profileText(it, 'description') || 'A bot in this simulator.'),
      h(
        'dl',
        { class: 'facts' },
        h('dt', {}, 'Name'),
        h('dd', {}, `@${it.username}`),
        h('dt', {}, 'In groups'),
        h(
          'dd',
          {},
          it.privacy ? 'sees commands, mentions and replies (privacy mode)' : 'sees every message',
        ),
      ),
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          {
            type: 'button',
            onclick: () => block(!room.blocked),
            class: room.blocked ? '' : 'danger',
          },
          room.blocked ? 'Unblock the bot' : 'Block the bot',
        ),
      ),
    ]
  })
}

function roomBody(room, go, close) {
  const redo = async () => {
    await go.refresh()
    close()
    roomDialog(roomByKey(room.key), go)
  }
  const admin = isAdmin(memberOf(room, state.me))
  const me = memberOf(room, state.me)
  return [
    botSection(room, redo, admin),
    h('h3', {}, room.chat.type === 'channel' ? 'Subscribers' : 'Members'),
    h(
      'ul',
      { class: 'member-list' },
      room.members
        .filter(isIn)
        .filter((it) => !isBot(it.id))
        .map((it) =>
          h(
            'li',
            {},
            avatar(it.id, nameOf(userById(it.id)), 's'),
            h('span', {}, nameOf(userById(it.id))),
            h('small', {}, roleWord(it)),
          ),
        ),
    ),
    admin &&
      room.chat.type !== 'channel' &&
      h(
        'label',
        { class: 'check' },
        h('input', {
          type: 'checkbox',
          checked: me?.anonymous === true,
          onchange: async (event) => {
            const body = {
              user: state.me,
              status: me.status,
              rights: me.rights,
              anonymous: event.target.checked,
              by: state.me,
            }
            await attempt(post(`chats/${room.key}/members`, body))
            await go.refresh()
          },
        }),
        'Write anonymously, as the group',
      ),
    admin &&
      room.chat.type === 'group' &&
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          {
            type: 'button',
            onclick: async () => {
              const made = await attempt(post(`chats/${room.key}/migrate`))
              await go.refresh()
              close()
              if (made !== undefined) go.open(String(made.id))
            },
          },
          'Make it a supergroup',
        ),
      ),
  ]
}

const isBot = (id) => state.world.bots.some((it) => it.id === id)
const roleWord = (member) =>
  ({ creator: 'creator', administrator: member.anonymous ? 'anonymous admin' : 'admin' })[
    member.status
  ] ?? ''

function botSection(room, redo, admin) {
  const it = bot()
  const member = memberOf(room, it.id)
  const inside = isIn(member)
  const kind = room.chat.type === 'channel' ? 'channel' : 'group'
  const rights = rightsOf[kind]
  const boxes = rights.map(([name, label]) => {
    const box = h('input', {
      type: 'checkbox',
      checked: isAdmin(member) ? member.rights?.[name] === true : true,
      disabled: !admin,
    })
    return { name, box, line: h('label', { class: 'check' }, box, label) }
  })
  const set = (status) => async () => {
    const given = Object.fromEntries(boxes.map(({ name, box }) => [name, box.checked]))
    const body = {
      user: it.id,
      status,
      by: state.me,
      ...(status === 'administrator' && { rights: given }),
    }
    await attempt(post(`chats/${room.key}/members`, body))
    await redo()
  }
  const button = (label, status, css = '') =>
    h('button', { type: 'button', class: css, onclick: set(status) }, label)
  return h(
    'section',
    { class: 'bot-section' },
    h(
      'div',
      { class: 'bot-line' },
      avatar(it.id, nameOf(it), 'm', true),
      h(
        'span',
        {},
        h('b', {}, nameOf(it)),
        h(
          'small',
          {},
          inside ? (isAdmin(member) ? 'is an admin here' : 'is a member here') : 'is not here yet',
        ),
      ),
    ),
    !admin &&
      h(
        'p',
        { class: 'hint' },
        'Only admins can add the bot or change its rights. Switch to an admin on the left.',
      ),
    admin &&
      h(
        'fieldset',
        {},
        h('legend', {}, 'What the bot may do as an admin'),
        boxes.map(({ line }) => line),
      ),
    admin &&
      h(
        'div',
        { class: 'actions' },
        inside && button('Remove', 'left', 'danger'),
        kind === 'group' && !isIn(member) && button('Add as a member', 'member'),
        kind === 'group' && isAdmin(member) && button('Make a plain member', 'member'),
        button(isAdmin(member) ? 'Save the rights' : 'Add as an admin', 'administrator', 'primary'),
      ),
  )
}

/** A list of chats to choose one from. */
export function roomPicker(rooms, onpick) {
  const list = h(
    'div',
    { class: 'picker' },
    rooms.map((room) =>
      h(
        'button',
        { type: 'button', class: 'chat-line', onclick: () => onpick(room) },
        avatar(
          room.chat.type === 'private' ? room.bot : room.chat.id,
          titleOf(room),
          'm',
          room.chat.type === 'private',
        ),
        h('span', { class: 'chat-title' }, titleOf(room)),
      ),
    ),
  )
  arrowKeys(list, '.chat-line')
  return list
}

/** Forwards a message to a chat of mine; the bot stands first. */
export function forwardDialog(view, from, go) {
  openDialog('Forward to…', (close) =>
    roomPicker(
      myRooms()
        .filter((room) => room.chat.type !== 'channel' || isAdmin(memberOf(room, state.me)))
        .sort((a, b) => Number(b.chat.type === 'private') - Number(a.chat.type === 'private')),
      async (room) => {
        close()
        const body = {
          chat: chatParam(room),
          from: state.me,
          forward_from: { chat: chatParam(from), message_id: view.message.message_id },
        }
        if ((await attempt(post('messages', body))) !== undefined) go.open(room.key)
      },
    ),
  )
}

/** The bot asked for a chat: only those of the wanted kind where I have the wanted rights. */
export function requestChatDialog(request, room, chosen) {
  const fits = myRooms().filter((it) => {
    if (it.chat.type === 'private' || (it.chat.type === 'channel') !== request.chat_is_channel)
      return false
    const member = memberOf(it, state.me)
    if (member?.status === 'creator') return true
    const asked = Object.entries(request.user_administrator_rights ?? {}).filter(([, on]) => on)
    return asked.every(([name]) => member?.rights?.[name] === true)
  })
  const word = request.chat_is_channel ? 'channel' : 'group'
  openDialog(`Choose a ${word}`, (close) => [
    request.bot_administrator_rights &&
      h(
        'p',
        { class: 'hint' },
        icon('lock', 16),
        ` The bot becomes an admin of the ${word} you choose.`,
      ),
    fits.length === 0
      ? h(
          'p',
          {},
          `You have no ${word} with the needed rights. Create one with + on the left, or switch to another person.`,
        )
      : roomPicker(fits, async (shared) => {
          close()
          await attempt(
            post('shares', {
              from: state.me,
              request_id: request.request_id,
              chat: shared.chat.id,
              bot: room.bot,
            }),
          )
          await loadWorld()
          chosen()
        }),
  ])
}
