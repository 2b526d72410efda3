/** @module The states of models as a table for people and as JSON for scripts. */
import { DEFAULT_MODELS, isPinned } from '../../tasks/models.ts'
import { weightsDigest } from './manifest.ts'
import type { ModelState } from './model-state.ts'
import { bytesText, percentOf } from './progress-text.ts'

/** Columns of a plain table; `*` marks what a fresh machine runs. */
export function modelTable(states: readonly ModelState[]): string[] {
  const lines = states.map(({ row, ...state }) => [
    `${row.id}${DEFAULT_MODELS.includes(row.id) ? ' *' : ''}`,
    row.kind,
    state.totalBytes > 0 ? bytesText(state.totalBytes) : '?',
    row.licence,
    stateText({ row, ...state }),
  ])
  const all = [['model (* default)', 'kind', 'size', 'licence', 'state'], ...lines]
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((cells) => cells[column]?.length ?? 0)),
  )
  return all.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function stateText({ state, bytes, totalBytes, verifiedAt, row }: ModelState): string {
  const at = new Date(verifiedAt ?? 0).toISOString().slice(0, 16).replace('T', ' ')
  const texts = {
    absent: 'absent',
    partial: `partial, ${String(percentOf(bytes, totalBytes))} %`,
    present: isPinned(row) ? 'present, not checked' : 'present, no published hash',
    verified: `verified ${at} UTC`,
    wrong: 'WRONG HASH: pull it again',
  } as const satisfies Record<ModelState['state'], string>
  return texts[state]
}

/** One model for scripts: the same facts as JSON members. */
export function modelJson(entry: ModelState): object {
  const { row, state, bytes, totalBytes, verifiedAt } = entry
  return {
    id: row.id,
    title: row.title,
    kind: row.kind,
    tasks: row.tasks,
    licence: row.licence,
    isDefault: DEFAULT_MODELS.includes(row.id),
    state,
    bytes,
    totalBytes,
    ...(state === 'partial' && { percent: percentOf(bytes, totalBytes) }),
    ...(verifiedAt !== undefined && { verifiedAt: new Date(verifiedAt).toISOString() }),
    ...(isPinned(row) && { weights: weightsDigest(row) }),
  }
}
