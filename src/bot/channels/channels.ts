/** @module Everything about channels put together: rows, publishers, what is said to admins, handlers. */
import type { Composer } from 'grammy'
import type { Message, Update } from 'grammy/types'
import type { Database } from '../../db/database.ts'
import type { Ctx, Services } from '../context.ts'
import { addChannelDialogue } from '../dialogues/channel.ts'
import { addChannelCommand } from '../features/channel-command.ts'
import { addChannelMembership } from '../features/channel-membership.ts'
import { addChannelPosts } from '../features/channel-posts.ts'
import { createAppendPublisher, createCommentPublisher } from '../replies/channel.ts'
import type { Publishers } from '../replies/publisher.ts'
import type { Requests } from '../requests/requests.ts'
import type { Vault } from '../vault-port.ts'
import { createChannelStore } from './channel-store.ts'
import { createPostStore } from './post-store.ts'
import { createChannelTrouble } from './trouble.ts'

export interface ChannelDeps
  extends Pick<Services, 'api' | 'desk' | 'deliveries' | 'copies' | 'clock' | 'log'> {
  readonly db: Database
  readonly botId: number
  readonly vault: Vault
  /** Key of the hashes by which posts are known again; the same after a restart. */
  readonly hashKey: Uint8Array
  /** Aborts when the bot stops: posts that wait are taken up again at the next start. */
  readonly signal: AbortSignal
}

export interface Channels {
  readonly publishers: Pick<Publishers, 'comment' | 'append'>
  /** False for posts of channels where nothing is switched on, and for messages of groups: they leave no trace. */
  wants(update: Update): Promise<boolean>
  /** Handlers of posts and memberships; `isInDialogue` tells whether a person is being asked things. */
  addPublic(
    composer: Composer<Ctx>,
    services: Services,
    isInDialogue: (userId: number) => Promise<boolean>,
  ): void
  /** The set-up, in private chats. */
  addPrivate(composer: Composer<Ctx>, services: Services, requests: Requests): void
  sweep(): Promise<void>
  forget(userId: number): Promise<number>
}

/** Later edits of older posts are not followed. */
const keepPostsMs = 30 * 24 * 3_600_000

export function createChannels(deps: ChannelDeps): Channels {
  const { api, copies, vault, hashKey, clock, signal } = deps
  const channels = createChannelStore(deps)
  const posts = createPostStore(deps)
  const trouble = createChannelTrouble({ ...deps, channels, posts })
  return {
    publishers: {
      comment: createCommentPublisher({ api, trouble, copies }),
      append: createAppendPublisher({ api, posts, vault, hashKey, trouble }),
    },
    wants: async ({ channel_post: post, edited_channel_post: edited, message }) => {
      const inChannel = post ?? edited
      if (inChannel) return (await channels.get(inChannel.chat.id))?.mode === 'append'
      const channelId = message && copyOf(message)
      return channelId !== undefined && (await channels.get(channelId))?.mode === 'comment'
    },
    addPublic: (composer, services, isInDialogue) => {
      addChannelPosts(composer, { ...services, channels, posts, trouble, vault, hashKey, signal })
      addChannelMembership(composer, { ...services, channels, trouble, isInDialogue })
    },
    addPrivate: (composer, services, requests) => {
      addChannelDialogue(composer, { ...services, channels, requests })
      addChannelCommand(composer, { ...services, channels })
    },
    sweep: () => posts.sweep(clock.now() - keepPostsMs),
    forget: async (userId) => {
      for (const { chatId } of await channels.ofAdmin(userId)) await posts.removeChat(chatId)
      return channels.forget(userId)
    },
  }
}

/** The channel whose post this message of a discussion group is the copy of. */
const copyOf = (message: Message): number | undefined =>
  message.is_automatic_forward === true ? message.sender_chat?.id : undefined
