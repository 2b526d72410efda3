/** @module A message changed within two minutes: a waiting request takes the new words, an answered one may be done again. */
import type { Composer } from 'grammy'
import type { Message, Update } from 'grammy/types'
import type { Ctx, Services } from '../context.ts'
import { askerOf } from '../requests/asker.ts'
import { readMessage } from '../requests/incoming.ts'
import type { Requests } from '../requests/requests.ts'

const maxAgeSeconds = 120

/** Later edits, and those in groups, are not followed and leave no trace. */
export const isFreshEdit = ({ edited_message: edited }: Update): boolean =>
  edited?.chat.type === 'private' && (edited.edit_date ?? 0) - edited.date <= maxAgeSeconds

export function addEdits(
  composer: Composer<Ctx>,
  { desk, deliveries, log }: Pick<Services, 'desk' | 'deliveries' | 'log'>,
  requests: Requests,
): void {
  composer.on('edited_message', async (ctx) => {
    const message: Message = ctx.editedMessage
    const delivery = await deliveries.ofMessage(message.chat.id, message.message_id)
    // What was never worked on (a question, a command) is not worked on because of an edit.
    if (!delivery) return
    const asker = askerOf(ctx, message, `e${message.edit_date ?? 0}`)
    if (!(await deliveries.drop(delivery.job))) {
      if (delivery.state !== 'dropped') await requests.choose(asker, 'edited')
      return
    }
    await desk.cancel(delivery.job)
    log.info('job.replaced', { job: delivery.job })
    await requests.route(asker, readMessage(message))
  })
}
