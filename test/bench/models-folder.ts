/** @module A models folder with some of another one's models, so that a worker loads those and misses the rest. */
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelRow } from '../../src/tasks/models.ts'
import { tempFolder } from '../support/stores.ts'

/** Where the first file of a row lies; undefined when it is not there. */
export function fileOf(models: string | undefined, row: ModelRow): string | undefined {
  const path = join(models ?? '', row.files[0]?.path ?? '')
  return models !== undefined && row.files.length > 0 && existsSync(path) ? path : undefined
}

/** A new folder with links to the files of `rows` that exist and to the notes that they were checked; the caller removes it. */
export function folderWith(models: string, rows: readonly ModelRow[]): string {
  const folder = tempFolder('bench-models')
  for (const { path } of rows.flatMap(({ files }) => files))
    for (const name of [path, `${path}.checked.json`])
      if (existsSync(join(models, name))) symlinkSync(join(models, name), join(folder, name))
  return folder
}
