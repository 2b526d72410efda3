import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What `db:migration` writes to a new folder for the changed schema below. */
const addsColumn = `-- AlterTable\nALTER TABLE "jobs" ADD COLUMN     "extra" INTEGER;\n`

interface Diffs {
  readonly ours: string | null
  readonly changed: string | null
  readonly written: string | null
}

/** The engine is a big WebAssembly module over two databases: a process of its own, once for all questions. */
function diffs(): Diffs {
  const file = join(import.meta.dirname, '../../support/schema-diff.ts')
  const script = `
    const { diffSchemas, readSchema } = await import('${file}')
    const schema = readSchema()
    const more = schema.replace('model Job {', 'model Job {\\n  extra Int?')
    const next = { '20990101000000_extra': ${JSON.stringify(addsColumn)} }
    const asked = [schema, more, { schema: more, more: next }]
    const [ours = null, changed = null, written = null] = (await diffSchemas(asked)) ?? []
    console.log(JSON.stringify({ ours, changed, written }))
    process.exit(0)`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  return JSON.parse(stdout) as Diffs
}

test('migrations and schema agree, a column that only the schema has is found, and its migration makes them agree again', ({
  skip,
}) => {
  const { ours, changed, written } = diffs()

  if (ours === null) skip('@prisma/schema-engine-wasm is not installed')
  expect(ours).toBe('')
  expect(changed).toBe(addsColumn)
  expect(written).toBe('')
}, 300_000)
