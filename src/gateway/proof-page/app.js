/** @module The proof page: fetches or opens a proof, checks it on this device, shows what came of it. No text that is pasted ever leaves it. */
import { bundleText, readBundle } from '../../tee/verify/proof/bundle.ts'
import {
  CHECK_TITLES_EN,
  NOT_PROVEN_EN,
  SENTENCES_EN,
  STATES_EN,
  VOUCHERS_EN,
} from '../../tee/verify/proof/sentences-en.ts'
import { verifyProof } from '../../tee/verify/proof/verify-proof.ts'
import { decodeProofLink, viewCredential } from '../../tee/verify/proof-link.ts'
import { browserHashes, canCheck, checkSignaturesByWebCrypto } from './browser-crypto.ts'
import { el } from './dom.js'
import { pictureOf } from './picture.js'
import { readSeen, rememberSeen } from './seen.js'
import {
  CHECK_TITLES_RU,
  NOT_PROVEN_RU,
  SENTENCES_RU,
  STATES_RU,
  VOUCHERS_RU,
} from './sentences-ru.ts'
import { WORDS_EN, WORDS_RU } from './words.ts'

const languages = {
  en: {
    words: WORDS_EN,
    titles: CHECK_TITLES_EN,
    sentences: SENTENCES_EN,
    states: STATES_EN,
    vouchers: VOUCHERS_EN,
    limits: NOT_PROVEN_EN,
  },
  ru: {
    words: WORDS_RU,
    titles: CHECK_TITLES_RU,
    sentences: SENTENCES_RU,
    states: STATES_RU,
    vouchers: VOUCHERS_RU,
    limits: NOT_PROVEN_RU,
  },
}
const marks = { proven: '✓', asserted: '◐', 'not-checked': '○', refuted: '✗' }
const order = ['refuted', 'proven', 'asserted', 'not-checked']

const page = {
  language: navigator.language.startsWith('ru') ? 'ru' : 'en',
  bundle: undefined,
  report: undefined,
  trouble: undefined,
  text: '',
  files: undefined,
}

const say = () => languages[page.language]
const main = document.querySelector('#main')

/** From the fragment, which no server sees; from the query where Telegram put it, and then it is taken out of sight. */
function launchLink() {
  const hash = location.hash.slice(1)
  const query = new URLSearchParams(location.search)
  const given = query.get('tgWebAppStartParam') ?? query.get('p')
  if (given !== null) history.replaceState(null, '', location.pathname)
  const inHash = hash.split('&')[0] ?? ''
  return (
    given ??
    (inHash.startsWith('1') ? inHash : new URLSearchParams(hash).get('tgWebAppStartParam')) ??
    ''
  )
}

async function openLink(text) {
  page.bundle = undefined
  page.report = undefined
  page.trouble = undefined
  page.text = ''
  const link = decodeProofLink(text)
  if (!link) return fail(text === '' ? undefined : 'link')
  render('loading')
  const answer = await receive(link)
  if (typeof answer === 'string') return fail(answer)
  const bundle = readBundle(answer)
  if (!bundle) return fail('file')
  return show({ ...bundle, salts: { input: link.input, output: link.output } })
}

async function receive(link) {
  try {
    const response = await fetch(`/v1/receipts/${link.job}?bundle=1`, {
      headers: { authorization: `Bearer ${viewCredential(link.output, browserHashes)}` },
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    })
    if (response.ok) return await response.json()
    return response.headers.has('retry-after') ? 'running' : 'unknown'
  } catch {
    return 'network'
  }
}

async function openFile(file) {
  page.text = ''
  if (file.size > 2_000_000) return fail('file')
  let bundle
  try {
    bundle = readBundle(JSON.parse(await file.text()))
  } catch {
    bundle = undefined
  }
  return bundle ? show(bundle) : fail('file')
}

async function show(bundle) {
  page.bundle = bundle
  page.trouble = undefined
  if (!(await canCheck())) return fail('browser')
  await check()
  if (page.report?.policy && page.report.counts.refuted === 0) rememberSeen(page.report.policy)
  render()
  return undefined
}

async function check() {
  const net = page.bundle?.receipt?.event_log?.find?.((it) => it?.type === 'chrysalis.work')?.net
  page.report = await verifyProof(page.bundle, {
    hashes: browserHashes,
    checkSignatures: checkSignaturesByWebCrypto,
    seen: readSeen(net),
    ...(page.text.trim() !== '' && { text: page.text }),
  })
}

function fail(kind) {
  page.trouble = kind
  page.report = undefined
  render()
}

function render(state) {
  const { words } = say()
  document.documentElement.lang = page.language
  document.title = words.title
  renderLanguages()
  const parts = []
  if (state === 'loading') parts.push(el('p', { class: 'soft' }, words.loading))
  else if (page.report) parts.push(...reportParts())
  else parts.push(el('h1', {}, words.title))
  if (page.trouble)
    parts.push(
      el('div', { class: 'trouble', role: 'alert' }, el('p', {}, words.trouble[page.trouble])),
    )
  if (state !== 'loading') parts.push(openPart())
  main.replaceChildren(...parts)
  renderOrigin()
  document.documentElement.dataset.ready = state === 'loading' ? 'false' : 'true'
}

function renderLanguages() {
  document.querySelector('#languages').replaceChildren(
    ...Object.entries(languages).map(([code, { words }]) =>
      el(
        'button',
        {
          type: 'button',
          lang: code,
          'aria-label': words.name,
          'aria-pressed': String(code === page.language),
          onclick: () => {
            page.language = code
            render()
          },
        },
        code.toUpperCase(),
      ),
    ),
  )
}

function reportParts() {
  const { report } = page
  const { words, limits, sentences } = say()
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
    factsPart(report.facts),
    pastePart(),
    el('h2', {}, words.picture),
    el('figure', {}, pictureOf(report, words, marks)),
    el('h2', { id: 'checks' }, words.checks),
    el('ol', { class: 'checks' }, ...report.checks.map(checkPart)),
    el('h2', { id: 'limits' }, words.limits),
    el('ul', { class: 'limits' }, ...report.notProven.map((it) => el('li', {}, limits[it]))),
    el(
      'div',
      { class: 'row' },
      el('button', { type: 'button', id: 'save', onclick: save }, words.save),
    ),
  ]
}

function factsPart(facts) {
  if (!facts) return el('p')
  const { words } = say()
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
      new Date(facts.servedAt * 1000).toLocaleString(
        page.language === 'en' ? 'en-GB' : page.language,
      ),
    ],
    [words.facts.worker, facts.worker.slice(0, 12)],
  ]
  return el(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
  )
}

function pastePart() {
  const { words, sentences, states } = say()
  const text = page.report.checks.find((it) => it.name === 'text')
  const area = el('textarea', {
    id: 'answer',
    rows: '5',
    'aria-label': words.paste.label,
    spellcheck: 'false',
    autocomplete: 'off',
  })
  area.value = page.text
  const compare = async () => {
    page.text = area.value
    await check()
    render()
    document.querySelector('#answer')?.focus()
  }
  const isAsked = page.text.trim() !== ''
  return el(
    'section',
    { 'aria-labelledby': 'paste' },
    el('h2', { id: 'paste' }, words.paste.title),
    el('p', { class: 'soft' }, words.paste.hint),
    area,
    el(
      'div',
      { class: 'row' },
      el('button', { type: 'button', id: 'compare', onclick: compare }, words.paste.compare),
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

function checkPart(check) {
  const { words, titles, sentences, states, vouchers } = say()
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

function openPart() {
  const { words } = say()
  const input = el('input', {
    type: 'file',
    class: 'hidden',
    id: 'file',
    accept: '.json,application/json',
    tabindex: '-1',
    'aria-hidden': 'true',
  })
  input.addEventListener('change', () => {
    const [file] = input.files ?? []
    if (file) void openFile(file)
  })
  const link = el('input', {
    type: 'text',
    id: 'link',
    'aria-label': words.open.link,
    placeholder: words.open.link,
    autocomplete: 'off',
  })
  const part = el(
    'section',
    { class: 'drop' },
    el('h2', {}, words.open.title),
    el('p', { class: 'soft' }, words.open.hint),
    input,
    el(
      'div',
      { class: 'row' },
      el('button', { type: 'button', onclick: () => input.click() }, words.open.choose),
      link,
      el(
        'button',
        { type: 'button', onclick: () => void openLink(linkIn(link.value)) },
        words.open.go,
      ),
    ),
  )
  part.addEventListener('dragover', (event) => {
    event.preventDefault()
    part.classList.add('over')
  })
  part.addEventListener('dragleave', () => part.classList.remove('over'))
  part.addEventListener('drop', (event) => {
    event.preventDefault()
    const [file] = event.dataTransfer?.files ?? []
    if (file) void openFile(file)
  })
  return part
}

/** The secret part of a pasted address. */
const linkIn = (text) => /1[\w-]{108}$/.exec(text.trim())?.[0] ?? text.trim()

function save() {
  const file = new Blob([bundleText(page.bundle)], { type: 'application/json' })
  const url = URL.createObjectURL(file)
  el('a', {
    href: url,
    download: `proof-${String(page.report?.facts?.job ?? '').slice(0, 8)}.json`,
  }).click()
  URL.revokeObjectURL(url)
}

function renderOrigin() {
  const { words } = say()
  document
    .querySelector('#origin')
    .replaceChildren(
      el('p', {}, words.origin.served(location.host)),
      ...(page.files ? [el('p', {}, `${words.origin.hash} `, el('code', {}, page.files))] : []),
      el('p', {}, words.origin.compare),
    )
}

async function askOrigin() {
  try {
    const listing = await (await fetch('/proof/files.json', { credentials: 'omit' })).json()
    page.files = /^[0-9a-f]{64}$/.test(listing.sha256) ? listing.sha256 : undefined
    renderOrigin()
  } catch {
    page.files = undefined
  }
}

window.addEventListener('hashchange', () => void openLink(launchLink()))
await openLink(launchLink())
await askOrigin()
