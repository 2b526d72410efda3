/** @module The bot was added to a group, removed from it, or the group became a supergroup. */
import type { Composer } from 'grammy'
import type { Ctx, Services } from '../context.ts'
import type { GroupStore } from '../groups/group-store.ts'

export interface GroupMembershipDeps extends Pick<Services, 'desk' | 'deliveries' | 'log'> {
  readonly groups: GroupStore
}

const isIn = (status: string): boolean => status !== 'left' && status !== 'kicked'

export function addGroupMembership(composer: Composer<Ctx>, deps: GroupMembershipDeps): void {
  const { groups, desk, deliveries } = deps
  composer.on('my_chat_member', async (ctx, next) => {
    const { chat, old_chat_member: before, new_chat_member: now } = ctx.myChatMember
    if (!isIn(now.status)) {
      for (const { job } of await deliveries.openOf({ chatId: chat.id })) await desk.cancel(job)
      await groups.forget(chat.id)
      deps.log.info('group.left', { chat: chat.id })
    } else if (!isIn(before.status)) {
      await ctx.reply(ctx.texts.group.welcome(ctx.me.username))
    }
    await next()
  })
  composer.on('message:migrate_to_chat_id', async (ctx) => {
    await groups.move(ctx.chat.id, ctx.message.migrate_to_chat_id)
  })
}
