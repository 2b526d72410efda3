/** @module A report as the proof page shows it: what was found, the facts, an answer to compare, the picture, each check. */
import { el } from './dom.js'
import { languages } from './languages.js'
import { pictureOf } from './picture.js'

const marks = { proven: '✓', asserted: '◐', 'not-checked': '○', refuted: '✗' }
const order = ['refuted', 'proven', 'asserted', 'not-checked']

/**
 * The report from its headline to what stays unproven. `shown`: report, language, and the text to compare; `act`: `compare`
 * with a text, `save`.
 */
export function reportParts(shown, act) {
  const { report } = shown
  const said = languages[shown.language]
  const { words, limits, sentences } = said
  const isRefuted = report.counts.refuted > 0
  const headline = order
    .filter((state) => report.counts[state] > 0)
    .map((state) => words.headline[state](report.counts[state]))
    .join(', ')
  const wrong = report.checks.filter((it) => it.state === 'refuted')
  return [
    ...(report.isSimulated ? [el('p', { class: 'banner', id: 'simulated' }, words.simulated)] : []),
    el(
      'h1',
      { id: 'headline', class: isRefuted ? 'is-refuted' : '' },
      `${isRefuted ? '✗ ' : ''}${headline}`,
    ),
    ...(isRefuted
      ? [
          el(
            'div',
            { class: 'trouble', role: 'alert' },
            el('p', { class: 'verdict' }, words.failed),
            ...wrong.map((it) => el('p', {}, `${String(it.number)}. ${sentences[it.says]}`)),
          ),
        ]
      : []),
    factsPart(report.facts, words, shown.language),
    pastePart(shown, act.compare),
    el('h2', {}, words.picture),
    el('figure', {}, pictureOf(report, words, marks)),
    el('h2', { id: 'checks' }, words.checks),
    el('ol', { class: 'checks' }, ...report.checks.map((it) => checkPart(it, said))),
    el('h2', { id: 'limits' }, words.limits),
    el('ul', { class: 'limits' }, ...report.notProven.map((it) => el('li', {}, limits[it]))),
    el(
      'div',
      { class: 'row' },
      el('button', { type: 'button', id: 'save', onclick: act.save }, words.save),
    ),
  ]
}

function factsPart(facts, words, language) {
  if (!facts) return el('p')
  const { units } = facts
  const rows = [
    [words.facts.model, facts.model],
    [words.facts.task, words.tasks[facts.task] ?? facts.task],
    [words.facts.tier, words.tiers[facts.tier] ?? '—'],
    [
      words.facts.units,
      units.audioMs > 0
        ? words.seconds(Math.round(units.audioMs / 1000))
        : words.tokens(units.inTokens, units.outTokens),
    ],
    [
      words.facts.time,
      new Date(facts.servedAt * 1000).toLocaleString(language === 'en' ? 'en-GB' : language),
    ],
    [words.facts.worker, facts.worker.slice(0, 12)],
  ]
  return el(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
  )
}

function pastePart(shown, compare) {
  const { words, sentences, states } = languages[shown.language]
  const text = shown.report.checks.find((it) => it.name === 'text')
  const area = el('textarea', {
    id: 'answer',
    rows: '5',
    'aria-label': words.paste.label,
    spellcheck: 'false',
    autocomplete: 'off',
  })
  area.value = shown.text
  const isAsked = shown.text.trim() !== ''
  return el(
    'section',
    { 'aria-labelledby': 'paste' },
    el('h2', { id: 'paste' }, words.paste.title),
    el('p', { class: 'soft' }, words.paste.hint),
    area,
    el(
      'div',
      { class: 'row' },
      el(
        'button',
        { type: 'button', id: 'compare', onclick: () => compare(area.value) },
        words.paste.compare,
      ),
    ),
    el(
      'p',
      { id: 'text-verdict', role: 'status', class: `verdict ${text.state}` },
      isAsked ? `${marks[text.state]} ${states[text.state]}: ${sentences[text.says]}` : '',
    ),
    ...text.values
      .filter(([name]) => name === 'not part of the answer')
      .map(([, rest]) => el('p', { class: 'soft' }, `${words.paste.rest} ${rest}`)),
  )
}

function checkPart(check, { words, titles, sentences, states, vouchers }) {
  return el(
    'li',
    {
      class: check.state === 'refuted' ? 'refuted-card' : '',
      'data-check': check.name,
      'data-state': check.state,
    },
    el(
      'details',
      check.state === 'refuted' ? { open: '' } : {},
      el(
        'summary',
        {},
        el(
          'span',
          { class: 'head' },
          el('span', { class: 'title' }, `${String(check.number)}. ${titles[check.name]}`),
          el(
            'span',
            { class: `state ${check.state}` },
            `${marks[check.state]} ${states[check.state]}`,
          ),
        ),
        el('p', { class: 'sentence' }, sentences[check.says]),
      ),
      el(
        'div',
        { class: 'more' },
        el(
          'dl',
          {},
          el('dt', {}, words.vouches),
          el('dd', {}, vouchers[check.by]),
          ...(check.codes.length > 0
            ? [el('dt', {}, words.codes), el('dd', {}, check.codes.join(' '))]
            : []),
          ...check.values.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
        ),
      ),
    ),
  )
}
