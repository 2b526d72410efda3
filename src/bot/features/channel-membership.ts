/** @module The bot was made admin of a channel, lost its rights, or was removed. */
import type { Composer } from 'grammy'
import type { ChatMemberUpdated } from 'grammy/types'
import { describe } from '../../core/describe.ts'
import type { ChannelStore } from '../channels/channel-store.ts'
import { mayComment } from '../channels/rights.ts'
import { type ChannelTrouble, setUpData } from '../channels/trouble.ts'
import type { Ctx, Services } from '../context.ts'

export interface MembershipDeps extends Pick<Services, 'api' | 'log'> {
  readonly channels: ChannelStore
  readonly trouble: ChannelTrouble
  /** True while this person is in a dialogue, which asks for the channel itself. */
  readonly isInDialogue: (userId: number) => Promise<boolean>
}

export function addChannelMembership(composer: Composer<Ctx>, deps: MembershipDeps): void {
  composer.on('my_chat_member', async (ctx, next) => {
    const change = ctx.myChatMember
    if (change.chat.type === 'channel') await inChannel(deps, ctx, change)
    else if (change.chat.type !== 'private' && !mayComment(change.new_chat_member, ctx.me))
      await deps.trouble.lostGroup(change.chat.id)
    await next()
  })
}

async function inChannel(deps: MembershipDeps, ctx: Ctx, change: ChatMemberUpdated): Promise<void> {
  const { channels, trouble } = deps
  const { chat, new_chat_member: now, old_chat_member: before } = change
  if (now.status !== 'administrator') return trouble.removed(chat.id)
  const channel = await channels.get(chat.id)
  if (channel?.mode === 'append' && now.can_edit_messages !== true) return trouble.lost(chat.id)
  if (!channel && before.status !== 'administrator') await invite(deps, ctx, change)
}

/** Whoever added the bot by hand is offered the set-up in private; who never started it cannot be written to. */
async function invite(
  { api, log, isInDialogue }: MembershipDeps,
  { texts }: Ctx,
  { chat, from }: ChatMemberUpdated,
): Promise<void> {
  if (await isInDialogue(from.id)) return
  const { channel: words } = texts
  const keyboard = [[{ text: words.setUp, callback_data: setUpData(chat.id) }]]
  await api
    .sendMessage(from.id, words.invitation(chat.title ?? words.unknownTitle), {
      reply_markup: { inline_keyboard: keyboard },
    })
    .catch((error: unknown) => log.failure('admin.untold', describe(error)))
}
