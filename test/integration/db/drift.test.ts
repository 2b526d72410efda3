import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The engine is a big WebAssembly module over two databases: a process of its own, once for both questions. */
function diffs(): { ours: string | null; changed: string | null } {
  const file = join(import.meta.dirname, '../../support/schema-diff.ts')
  const script = `
    const { diffSchemas, readSchema } = await import('${file}')
    const schema = readSchema()
    const more = schema.replace('model Job {', 'model Job {\\n  extra Int?')
    const [ours = null, changed = null] = (await diffSchemas([schema, more])) ?? []
    console.log(JSON.stringify({ ours, changed }))
    process.exit(0)`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  return JSON.parse(stdout) as { ours: string | null; changed: string | null }
}

test('migrations and schema agree, and a column that only the schema has is found', ({ skip }) => {
  const { ours, changed } = diffs()

  if (ours === null) skip('@prisma/schema-engine-wasm is not installed')
  expect(ours).toBe('')
  expect(changed).toContain('ADD COLUMN     "extra" INTEGER')
}, 300_000)
