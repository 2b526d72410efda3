/** @module A table as it was stored: its tasks and models may be gone since, so only its form is checked. */
import { type PriceTable, type PriceWorld, readTable } from './table.ts'

/** Throws `price.invalid` for a text that is no table any more. */
export const readStoredTable = (text: string): PriceTable => readTable(text, worldOf(text))

/** Everything that the table names is known to it. */
function worldOf(text: string): PriceWorld {
  const tasks = new Map<string, 'llm' | 'stt'>()
  const models = new Map<string, 'llm' | 'stt'>()
  const table: unknown = JSON.parse(text)
  if (isTable(table))
    for (const { task, model, worker } of table.rows) {
      const kind = 'audioMs' in worker ? 'stt' : 'llm'
      tasks.set(task, kind)
      models.set(model, kind)
    }
  return { tasks, models }
}

/** Our own canonical text; what else it could be is found by `readTable`. */
const isTable = (
  value: unknown,
): value is { rows: readonly { task: string; model: string; worker: object }[] } =>
  typeof value === 'object' && value !== null && 'rows' in value && Array.isArray(value.rows)
