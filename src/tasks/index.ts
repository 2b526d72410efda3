/** @module The registry of AI tasks: one line each. */
import { AppError } from '../core/app-error.ts'
import type { ModelRow } from './model-row.ts'
import { summarize } from './summarize.ts'
import type { Task } from './task.ts'
import { transcribe } from './transcribe.ts'
import { translate } from './translate.ts'

export const TASKS = { translate, summarize, transcribe } as const

type TaskId = keyof typeof TASKS

const isTaskId = (id: string): id is TaskId => Object.hasOwn(TASKS, id)

/**
 * The task of an id, with its input type hidden: parse with `task.input`, then run with what that gave.
 * Throws `input.task-unknown`.
 */
export function taskOf(id: string): Task<unknown> {
  if (!isTaskId(id)) throw new AppError('input.task-unknown')
  return TASKS[id]
}

/** Which engine each task and each model needs; voice detection answers nobody by itself. */
export const engineKinds = (
  models: readonly ModelRow[],
): {
  readonly tasks: ReadonlyMap<string, 'llm' | 'stt'>
  readonly models: ReadonlyMap<string, 'llm' | 'stt'>
} => ({
  tasks: new Map(Object.values(TASKS).map(({ id, kind }) => [id, kind])),
  models: new Map(models.flatMap(({ id, kind }) => (kind === 'vad' ? [] : [[id, kind]]))),
})
