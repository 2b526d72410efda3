/** @module The proof page: fetches or opens a proof, checks it on this device, shows what came of it. No text that is pasted ever leaves it. */
import { bundleText, readBundle } from '../../tee/verify/proof/bundle.ts'
import { verifyProof } from '../../tee/verify/proof/verify-proof.ts'
import { decodeProofLink, viewCredential } from '../../tee/verify/proof-link.ts'
import { browserHashes, canCheck, checkSignaturesByWebCrypto } from './browser-crypto.ts'
import { el } from './dom.js'
import { languages } from './languages.js'
import { openPart } from './open-part.js'
import { hashOfFiles, renderOrigin } from './origin.js'
import { reportParts } from './report.js'
import { readSeen, rememberSeen } from './seen.js'

const page = {
  language: navigator.language.startsWith('ru') ? 'ru' : 'en',
  bundle: undefined,
  report: undefined,
  trouble: undefined,
  text: '',
  files: undefined,
}

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

async function compare(text) {
  page.text = text
  await check()
  render()
  document.querySelector('#answer')?.focus()
}

function fail(kind) {
  page.trouble = kind
  page.report = undefined
  render()
}

function render(state) {
  const { words } = languages[page.language]
  document.documentElement.lang = page.language
  document.title = words.title
  renderLanguages()
  const parts = []
  if (state === 'loading') parts.push(el('p', { class: 'soft' }, words.loading))
  else if (page.report) parts.push(...reportParts(page, { compare, save }))
  else parts.push(el('h1', {}, words.title))
  if (page.trouble)
    parts.push(
      el('div', { class: 'trouble', role: 'alert' }, el('p', {}, words.trouble[page.trouble])),
    )
  if (state !== 'loading') parts.push(openPart(words, { openFile, openLink }))
  main.replaceChildren(...parts)
  renderOrigin(words, page.files)
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

function save() {
  const file = new Blob([bundleText(page.bundle)], { type: 'application/json' })
  const url = URL.createObjectURL(file)
  el('a', {
    href: url,
    download: `proof-${String(page.report?.facts?.job ?? '').slice(0, 8)}.json`,
  }).click()
  URL.revokeObjectURL(url)
}

window.addEventListener('hashchange', () => void openLink(launchLink()))
await openLink(launchLink())
page.files = await hashOfFiles()
renderOrigin(languages[page.language].words, page.files)
