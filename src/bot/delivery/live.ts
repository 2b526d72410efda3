/** @module What a person sees while a job runs: drafts at a bearable pace, never one after the final. */
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { JobId } from '../../core/ids.ts'
import type { Log } from '../../core/log.ts'
import type { Desk } from '../../queue/desk-port.ts'
import { frameInMs, newPace, type Pace, paced, slowed } from '../replies/pacing.ts'
import type { Publisher, Publishers, View } from '../replies/publisher.ts'
import type { Delivery } from './delivery.ts'

export interface Live {
  /** Starts drafts for a job, unless they ended already; idempotent by job. `place`: jobs before it. */
  begin(delivery: Delivery, options: { place: number; canStop: boolean }): void
  /** Ends drafts; resolves when no frame is in flight and none will be sent. */
  end(job: JobId): Promise<void>
  close(): Promise<void>
}

interface Deps {
  readonly desk: Desk
  readonly publishers: Publishers
  readonly clock: Clock
  readonly log: Log
}

/** Far more than can be between a submit and its first draft. */
const maxOver = 10_000

export function createLive(deps: Deps): Live {
  const sessions = new Map<JobId, Session>()
  // A job may end before its drafts begin; then they must not begin at all.
  const over = new Set<JobId>()
  const end = async (job: JobId): Promise<void> => {
    const session = sessions.get(job)
    const [oldest] = over
    if (over.size >= maxOver && oldest !== undefined) over.delete(oldest)
    over.add(job)
    sessions.delete(job)
    await session?.end()
  }
  return {
    begin: (delivery, options) => {
      if (sessions.has(delivery.job) || over.has(delivery.job)) return
      sessions.set(delivery.job, new Session(deps, delivery, options))
    },
    end,
    close: async () => {
      await Promise.all([...sessions.keys()].map(end))
    },
  }
}

/** Typing lasts five seconds at most. */
const typingEveryMs = 4000
/** How often the place in the queue is looked up while a job waits. */
const statusEveryMs = 5000

class Session {
  readonly #deps: Deps
  readonly #delivery: Delivery
  readonly #publisher: Publisher
  readonly #canStop: boolean
  readonly #stops: (() => void)[] = []
  #view: View
  #pace: Pace
  #isOver = false
  #takesFrames = true
  #inFlight: Promise<void> | undefined
  #timer: (() => void) | undefined

  constructor(deps: Deps, delivery: Delivery, options: { place: number; canStop: boolean }) {
    this.#deps = deps
    this.#delivery = delivery
    this.#publisher = deps.publishers[delivery.place.kind]
    this.#pace = newPace(this.#publisher.gapMs)
    this.#canStop = options.canStop
    this.#view = { kind: 'waiting', place: options.place }
    this.#type()
    this.#stops.push(
      deps.desk.watch(delivery.job, {
        onDraft: (text) => this.#show({ kind: 'text', text }),
        onProgress: (percent) => {
          if (this.#view.kind !== 'text') this.#show({ kind: 'working', percent })
        },
      }),
      deps.clock.every(typingEveryMs, () => this.#type()),
      deps.clock.every(statusEveryMs, () => {
        if (this.#view.kind === 'waiting') void this.#lookUpPlace()
      }),
    )
    this.#pump()
  }

  async end(): Promise<void> {
    this.#isOver = true
    this.#timer?.()
    for (const stop of this.#stops) stop()
    await this.#inFlight
  }

  #show(view: View): void {
    this.#view = view
    this.#pump()
  }

  /** Typing only stands in where no draft is shown. */
  #type(): void {
    if (this.#isOver || this.#pace.sentText !== '') return
    void this.#publisher
      .accepted(this.#delivery)
      .catch((error: unknown) => this.#deps.log.failure('typing.failed', describe(error)))
  }

  async #lookUpPlace(): Promise<void> {
    try {
      const { state, place } = await this.#deps.desk.status(this.#delivery.job)
      if (this.#view.kind !== 'waiting') return
      this.#show(state === 'running' ? { kind: 'working', percent: 0 } : { kind: 'waiting', place })
    } catch (error) {
      this.#deps.log.failure('status.failed', describe(error))
    }
  }

  /** One frame in flight; the next is due by the pace of the newest view. */
  #pump(): void {
    if (this.#isOver || !this.#takesFrames || this.#inFlight) return
    this.#timer?.()
    const wait = frameInMs(this.#pace, keyOf(this.#view), this.#deps.clock.now())
    if (wait > 0) {
      this.#timer = this.#deps.clock.after(wait, () => this.#pump())
      return
    }
    this.#inFlight = this.#send(this.#view).finally(() => {
      this.#inFlight = undefined
      this.#pump()
    })
  }

  async #send(view: View): Promise<void> {
    const result = await this.#publisher.frame(this.#delivery, view, this.#canStop)
    const now = this.#deps.clock.now()
    if (result === 'off') this.#takesFrames = false
    else if (result === 'shown') this.#pace = paced(this.#pace, keyOf(view), now)
    else this.#pace = slowed(this.#pace, result.slowMs, now)
  }
}

/** What makes two views look different; also the text whose growth is paced. */
function keyOf(view: View): string {
  switch (view.kind) {
    case 'waiting':
      return `\0${view.place}`
    case 'working':
      return `\0\0${view.percent}`
    case 'text':
      return view.text
  }
}
