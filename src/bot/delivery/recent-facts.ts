/** @module The facts of the last answers in memory, for tools on the same machine; no words of them. */
import type { JobId } from '../../core/ids.ts'
import type { Finished, JobFacts } from '../../queue/desk-port.ts'
import type { Checked, TaskOutput } from '../../tasks/task.ts'

export interface AnswerFacts extends JobFacts {
  /** Language and outcome of the output; absent for failures. */
  readonly language?: string
  readonly sourceLanguage?: string
  readonly outcome?: TaskOutput['outcome']
  readonly checked?: Checked
  readonly state: Finished['state']
}

export interface RecentFacts {
  remember(finished: Finished, output: TaskOutput | undefined): void
  of(job: JobId): AnswerFacts | undefined
}

/** A ring: the oldest is forgotten when `max` is passed. */
export function createRecentFacts(max = 1000): RecentFacts {
  const ring = new Map<JobId, AnswerFacts>()
  return {
    remember: (finished, output) => {
      const { job, task, model, tier, units, attempts, timings, state } = finished
      const oldest = ring.size >= max ? ring.keys().next().value : undefined
      if (oldest !== undefined) ring.delete(oldest)
      ring.set(job, {
        job,
        task,
        model,
        ...(finished.weights && { weights: finished.weights }),
        tier,
        units,
        attempts,
        timings,
        state,
        ...(output && {
          language: output.language,
          ...(output.sourceLanguage && { sourceLanguage: output.sourceLanguage }),
          outcome: output.outcome,
          checked: output.checked,
        }),
      })
    },
    of: (job) => ring.get(job),
  }
}
