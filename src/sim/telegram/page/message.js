// One message as a bubble: sender, reply, forward, content, keyboard, reactions, foot.
import { post } from './api.js'
import { h, icon, iconButton, outLink, safeUrl, toast } from './dom.js'
import { audioPlayer, fileCard, photoView, videoView } from './media.js'
import { openMenu } from './menu.js'
import { invoiceCard, moneyLine, payMessage } from './money.js'
import { renderBlocks } from './rich.js'
import { chatParam, nameOf, state, userById } from './state.js'
import { plainBlocks, renderEntities } from './text.js'

/** Colours of names in groups: steady by id. */
const hue = (id) => Math.abs(Number(id) * 47) % 360

function initials(name) {
  const words = name.trim().split(/\s+/)
  return words.length > 1 ? (words[0][0] ?? '') + (words[1][0] ?? '') : name.slice(0, 2)
}

export function avatar(id, name, size = 'm', isBot = false) {
  const inner = isBot ? h('img', { src: '/page/chrysalis.svg', alt: '' }) : initials(name)
  const element = h(
    'span',
    { class: `avatar ${size}${isBot ? ' bot' : ''}`, 'aria-hidden': 'true' },
    inner,
  )
  if (!isBot) element.style.setProperty('--hue', hue(id))
  return element
}

export const senderId = ({ message, botId, author }) =>
  message.sender_chat?.id ?? botId ?? message.from?.id ?? author ?? 0

export function senderName({ message }) {
  if (message.sender_chat !== undefined)
    return message.sender_chat.title ?? nameOf(message.sender_chat)
  return nameOf(message.from)
}

export const isMine = (view, room) =>
  view.botId === undefined &&
  view.author === state.me &&
  room.chat.type !== 'channel' &&
  view.message.is_automatic_forward !== true

const serviceFields = [
  'new_chat_members',
  'left_chat_member',
  'pinned_message',
  'chat_shared',
  'migrate_to_chat_id',
  'migrate_from_chat_id',
  'forum_topic_created',
  'successful_payment',
  'refunded_payment',
]
export const isService = ({ message }) =>
  serviceFields.some((field) => message[field] !== undefined)

/** The words of a message in one line, for replies, lists and menus. */
export function summary(message) {
  const words =
    message.text ??
    message.caption ??
    (message.rich_message && plainBlocks(message.rich_message.blocks))
  const kind = mediaWord(message)
  if (isService({ message })) return serviceText(message)
  return [kind, words?.replaceAll(/\s+/g, ' ').slice(0, 160)].filter(Boolean).join(': ')
}

function mediaWord(message) {
  if (message.voice) return 'Voice message'
  if (message.audio) return 'Audio'
  if (message.video_note) return 'Round video'
  if (message.video) return 'Video'
  if (message.photo) return 'Photo'
  if (message.invoice) return `Invoice: ${message.invoice.title}`
  if (message.document) return message.document.file_name ?? 'File'
  return ''
}

function serviceText(message) {
  if (message.successful_payment || message.refunded_payment) return moneyLine(message)
  const who = nameOf(message.from)
  if (message.new_chat_members) {
    const names = message.new_chat_members.map(nameOf).join(', ')
    return names === who ? `${who} joined` : `${who} added ${names}`
  }
  if (message.left_chat_member) {
    const name = nameOf(message.left_chat_member)
    return name === who ? `${name} left` : `${who} removed ${name}`
  }
  if (message.pinned_message) return `${who} pinned a message`
  if (message.chat_shared) return `${who} chose ${message.chat_shared.title ?? 'a chat'}`
  if (message.forum_topic_created) return `Topic “${message.forum_topic_created.name}” was created`
  return 'This group became a supergroup'
}

export function serviceLine(view) {
  return h('div', { class: 'service', 'data-key': view.key }, serviceText(view.message))
}

/** `joins`: same sender as the message before, so no name and less air. */
export function bubble(view, room, { joins, act }) {
  const { message } = view
  const mine = isMine(view, room)
  const ephemeral = view.receiver !== undefined
  const body = h(
    'div',
    { class: 'bubble', dir: 'auto' },
    !mine && !joins && room.chat.type !== 'private' && nameLine(view),
    ephemeral && h('div', { class: 'only-you' }, icon('eye', 14), 'Only you see this'),
    message.forward_origin && !message.is_automatic_forward && forwardLine(message.forward_origin),
    message.external_reply &&
      h('div', { class: 'reply-quote' }, 'Reply to a message of another chat'),
    message.reply_to_message && replyLine(message, act),
    content(message, act),
    foot(view),
  )
  const tools = h(
    'div',
    { class: 'tools' },
    !ephemeral && iconButton('reply', 'Reply', () => act.reply(view), { tabindex: -1 }),
    iconButton('dots', 'More', (event) => openMenu(event.currentTarget, act.menu(view)), {
      tabindex: -1,
    }),
  )
  const column = h(
    'div',
    { class: 'column' },
    h('div', { class: 'bubble-line' }, body, tools),
    message.reply_markup && keyboard(message.reply_markup.inline_keyboard, view, act),
    view.reactions.length > 0 && reactionRow(view, act),
    act.comments(view),
  )
  const wide = message.rich_message !== undefined
  const row = h(
    'article',
    {
      class: `message ${mine ? 'mine' : 'theirs'}${joins ? ' joins' : ''}${wide ? ' wide' : ''}${ephemeral ? ' ephemeral' : ''}`,
      tabindex: -1,
      'aria-label': `${mine ? 'You' : senderName(view)}: ${summary(message)}`,
    },
    !mine &&
      room.chat.type !== 'private' &&
      (joins
        ? h('span', { class: 'avatar-gap' })
        : avatar(senderId(view), senderName(view), 's', view.botId !== undefined)),
    column,
  )
  body.addEventListener('dblclick', (event) => {
    if (!event.target.closest('button, a, input, summary, pre')) act.reply(view)
  })
  body.addEventListener('contextmenu', (event) => {
    if (String(window.getSelection()) !== '' || event.target.closest('a')) return
    event.preventDefault()
    openMenu({ x: event.clientX, y: event.clientY }, act.menu(view))
  })
  return row
}

function nameLine(view) {
  const element = h(
    'div',
    { class: 'sender' },
    senderName(view),
    view.botId !== undefined && h('span', { class: 'tag' }, 'bot'),
  )
  if (view.botId === undefined) element.style.setProperty('--hue', hue(senderId(view)))
  else element.classList.add('is-bot')
  return element
}

function forwardLine(origin) {
  const name = {
    user: () => nameOf(origin.sender_user),
    hidden_user: () => origin.sender_user_name,
    chat: () => origin.sender_chat.title,
    channel: () => origin.chat.title,
  }[origin.type]()
  return h('div', { class: 'forwarded' }, icon('forward', 14), 'Forwarded from ', h('b', {}, name))
}

function replyLine(message, act) {
  const target = message.reply_to_message
  const words = message.quote?.text ?? summary(target)
  const name = target.sender_chat?.title ?? nameOf(target.from)
  return h(
    'button',
    {
      type: 'button',
      class: 'reply-quote',
      onclick: () => act.jump(target.message_id),
      'aria-label': `Reply to ${name}: ${words}`,
    },
    h('b', {}, name),
    h('span', {}, words),
  )
}

function content(message, act) {
  const parts = []
  if (message.invoice) parts.push(invoiceCard(message.invoice))
  if (message.photo) parts.push(photoView(message.photo))
  if (message.video) parts.push(videoView(message.video, false))
  if (message.video_note) parts.push(videoView(message.video_note, true))
  if (message.voice) parts.push(audioPlayer(message.voice, 'voice'))
  if (message.audio) parts.push(audioPlayer(message.audio, 'audio'))
  if (message.document) parts.push(fileCard(message.document))
  const words = message.text ?? message.caption
  if (words !== undefined) {
    parts.push(
      h(
        'div',
        { class: 'words' },
        renderEntities(words, message.entities ?? message.caption_entities, act),
      ),
    )
  }
  if (message.rich_message) {
    parts.push(
      h(
        'div',
        { class: 'rich', dir: message.rich_message.is_rtl ? 'rtl' : 'auto' },
        renderBlocks(message.rich_message.blocks, act),
      ),
    )
  }
  return parts
}

export const clockTime = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })

function foot(view) {
  const { message, edits } = view
  return h(
    'span',
    { class: 'foot' },
    edits > 0 && h('span', {}, 'edited'),
    message.author_signature && h('span', {}, message.author_signature),
    h('time', { datetime: new Date(message.date * 1000).toISOString() }, clockTime(message.date)),
  )
}

function reactionRow(view, act) {
  const counts = new Map()
  for (const { actor, types } of view.reactions) {
    for (const { emoji } of types) counts.set(emoji, [...(counts.get(emoji) ?? []), actor])
  }
  return h(
    'div',
    { class: 'reactions' },
    [...counts].map(([emoji, actors]) =>
      h(
        'button',
        {
          type: 'button',
          class: actors.includes(state.me) ? 'reaction own' : 'reaction',
          'aria-label': `${emoji} by ${actors.map((id) => nameOf(userById(id))).join(', ')}`,
          onclick: () => act.react(view, actors.includes(state.me) ? '' : emoji),
        },
        emoji,
        actors.length > 1 && h('span', {}, actors.length),
      ),
    ),
  )
}

function keyboard(rows, view, act) {
  return h(
    'div',
    { class: 'keyboard', role: 'group', 'aria-label': 'Buttons' },
    rows.map((row) =>
      h(
        'div',
        { class: 'keyboard-row' },
        row.map((button) => act.button(button, 'inline', view)),
      ),
    ),
  )
}

/** Presses in flight: press id → the button that waits. */
const waiting = new Map()

/** A button of a keyboard or of a rich message. */
export function inlineButton(button, style, { view, room }) {
  const label = typeof button.text === 'string' ? button.text : (button.text?.text ?? '')
  const css = `press ${style} ${button.style ?? ''}`
  if (button.url !== undefined) {
    const link = outLink(button.url, label, safeUrl(button.url) && icon('link', 13))
    link.className = css
    return link
  }
  if (button.web_app !== undefined) {
    const link = outLink(button.web_app.url, label)
    link.className = css
    return link
  }
  const element = h(
    'button',
    { type: 'button', class: css, disabled: button.disabled !== undefined },
    h('span', { class: 'press-label' }, label),
  )
  element.addEventListener(
    'click',
    () => void (button.pay ? payMessage({ view, room }) : pressed(button, element, { view, room })),
  )
  return element
}

async function pressed(button, element, { view, room }) {
  if (button.copy_text !== undefined) {
    await navigator.clipboard.writeText(button.copy_text.text)
    toast('Copied')
    return
  }
  if (button.callback_data === undefined || element.classList.contains('busy')) return
  element.classList.add('busy')
  try {
    const ids =
      view.message.ephemeral_message_id === undefined
        ? { message_id: view.message.message_id }
        : { ephemeral_message_id: view.message.ephemeral_message_id }
    const { id } = await post('callbacks', {
      chat: chatParam(room),
      from: state.me,
      data: button.callback_data,
      ...ids,
    })
    const early = answered.get(id)
    if (early !== undefined) element.classList.remove('busy')
    else waiting.set(id, element)
    setTimeout(() => element.classList.remove('busy'), 12_000)
  } catch (error) {
    element.classList.remove('busy')
    toast(error.message, 'bad')
  }
}

/** Answers that came before the press call returned. */
const answered = new Map()

/** The bot answered a press: the button rests, a text is shown as a note or, if asked, as an alert. */
export function showAnswer(event, alert) {
  answered.set(event.press, true)
  waiting.get(event.press)?.classList.remove('busy')
  waiting.delete(event.press)
  if (event.from !== state.me) return
  if (event.url) window.open(safeUrl(event.url), '_blank', 'noopener')
  if (event.text === '') return
  if (event.alert) alert(event.text)
  else toast(event.text)
}
