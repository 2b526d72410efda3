/** @module The rows this machine knows: the built-in ones and the operator's, and what makes a row usable on a network. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import { ConfigError, type Net } from '../../core/config.ts'
import {
  isPinned,
  MODELS,
  type ModelRow,
  operatorModelsSchema,
  weightsText,
} from '../../tasks/models.ts'

/**
 * The built-in rows and those of `<dataFolder>/models.json`, if it exists.
 * Throws `config.invalid` with lines that name members of that file; an id or file name that is taken is refused,
 * so nobody's row can stand in for a published model.
 */
export async function loadManifest(dataFolder: string): Promise<readonly ModelRow[]> {
  const text = await readFile(join(dataFolder, 'models.json'), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new ConfigError(['models.json: the file cannot be read'])
  })
  if (text === undefined) return MODELS
  const parsed = operatorModelsSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      (issue) => `models.json: ${issue.path.join('.')}: ${issue.message}`,
    )
    throw new ConfigError(lines)
  }
  const rows = [...MODELS]
  for (const row of parsed.data.models) {
    const paths = row.files.map((file) => file.path)
    const isTaken = rows.some(
      (other) => other.id === row.id || other.files.some((file) => paths.includes(file.path)),
    )
    if (isTaken || new Set(paths).size < paths.length)
      throw new ConfigError([`models.json: ${row.id}: this id or one of its files is taken`])
    rows.push(row)
  }
  return rows
}

/** Throws `models.unpinned` or `models.fixture` for a row that must not run on `net`. On devnet everything may. */
export function requireUsable(row: ModelRow, net: Net): void {
  if (net === 'devnet') return
  if (row.isFixture) throw new AppError('models.fixture')
  if (!isPinned(row)) throw new AppError('models.unpinned')
}

/**
 * Weights digest of CONF §4: `sha256:` and the hex hash of the canonical list of files. It says which bytes are
 * published under this row, not which lie on this disk: `verifyModel` compares them. Throws `models.unpinned`.
 */
export const weightsDigest = (row: Pick<ModelRow, 'files'>): string =>
  `sha256:${createHash('sha256').update(weightsText(row.files)).digest('hex')}`

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ConfigError(['models.json: not JSON'])
  }
}
