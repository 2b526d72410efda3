// Left pane: who I am, and my chats.
import { post } from './api.js'
import { field, openDialog } from './dialog.js'
import { arrowKeys, fill, h, icon, iconButton, toast } from './dom.js'
import { avatar, clockTime, nameLike, summary } from './message-bits.js'
import { loadWorld, myRooms, nameOf, state, titleOf } from './state.js'
import { themeIcon, toggleTheme } from './theme.js'

/** Draws the whole pane. `go`: {open(key), be(person), scenes(), refresh()} */
export function drawSidebar(box, go) {
  fill(
    box,
    h(
      'header',
      { class: 'brand' },
      h('img', { src: '/page/chrysalis.svg', alt: '', width: 30, height: 30 }),
      h('div', { class: 'brand-words' }, h('h1', {}, 'Chrysalis'), h('p', {}, 'a chat simulator')),
      iconButton(themeIcon(), 'Light or dark', () => {
        toggleTheme()
        drawSidebar(box, go)
      }),
      iconButton('scenes', 'Behind the scenes', go.scenes),
    ),
    peopleRow(go),
    chatList(go),
    h(
      'footer',
      { class: 'side-foot' },
      h('span', { class: state.online ? 'dot on' : 'dot' }),
      state.online ? 'This chat stays on this machine' : 'Connecting…',
    ),
  )
}

/** Tools make a new person for every request: beyond these few, people are found in a list. */
const mostShown = 3

function shownPeople() {
  const all = state.world.people
  const first = all.slice(0, mostShown)
  const me = all.find((it) => it.id === state.me)
  return me === undefined || first.includes(me) ? first : [...first.slice(0, -1), me]
}

function allPeople(go) {
  openDialog('Everybody', (close) => {
    const list = h(
      'div',
      { class: 'picker' },
      state.world.people.toReversed().map((it) =>
        h(
          'button',
          {
            type: 'button',
            class: 'chat-line',
            onclick: () => {
              close()
              go.be(it.id)
            },
          },
          avatar(it.id, nameOf(it), 'm'),
          h('span', { class: 'chat-title' }, nameOf(it)),
          h('small', {}, languageName(it.language_code)),
        ),
      ),
    )
    arrowKeys(list, '.chat-line')
    return list
  })
}

function peopleRow(go) {
  return h(
    'section',
    { class: 'people', 'aria-label': 'Who you are' },
    h(
      'div',
      { class: 'caption-row' },
      h('h2', { class: 'caption' }, 'You are'),
      state.world.people.length > mostShown &&
        h(
          'button',
          { type: 'button', class: 'inline-link', onclick: () => allPeople(go) },
          `all ${state.world.people.length}`,
        ),
    ),
    h(
      'div',
      { class: 'people-row', role: 'radiogroup', 'aria-label': 'Person' },
      shownPeople().map((it) =>
        h(
          'button',
          {
            type: 'button',
            role: 'radio',
            class: it.id === state.me ? 'person on' : 'person',
            'aria-checked': String(it.id === state.me),
            title: `${nameOf(it)}, speaks ${languageName(it.language_code)}`,
            onclick: () => go.be(it.id),
          },
          avatar(it.id, nameOf(it), 'm'),
          h('span', { class: 'person-name' }, it.first_name),
          h('span', { class: 'person-language' }, languageName(it.language_code)),
        ),
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'person add',
          title: 'A new person',
          onclick: () => newPerson(go),
        },
        h('span', { class: 'avatar m plus' }, icon('plus', 20)),
        h('span', { class: 'person-name' }, 'New'),
        h('span', { class: 'person-language' }, 'person'),
      ),
    ),
  )
}

function languageName(code) {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(code ?? 'en')
  } catch {
    return code
  }
}

function chatList(go) {
  const list = h(
    'nav',
    { class: 'chat-list', 'aria-label': 'Chats' },
    myRooms().map((room) => chatLine(room, go)),
  )
  arrowKeys(list, '.chat-line')
  return h(
    'section',
    { class: 'chats' },
    h(
      'div',
      { class: 'caption-line' },
      h('h2', { class: 'caption' }, 'Chats'),
      iconButton('plus', 'New group or channel', () => newChat(go), { class: 'icon-button small' }),
    ),
    list,
  )
}

function chatLine(room, go) {
  const unread = state.unread.get(`${state.me} ${room.key}`) ?? 0
  const on = room.key === state.open
  const kind = {
    private: '',
    group: 'people',
    supergroup: room.chat.is_forum ? 'comment' : 'people',
    channel: 'horn',
  }[room.chat.type]
  return h(
    'button',
    {
      type: 'button',
      class: on ? 'chat-line on' : 'chat-line',
      'aria-current': on ? 'true' : undefined,
      onclick: () => go.open(room.key),
    },
    avatar(
      room.chat.type === 'private' ? room.bot : room.chat.id,
      titleOf(room),
      'l',
      room.chat.type === 'private',
    ),
    h(
      'span',
      { class: 'chat-words' },
      h(
        'span',
        { class: 'chat-top' },
        kind && icon(kind, 15),
        h('span', { class: 'chat-title' }, titleOf(room)),
        h('time', {}, room.last ? clockTime(room.last.message.date) : ''),
      ),
      h(
        'span',
        { class: 'chat-bottom' },
        h('span', { class: 'chat-last' }, lastWords(room)),
        unread > 0 && h('span', { class: 'badge', 'aria-label': `${unread} unread` }, unread),
      ),
    ),
  )
}

function lastWords(room) {
  const live = state.loaded.get(room.key)
  if (live?.draft) return h('em', {}, 'is answering…')
  if (!room.last) return room.chat.type === 'private' ? 'Press to start' : 'No messages yet'
  const words = summary(room.last.message)
  if (room.chat.type === 'private' || room.chat.type === 'channel')
    return room.last.author === state.me && room.chat.type === 'private' ? `You: ${words}` : words
  const name = nameLike(room.last)
  return name === '' ? words : `${room.last.author === state.me ? 'You' : name}: ${words}`
}

const languages = [
  'en',
  'ru',
  'de',
  'es',
  'fr',
  'it',
  'pt',
  'uk',
  'pl',
  'tr',
  'ar',
  'fa',
  'hi',
  'zh',
  'ja',
  'ko',
]

function newPerson(go) {
  openDialog('A new person', (close) => {
    const name = h('input', {
      required: true,
      maxlength: 40,
      autocomplete: 'off',
      autofocus: true,
      placeholder: 'First name',
    })
    const language = h(
      'select',
      {},
      languages.map((code) => h('option', { value: code }, languageName(code))),
    )
    const submit = async (event) => {
      event.preventDefault()
      const made = await post('users', {
        first_name: name.value.trim(),
        language_code: language.value,
      })
      await loadWorld()
      close()
      go.be(made.id)
    }
    return h(
      'form',
      { onsubmit: submit },
      field('Name', name),
      field('Language of their app', language),
      h('div', { class: 'actions' }, h('button', { class: 'primary' }, 'Create')),
    )
  })
}

function newChat(go) {
  openDialog('A new group or channel', (close) => {
    const title = h('input', {
      required: true,
      maxlength: 60,
      autocomplete: 'off',
      autofocus: true,
      placeholder: 'Title',
    })
    const type = h(
      'select',
      {},
      h('option', { value: 'supergroup' }, 'Group'),
      h('option', { value: 'channel' }, 'Channel'),
      h('option', { value: 'linked' }, 'Channel with a discussion group'),
    )
    const withBot = h('input', { type: 'checkbox', checked: false })
    const submit = async (event) => {
      event.preventDefault()
      try {
        const id = await createChat({
          title: title.value.trim(),
          type: type.value,
          withBot: withBot.checked,
        })
        await loadWorld()
        close()
        go.open(String(id))
      } catch (error) {
        toast(error.message, 'bad')
      }
    }
    return h(
      'form',
      { onsubmit: submit },
      field('Title', title),
      field('Kind', type),
      h('label', { class: 'check' }, withBot, 'Add the bot (in a channel: as an admin)'),
      h('div', { class: 'actions' }, h('button', { class: 'primary' }, 'Create')),
    )
  })
}

async function createChat({ title, type, withBot }) {
  const botId = state.world.bots[0]?.id
  const members = state.world.people.map((it) => it.id)
  if (type === 'linked') {
    const group = await post('chats', {
      type: 'supergroup',
      title: `${title} talk`,
      members,
      admins: withBot ? [state.me, botId] : [state.me],
    })
    const channel = await post('chats', {
      type: 'channel',
      title,
      members,
      admins: withBot ? [state.me, botId] : [state.me],
      linked: group.id,
    })
    return channel.id
  }
  const admins = withBot && type === 'channel' ? [state.me, botId] : [state.me]
  const all = withBot && type !== 'channel' ? [...members, botId] : members
  return (await post('chats', { type, title, members: all, admins })).id
}
