/** @module The sentence that stands where an answer will be. */
import type { Delivery } from '../delivery/delivery.ts'
import { textsOf } from '../texts/texts.ts'
import type { View } from './publisher.ts'

export function workingText({ task, ui }: Pick<Delivery, 'task' | 'ui'>, view: View): string {
  const { working } = textsOf(ui)
  if (view.kind === 'waiting') return working.waiting(view.place)
  if (task === 'transcribe') return working.listening(view.kind === 'working' ? view.percent : 0)
  return task === 'summarize' ? working.summarizing : working.translating
}
