/** @module From a request to a job: limits, submit, delivery row, first sign of life. Never waits for a worker. */
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { JobId, ModelId } from '../../core/ids.ts'
import { Plaintext } from '../../core/plaintext.ts'
import type { Tier } from '../../core/tier.ts'
import type { Desk } from '../../queue/desk-port.ts'
import { taskOf } from '../../tasks/index.ts'
import type { Delivery, DeliveryStore } from '../delivery/delivery.ts'
import type { Live } from '../delivery/live.ts'
import type { Files } from '../telegram/files.ts'
import { type Ask, contentOf, requestKeyOf } from './ask.ts'
import type { Limits } from './limits.ts'
import type { Pricing } from './pricing.ts'

/** What the bot's operator chose to run. */
export interface Choice {
  readonly textModel: ModelId
  readonly speechModel: ModelId
  readonly tier: Tier
}

export interface AcceptDeps {
  readonly desk: Desk
  readonly deliveries: DeliveryStore
  readonly live: Live
  readonly files: Files
  readonly limits: Limits
  readonly choice: Choice
  readonly botId: number
  readonly clock: Clock
  /** Absent where nothing is charged. */
  readonly pricing?: Pricing
}

/** Submits a request; resolves when job and delivery row exist. Idempotent by the ask's request key. */
export type Accept = (ask: Ask) => Promise<JobId>

/** Six hours is the task's own bound; 20 MB of voice are two. */
const maxSeconds = 3 * 3600
/** After so many stops in 24 h the button is not offered. */
const maxStops = 20
const dayMs = 24 * 3_600_000

/** Throws what the desk throws, `input.too-many` when too many jobs of this person or chat run, `input.too-large` for a file over the limit. */
export function createAccept(deps: AcceptDeps): Accept {
  const { desk, deliveries, live, files, limits, choice, clock } = deps
  return async (ask) => {
    const { place, work } = ask
    const release = await limits.reserve(place)
    try {
      const content = Plaintext.of(JSON.stringify(contentOf(work, maxSeconds)))
      const { job, place: ahead } = await desk.submit({
        task: work.task,
        model: work.task === 'transcribe' ? choice.speechModel : choice.textModel,
        tier: choice.tier,
        content,
        ...(work.task === 'transcribe' && { audio: files.stream(work.file) }),
        owner: `${deps.botId}:${place.userId ?? place.chatId}`,
        requestKey: requestKeyOf(deps.botId, ask),
        class: ask.class,
        deadlineMs: taskOf(work.task).deadlineMs,
        ...(deps.pricing && { paid: await deps.pricing.paidBy(ask) }),
      })
      const delivery = { ...deliveryOf(ask, job), front: desk.front }
      await deliveries.plan(delivery)
      const known = await deliveries.get(job)
      // A job of a process that is gone is shown by that one, when it is back.
      if (known?.state === 'planned' && known.front === desk.front)
        live.begin(delivery, {
          place: ahead,
          canStop: await mayStop(deliveries, place.userId, clock),
        })
      return job
    } finally {
      release()
    }
  }
}

async function mayStop(
  deliveries: DeliveryStore,
  userId: number | undefined,
  clock: Clock,
): Promise<boolean> {
  if (userId === undefined) return false
  return (await deliveries.stopsOf(userId, clock.now() - dayMs)) < maxStops
}

function deliveryOf({ place, ui, flow, work }: Ask, job: JobId): Omit<Delivery, 'front'> {
  const from = work.task === 'transcribe' ? work.language : work.from
  return {
    job,
    place,
    ui,
    task: work.task,
    flow,
    ...(from !== undefined && { from }),
    ...(work.task !== 'transcribe' && { to: work.to }),
    draftId: draftIdOf(job),
    state: 'planned',
    parts: 0,
  }
}

/** 31 non-zero bits of the job id: Stop finds its job again after a restart. */
function draftIdOf(job: JobId): number {
  return (Number.parseInt(job.slice(0, 8), 16) % 0x7fff_fffe) + 1
}

/** Picks up jobs that were running when the process ended, so that drafts and Stop go on. */
export async function resumeLive({
  desk,
  deliveries,
  live,
}: Pick<AcceptDeps, 'desk' | 'deliveries' | 'live'>): Promise<void> {
  for (const delivery of await deliveries.open())
    if (delivery.state === 'planned' && delivery.front === desk.front)
      live.begin(delivery, { place: 0, canStop: true })
}

/** Telegram gives bots no larger files. */
export const maxFileBytes = 20 * 1024 * 1024

/** Refuses a file by the size Telegram told, before anything is downloaded. */
export function checkFileSize(bytes: number | undefined): void {
  if (bytes !== undefined && bytes > maxFileBytes)
    throw new AppError('input.too-large', { bytes, maxBytes: maxFileBytes })
}
