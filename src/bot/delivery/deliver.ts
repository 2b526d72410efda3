/** @module Delivers ended jobs: at least once to people, at most once under channel posts, never a frame after the final. */
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import { ERRORS } from '../../core/errors.ts'
import type { JobId } from '../../core/ids.ts'
import type { Log } from '../../core/log.ts'
import type { StarsDesk } from '../../payments/stars/stars-desk-port.ts'
import type { Finished } from '../../queue/desk-port.ts'
import { type TaskOutput, taskOutputSchema } from '../../tasks/task.ts'
import { pressData } from '../buttons.ts'
import type { UserStore } from '../people/user-store.ts'
import { type Answer, composeAnswer, type Keyboard } from '../replies/answer.ts'
import type { Publishers } from '../replies/publisher.ts'
import type { Chats } from '../telegram/chats.ts'
import { refusalOf } from '../telegram/refusals.ts'
import { textsOf } from '../texts/texts.ts'
import type { Copies, CopyKey } from './copies.ts'
import type { Delivery, DeliveryStore, SentFacts } from './delivery.ts'
import type { Live } from './live.ts'
import { modelTitle } from './model-title.ts'
import { type ProofLinks, proofAddressOf } from './proof-links.ts'
import type { RecentFacts } from './recent-facts.ts'

export interface DeliverDeps {
  readonly deliveries: DeliveryStore
  readonly users: UserStore
  readonly copies: Copies
  readonly live: Live
  readonly publishers: Publishers
  readonly recent: RecentFacts
  readonly chats: Pick<Chats, 'isUnreachable'>
  /** Absent where nothing is charged. */
  readonly money?: Pick<StarsDesk, 'walletOf'>
  /** Absent where no page shows proofs. */
  readonly proofs?: ProofLinks
  readonly clock: Clock
  readonly log: Log
}

/** A job without a row is given so long for its row to appear (the submit is still running, or is repeated after a crash). */
const graceMs = 10 * 60_000

/** Delivers one ended job. Rejects when it should be tried again; idempotent by the row's state. */
export function createDeliver(deps: DeliverDeps): (finished: Finished) => Promise<void> {
  const { deliveries, live, clock, log } = deps
  const firstSeen = new Map<JobId, number>()
  return async (finished) => {
    const { job } = finished
    const delivery = await deliveries.get(job)
    if (!delivery) {
      const since = firstSeen.get(job) ?? clock.now()
      firstSeen.set(job, since)
      if (clock.now() - since < graceMs) throw new AppError('job.unknown')
      firstSeen.delete(job)
      log.warn('delivery.orphaned', { job })
      return
    }
    firstSeen.delete(job)
    await live.end(job)
    if (delivery.state === 'sent' || delivery.state === 'dropped') return
    await deliverOnce(deps, delivery, finished)
  }
}

async function deliverOnce(
  deps: DeliverDeps,
  delivery: Delivery,
  finished: Finished,
): Promise<void> {
  const { deliveries, log } = deps
  const { job } = delivery
  const output = finished.state === 'done' ? readOutput(finished) : undefined
  const facts = sentFacts(finished, output)
  const publisher = deps.publishers[delivery.place.kind]
  // Found in `sending`: it may be out already, and twice is worse than never.
  if (publisher.unsure && delivery.state === 'sending') {
    if (output)
      await publisher.unsure(delivery, await compose(deps, delivery, { finished, output }))
    await deliveries.settled(job, { state: 'dropped', facts })
    log.warn('delivery.unsure', { job })
    return
  }
  if (await deps.chats.isUnreachable(delivery.place.chatId)) {
    await deliveries.settled(job, { state: 'dropped', facts })
    log.info('delivery.dropped', { job, place: delivery.place.kind })
    return
  }
  await deliveries.sending(job)
  try {
    const messageId = await publish(deps, delivery, { finished, output })
    await deliveries.settled(job, {
      state: 'sent',
      ...(messageId !== undefined && { messageId }),
      facts,
    })
    deps.recent.remember(finished, output)
    log.info('delivery.sent', { job, place: delivery.place.kind, state: finished.state })
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal && refusal.kind !== 'lost') await deliveries.unsent(job)
    // Without the right to write there it will not get through later either.
    if (refusal?.kind !== 'gone' && refusal?.kind !== 'missing') {
      log.failure('delivery.failed', describe(error))
      throw error
    }
    await deliveries.settled(job, { state: 'dropped', facts })
    log.info('delivery.dropped', { job, place: delivery.place.kind })
  }
}

async function publish(
  deps: DeliverDeps,
  delivery: Delivery,
  { finished, output }: { finished: Finished; output: TaskOutput | undefined },
): Promise<number | undefined> {
  const texts = textsOf(delivery.ui)
  const publisher = deps.publishers[delivery.place.kind]
  if (finished.state !== 'done' || !output) {
    const code = finished.state === 'done' ? 'internal.error' : finished.code
    const { say, blame } = ERRORS[code]
    const sentence = blame === 'user' ? texts.say[say] : texts.withCode(texts.say[say], code)
    return publisher.failed(delivery, sentence, retryKeyboard(delivery))
  }
  const answer = await compose(deps, delivery, { finished, output })
  return publisher.final(delivery, answer, {
    parts: delivery.parts,
    report: (parts) => deps.deliveries.progress(delivery.job, parts),
  })
}

async function compose(
  deps: DeliverDeps,
  delivery: Delivery,
  { finished, output }: { finished: Finished; output: TaskOutput },
): Promise<Answer> {
  const copy = await keepCopy(deps, delivery, output)
  const allowance = finished.price?.isFree === true ? await allowanceOf(deps, delivery) : undefined
  const salts = finished.state === 'done' ? finished.salts : undefined
  return composeAnswer({
    delivery,
    output,
    facts: finished,
    modelTitle: modelTitle(finished.model),
    texts: textsOf(delivery.ui),
    ...(copy && { copy }),
    ...(allowance && { allowance }),
    ...(deps.proofs && salts && { proof: proofAddressOf(deps.proofs, finished.job, salts) }),
  })
}

/** In a group it is nobody else's business. */
async function allowanceOf(
  { money }: DeliverDeps,
  { place: { kind, userId } }: Delivery,
): Promise<{ left: bigint; of: bigint } | undefined> {
  const isTheirs = kind === 'private' || kind === 'aside'
  if (!money || userId === undefined || !isTheirs) return undefined
  const { freeLeft: left, freeOf: of } = await money.walletOf(userId)
  return { left, of }
}

/** Undefined where the person switched copies off, or where no button could use one. */
async function keepCopy(
  { copies, users }: DeliverDeps,
  { place }: Delivery,
  output: TaskOutput,
): Promise<CopyKey | undefined> {
  const hasButtons = place.kind === 'private' || place.kind === 'aside'
  if (!hasButtons || place.userId === undefined || output.text === '') return undefined
  const settings = await users.get(place.userId)
  if (settings?.copies === false) return undefined
  const { text, language, segments } = output
  return copies.keep(
    { v: 1, text, language, ...(segments && { segments }) },
    {
      chatId: place.chatId,
      userId: place.userId,
    },
  )
}

/** "Try again" takes the source from the message that is answered, so nothing has to be kept for it. */
function retryKeyboard(delivery: Delivery): Keyboard {
  if (delivery.place.kind !== 'private') return []
  const text = textsOf(delivery.ui).buttons.retry
  const { task, from, to } = delivery
  if (task === 'transcribe')
    return [
      [{ text, callback_data: pressData({ kind: 'transcribe', ...(from && { language: from }) }) }],
    ]
  if (!to) return []
  if (task === 'summarize') return [[{ text, callback_data: pressData({ kind: 'summarize', to }) }]]
  return [
    [
      {
        text,
        callback_data: pressData({ kind: 'translate', to, ...(from && { from }), sure: true }),
      },
    ],
  ]
}

/** Undefined for an output that is not one: for the person a failure of ours. */
function readOutput(finished: Extract<Finished, { state: 'done' }>): TaskOutput | undefined {
  try {
    const text = new TextDecoder().decode(finished.output.reveal())
    return taskOutputSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function sentFacts(finished: Finished, output: TaskOutput | undefined): SentFacts {
  return {
    outcome: finished.state === 'done' ? (output?.outcome ?? 'internal.error') : finished.code,
    model: finished.model,
    ...(finished.weights && { weights: finished.weights }),
    tier: finished.tier,
    tokens: finished.units.inTokens + finished.units.outTokens,
    audioMs: finished.units.audioMs,
    attempts: finished.attempts,
    totalMs: finished.timings.totalMs,
  }
}
