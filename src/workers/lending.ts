/** @module Engine slots lent to jobs: what may be announced, and ports for one job at a time, waited for where a cancelled job still leaves its slot. */
import { AppError } from '../core/app-error.ts'
import type { FailedModels, FrameOf } from '../core/frames.ts'
import type { ModelId } from '../core/ids.ts'
import type { TaskPorts } from '../tasks/task.ts'

export type AnnouncedModel = FrameOf<'ready'>['models'][number]
type Kind = AnnouncedModel['kind']

interface Loan {
  readonly ports: TaskPorts
  /** Gives the slot back; must be called once, however the job ended. */
  readonly release: () => void
}

/** The part of `engine/engine.ts` that lending needs. */
export interface SlotSource {
  readonly slots: FrameOf<'ready'>['slots']
  portsFor(model: ModelId, audio?: AsyncIterable<Uint8Array>): Loan
}

export interface Lending {
  readonly models: readonly AnnouncedModel[]
  /** Loaded and not announced: they gave no answer. */
  readonly failed?: FailedModels
  readonly slots: FrameOf<'ready'>['slots']
  /** Name and version of the engine of a kind, for receipts. */
  readonly engineNames: Readonly<Record<Kind, string>>
  /** The announced model, or undefined. */
  find(model: ModelId): AnnouncedModel | undefined
  /** Waits for a free slot. Throws `models.absent`, `job.cancelled`, and what the engine throws. */
  lend(need: {
    readonly model: ModelId
    readonly sound?: AsyncIterable<Uint8Array>
    readonly signal: AbortSignal
  }): Promise<Loan>
}

/** Lends the slots of `source`, first come, first served. */
export function createLending(
  source: SlotSource,
  about: { models: readonly AnnouncedModel[]; engineNames: Readonly<Record<Kind, string>> },
): Lending {
  const free = { llm: createCounter(source.slots.text), stt: createCounter(source.slots.speech) }
  const find = (model: ModelId) => about.models.find(({ id }) => id === model)
  return {
    models: about.models,
    slots: source.slots,
    engineNames: about.engineNames,
    find,
    lend: async ({ model, sound, signal }) => {
      const kind = find(model)?.kind
      if (!kind) throw new AppError('models.absent')
      const giveBack = await free[kind].take(signal)
      try {
        const { ports, release } = source.portsFor(model, sound)
        return {
          ports,
          release: () => {
            release()
            giveBack()
          },
        }
      } catch (error) {
        giveBack()
        throw error
      }
    },
  }
}

/** A counting semaphore; `take` gives the function that gives back. */
function createCounter(size: number): { take(signal: AbortSignal): Promise<() => void> } {
  let free = size
  const queue: (() => void)[] = []
  const giveBack = (): void => {
    const next = queue.shift()
    if (next) next()
    else free += 1
  }
  const once = (): (() => void) => {
    let given = false
    return () => {
      if (!given) giveBack()
      given = true
    }
  }
  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(new AppError('job.cancelled'))
          return
        }
        if (free > 0) {
          free -= 1
          resolve(once())
          return
        }
        const cancel = (): void => {
          queue.splice(queue.indexOf(enter), 1)
          reject(new AppError('job.cancelled'))
        }
        const enter = (): void => {
          signal.removeEventListener('abort', cancel)
          resolve(once())
        }
        queue.push(enter)
        signal.addEventListener('abort', cancel, { once: true })
      }),
  }
}
