/** @module Whether a message of a group is meant for the bot: a command, a mention, a reply to it. Everything else is none of its business. */
import type { Message, UserFromGetMe } from 'grammy/types'

const groupCommandNames = ['tr', 'text', 'tldr', 'help', 'settings', 'start'] as const

/** `words`: what stands beside the mention, or the whole reply. */
export type Address =
  | { readonly kind: 'command' }
  | { readonly kind: 'words'; readonly words: string }
  | { readonly kind: 'none' }

export function addressOf(message: Message, me: UserFromGetMe): Address {
  const text = message.text ?? message.caption ?? ''
  const command = /^\/([a-z_]+)(?:@(\w+))?(?:\s|$)/i.exec(text)
  if (command) {
    const [, name = '', bot] = command
    const isOurs = bot === undefined || bot.toLowerCase() === me.username.toLowerCase()
    const isKnown = groupCommandNames.some((known) => known === name.toLowerCase())
    return isOurs && isKnown ? { kind: 'command' } : { kind: 'none' }
  }
  const mention = mentionIn(message, text, me)
  if (mention !== undefined) return { kind: 'words', words: text.replace(mention, ' ').trim() }
  if (message.reply_to_message?.from?.id === me.id) return { kind: 'words', words: text }
  return { kind: 'none' }
}

/** Other bots are never answered; an anonymous admin looks like one, but speaks as the group itself. */
export const isOtherBot = ({ from, sender_chat: sender, chat, via_bot: via }: Message): boolean =>
  via !== undefined || (from?.is_bot === true && sender?.id !== chat.id)

export const isAnonymousAdmin = ({ sender_chat: sender, chat }: Message): boolean =>
  sender?.id === chat.id

function mentionIn(message: Message, text: string, me: UserFromGetMe): string | undefined {
  for (const entity of message.entities ?? message.caption_entities ?? []) {
    const words = text.slice(entity.offset, entity.offset + entity.length)
    if (entity.type === 'mention' && words.toLowerCase() === `@${me.username.toLowerCase()}`)
      return words
    if (entity.type === 'text_mention' && entity.user.id === me.id) return words
  }
  return undefined
}
