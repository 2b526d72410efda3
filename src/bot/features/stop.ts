/** @module Stop: the button in the draft, and Cancel under a waiting message. Bypasses the order of a chat's updates. */
import type { Composer } from 'grammy'
import type { Ctx, Services } from '../context.ts'

export function addStop(
  composer: Composer<Ctx>,
  { desk, deliveries, log }: Pick<Services, 'desk' | 'deliveries' | 'log'>,
): void {
  composer.filter(
    (ctx) => ctx.update.stopped_message_generation !== undefined,
    async (ctx) => {
      const stopped = ctx.update.stopped_message_generation
      if (!stopped) return
      const delivery = await deliveries.byDraft(stopped.chat.id, stopped.draft_id)
      // A Stop after the final is ignored: the desk says that the job had ended.
      if (!delivery || delivery.state !== 'planned') return
      const wasCancelled = await desk.cancel(delivery.job)
      log.info('job.stopped', { job: delivery.job, wasCancelled })
    },
  )
}
