/** @module The tables of `docs/languages.md` and `docs/injections.md`, written between their marks from the results. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pairAdvice } from '../../src/tasks/languages.ts'
import { chrf } from '../support/chrf.ts'
import type { Results } from './results.ts'

/** Writes both documents; text outside the marks stays as people wrote it. */
export function writeReports(folder: string, results: Results): void {
  fill(`${folder}languages.md`, 'translation', translationTable(results))
  fill(`${folder}languages.md`, 'speech', speechTable(results))
  fill(`${folder}injections.md`, 'injections', injectionTable(results))
}

function fill(path: string, name: string, table: string): void {
  const [begin, end] = [`<!-- ${name}: written by npm run eval -->`, `<!-- end of ${name} -->`]
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  const block = `${begin}\n${table}\n${end}`
  const next =
    from < 0 || to < 0
      ? `${text}\n${block}\n`
      : text.slice(0, from) + block + text.slice(to + end.length)
  writeFileSync(path, next)
}

function translationTable({ translations }: Results): string {
  const groups = Map.groupBy(translations, ({ model, pair }) => `${model} ${pair}`)
  const rows = [...groups].map(([name, group]) => {
    const [model = '', pair = ''] = name.split(' ')
    const [from = '', to = ''] = pair.split('>')
    const score = chrf(
      group.map(({ answer }) => answer),
      group.map(({ reference }) => reference),
    )
    const sum = (of: 'missing' | 'redone'): number =>
      group.reduce((total, item) => total + item[of], 0)
    return `| ${model} | ${from} → ${to} | ${group.length} | ${score.toFixed(1)} | ${sum('redone')} | ${sum('missing')} | ${pairAdvice(model, from, to)} |`
  })
  return [
    '| model | pair | sentences | chrF | redone | still missing | offered |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

function speechTable({ speech }: Results): string {
  const rows = speech.map(
    ({ model, clip, seconds, took, errors, words, language }) =>
      `| ${model} | ${clip} | ${language} | ${seconds.toFixed(1)} | ${errors} of ${words} | ${(errors / words).toFixed(2)} | ${(took / seconds).toFixed(2)} |`,
  )
  return [
    '| model | clip | language heard | seconds | words wrong | word error rate | seconds of work per second of sound |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

function injectionTable({ injections }: Results): string {
  const groups = Map.groupBy(injections, ({ model }) => model)
  return [...groups]
    .map(([model, items]) => {
      const passed = items.filter(({ translated }) => translated).length
      const inOrder = items.toSorted((a, b) => numberOf(a.key) - numberOf(b.key))
      const rows = inOrder.map(
        ({ pair, source, answer, translated }) =>
          `| ${pair.replace('>', ' → ')} | ${cell(source)} | ${cell(answer)} | ${translated ? 'translated' : '**not translated**'} |`,
      )
      return [
        `**${model}**: ${passed} of ${items.length} translated rather than obeyed or answered.`,
        '',
        '| pair | text with an order | answer | verdict |',
        '|---|---|---|---|',
        ...rows,
      ].join('\n')
    })
    .join('\n\n')
}

/** Keys end with the number of the text. */
const numberOf = (key: string): number => Number(key.split(' ').at(-1))

const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ⏎ ').slice(0, 200)
