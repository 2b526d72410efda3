/** @module Everything about groups put together: rows, publisher, what is kept and what is not, handlers. */
import type { Composer } from 'grammy'
import type { Update } from 'grammy/types'
import type { Database } from '../../db/database.ts'
import type { Ctx, Services } from '../context.ts'
import { addGroupMembership } from '../features/group-membership.ts'
import { addGroupMessages, isCovered } from '../features/group-messages.ts'
import { addGroupSettings } from '../features/group-settings.ts'
import { createAsidePublisher } from '../replies/aside.ts'
import { createGroupPublisher } from '../replies/group.ts'
import type { Publishers } from '../replies/publisher.ts'
import type { Requests } from '../requests/requests.ts'
import { addressOf, isOtherBot } from './address.ts'
import { createGroupStore } from './group-store.ts'

export interface GroupsDeps extends Pick<Services, 'api' | 'me' | 'clock'> {
  readonly db: Database
  readonly botId: number
}

export interface Groups {
  readonly publishers: Pick<Publishers, 'group' | 'aside'>
  /** True for what concerns the bot; anything else leaves no trace. */
  wants(update: Update): Promise<boolean>
  /** A group became a supergroup: what is kept about it follows. */
  move(from: number, to: number): Promise<void>
  /** Handlers, for updates of groups only. */
  add(composer: Composer<Ctx>, services: Services, requests: Requests): void
}

export function createGroups(deps: GroupsDeps): Groups {
  const groups = createGroupStore(deps)
  return {
    publishers: { group: createGroupPublisher(deps.api), aside: createAsidePublisher(deps.api) },
    wants: async ({ message }) => {
      if (message?.chat.type !== 'group' && message?.chat.type !== 'supergroup') return false
      if (message.migrate_to_chat_id !== undefined) return true
      if (isOtherBot(message) || message.is_automatic_forward === true) return false
      if (addressOf(message, deps.me).kind !== 'none') return true
      return isCovered(await groups.get(message.chat.id), message)
    },
    move: (from, to) => groups.move(from, to),
    add: (composer, services, requests) => {
      addGroupMembership(composer, { ...services, groups })
      addGroupSettings(composer, { ...services, groups, requests })
      addGroupMessages(composer, { ...services, groups, requests })
    },
  }
}
