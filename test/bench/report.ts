/** @module Tables as text, and `docs/bench.md`, which keeps the tables of cases that did not run this time. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { BenchTable } from './bench-case.ts'

/** Markdown of one table. */
export function renderTable(table: BenchTable): string {
  const { id, title, target, verdict, columns, rows, notes } = table
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    `### ${id}: ${title}`,
    '',
    `Target: ${target}. **${verdict}**`,
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(line),
    '',
    ...notes.map((note) => `${note}\n`),
  ].join('\n')
}

const mark = (id: string, end: '' | '/'): string => `<!-- ${end}bench ${id} -->`

/** Puts each table between its marks; a table without marks goes to the end. */
export function writeReport(path: string, tables: readonly BenchTable[]): void {
  let text = existsSync(path) ? readFileSync(path, 'utf8') : '# What the line costs\n'
  const day = new Date().toISOString().slice(0, 10)
  for (const table of tables) {
    const body = `${mark(table.id, '')}\n${renderTable(table)}\nMeasured on ${day}, Node ${process.versions.node}, 2 shared cores, no GPU.\n${mark(table.id, '/')}`
    const from = text.indexOf(mark(table.id, ''))
    const to = text.indexOf(mark(table.id, '/'))
    text =
      from >= 0 && to > from
        ? text.slice(0, from) + body + text.slice(to + mark(table.id, '/').length)
        : `${text.trimEnd()}\n\n${body}\n`
  }
  writeFileSync(path, text)
}
