/** @module What a person and the bot may do in a channel and its discussion group, as Telegram says it now. */
import type { Api } from 'grammy'
import type { ChatMember, UserFromGetMe } from 'grammy/types'
import { refusalOf } from '../telegram/refusals.ts'

/**
 * `no-group`: the channel has no discussion group. `not-reading`: the bot is not in it, or does not get its messages: in
 * privacy mode, which is Telegram's default, only administrators are shown the copies of posts.
 */
export type Inspection =
  | {
      readonly kind: 'ok'
      readonly title: string
      readonly comments: 'yes' | 'no-group' | 'not-reading'
      readonly mayAppend: boolean
      readonly linkedId?: number
    }
  | { readonly kind: 'problem'; readonly what: 'no-channel' | 'person' | 'bot' }

/** Looks at channel `chatId` for `userId`; a chat that does not answer is a problem, not an error. Throws when Telegram is away. */
export async function inspectChannel(
  api: Api,
  bot: Pick<UserFromGetMe, 'id' | 'can_read_all_group_messages'>,
  { chatId, userId }: { chatId: number; userId: number },
): Promise<Inspection> {
  const chat = await orNothing(api.getChat(chatId))
  if (chat?.type !== 'channel') return { kind: 'problem', what: 'no-channel' }
  const me = await orNothing(api.getChatMember(chatId, bot.id))
  if (me?.status !== 'administrator') return { kind: 'problem', what: 'bot' }
  if (!mayManage(await orNothing(api.getChatMember(chatId, userId))))
    return { kind: 'problem', what: 'person' }
  const { linked_chat_id: linkedId } = chat
  const comments =
    linkedId === undefined
      ? 'no-group'
      : mayComment(await orNothing(api.getChatMember(linkedId, bot.id)), bot)
        ? 'yes'
        : 'not-reading'
  return {
    kind: 'ok',
    title: chat.title,
    comments,
    mayAppend: me.can_edit_messages === true,
    ...(linkedId !== undefined && { linkedId }),
  }
}

/** The rights that the bot asks for: nobody hands out more than they have. */
const mayManage = (member: ChatMember | undefined): boolean =>
  member?.status === 'creator' ||
  (member?.status === 'administrator' &&
    member.can_post_messages === true &&
    member.can_edit_messages === true)

/** Sees the copies of posts in the group, and may answer them. */
export const mayComment = (
  member: ChatMember | undefined,
  bot: Pick<UserFromGetMe, 'can_read_all_group_messages'>,
): boolean =>
  member?.status === 'administrator' || (bot.can_read_all_group_messages && mayWrite(member))

const mayWrite = (member: ChatMember | undefined): boolean =>
  member?.status === 'administrator' ||
  member?.status === 'member' ||
  (member?.status === 'restricted' && member.is_member && member.can_send_messages)

async function orNothing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    const kind = refusalOf(error)?.kind
    if (kind === 'gone' || kind === 'refused' || kind === 'missing') return undefined
    throw error
  }
}
