/**
 * @module `npm run bench`: what the line costs, as ratios inside one run on this machine.
 * `node test/bench/run.ts [Q | Q1 Q2 …] [--write] [--json FILE] [--models FOLDER] [--tiny]`. `Q`: Q1 to Q5 as JSON on
 * standard output. Ends with 1 when a gate fails, 2 when a control was off every time, so that nothing was shown.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import type { BenchCase, BenchTable } from './bench-case.ts'
import { cases } from './cases.ts'
import { type Best, bestOf, holds, limitOf } from './gates.ts'
import { renderTable, writeReport } from './report.ts'
import { show } from './stats.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
    models: { type: 'string', default: process.env['CHRYSALIS_MODELS'] ?? 'data/models' },
    tiny: { type: 'boolean', default: false },
  },
})

const maxTries = 3
const bestFile = join(import.meta.dirname, 'best.json')
const before: Best = z
  .record(z.string(), z.number())
  .parse(JSON.parse(readFileSync(bestFile, 'utf8')))

/** Again while the control is off: the machine may be quieter then. */
async function measure(one: BenchCase): Promise<readonly BenchTable[]> {
  for (let tries = 1; ; tries++) {
    const measured = await one.run({
      scale: values.tiny ? 'tiny' : 'full',
      models: values.models,
      say: (line) => console.error(line),
    })
    if (values.tiny || tries === maxTries || measured.every(({ verdict }) => verdict !== 'void'))
      return measured
    console.error(`${one.id}: the control was off, once more`)
  }
}

/** What a table's gate says; undefined for one without a gate, and for values that mean nothing. */
function judge({ id, verdict, gate }: BenchTable): 'held' | 'failed' | 'void' | undefined {
  if (!gate || values.tiny) return undefined
  if (verdict === 'void') return 'void'
  return holds(gate, before[id]) ? 'held' : 'failed'
}

// Whoever stops it leaves no redis-server behind: that is what `exit` listeners are for.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const wanted = positionals.map((name) => name.toUpperCase())
const wantsAllQ = wanted.includes('Q')
const isWanted = (id: string): boolean =>
  wanted.length === 0 || wanted.includes(id) || (wantsAllQ && id.startsWith('Q'))
const tables: BenchTable[] = []
for (const one of cases.filter(({ id }) => isWanted(id))) {
  console.error(`${one.id}: ${one.about}`)
  const began = performance.now()
  const measured = await measure(one)
  for (const table of measured) (wantsAllQ ? console.error : console.log)(renderTable(table))
  console.error(`${one.id}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
  tables.push(...measured)
  // After each case: a run that is cut short keeps what it has. What means nothing replaces nothing.
  const shown = measured.filter(({ verdict }) => verdict !== 'void')
  if (values.write) writeReport(join(import.meta.dirname, '../../docs/bench.md'), shown)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(tables, null, 1)}\n`)
}
const judged = tables.map((table) => ({ ...table, judgement: judge(table) }))
for (const { id, gate, judgement } of judged)
  if (gate && judgement)
    console.error(
      `${id}: ${judgement}, ${show(gate.value)} (target ${show(gate.target)}, limit ${show(limitOf(gate, before[id]))})`,
    )
if (wantsAllQ)
  console.log(
    JSON.stringify({ node: process.versions.node, load: loadavg(), tables: judged }, null, 1),
  )
if (values.write) {
  const held = judged.filter(({ judgement }) => judgement === 'held')
  const best = held.flatMap(({ id, gate }) => (gate ? [[id, bestOf(gate, before[id])]] : []))
  writeFileSync(
    bestFile,
    `${JSON.stringify({ ...before, ...Object.fromEntries(best) }, null, 2)}\n`,
  )
}
const judgements = judged.map(({ judgement }) => judgement)
// Native engines and database keep threads that do not end by themselves.
process.exit(judgements.includes('failed') ? 1 : judgements.includes('void') ? 2 : 0)
