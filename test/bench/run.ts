/**
 * @module `npm run bench`: what the line costs, as ratios inside one run on this machine.
 * `node test/bench/run.ts [Q1 Q2 …] [--write] [--json FILE] [--models FOLDER] [--tiny]`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchTable } from './bench-case.ts'
import { cases } from './cases.ts'
import { renderTable, writeReport } from './report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
    models: { type: 'string', default: process.env['CHRYSALIS_MODELS'] ?? 'data/models' },
    tiny: { type: 'boolean', default: false },
  },
})

// Whoever stops it leaves no redis-server behind: that is what `exit` listeners are for.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const wanted = positionals.map((name) => name.toUpperCase())
const chosen = cases.filter(({ id }) => wanted.length === 0 || wanted.includes(id))
const tables: BenchTable[] = []
for (const one of chosen) {
  console.error(`${one.id}: ${one.about}`)
  const began = performance.now()
  const measured = await one.run({
    scale: values.tiny ? 'tiny' : 'full',
    models: values.models,
    say: (line) => console.error(line),
  })
  for (const table of measured) console.log(renderTable(table))
  console.error(`${one.id}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
  tables.push(...measured)
  // After each case: a run that is cut short keeps what it has.
  if (values.write) writeReport(join(import.meta.dirname, '../../docs/bench.md'), measured)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(tables, null, 1)}\n`)
}
// Native engines and database keep threads that do not end by themselves.
process.exit(0)
