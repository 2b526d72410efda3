/** @module The wallet page: one question, one signature, one answer. The ticket of the link never leaves this page but to its own server. */
import { el } from '../proof-page/dom.js'
import { proveWithTestWallet } from './test-wallet.js'
import { AppRefused, proveWithWalletApp } from './wallet-app.js'
import { WORDS } from './words.js'

const page = {
  language: navigator.language.startsWith('ru') ? 'ru' : 'en',
  ticket: takeTicket(),
  offer: undefined,
  apps: [],
  /** A wallet app that was asked: `{ wallet, link, cancel }`. */
  asked: undefined,
  isCopied: false,
  outcome: undefined,
  trouble: undefined,
  isBusy: false,
}

const main = document.querySelector('#main')
const say = () => WORDS[page.language]

/** From the fragment, which no server sees; then it is taken out of sight. */
function takeTicket() {
  const found = /^#([A-Za-z0-9_-]{43})$/.exec(location.hash)?.[1]
  if (found !== undefined) history.replaceState(null, '', location.pathname)
  return found
}

class Refused extends Error {
  constructor(code) {
    super(code)
    this.code = code
  }
}

async function post(step, body) {
  const response = await fetch(`/v1/wallet/${step}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (!response.ok) throw new Refused(answer.error.code)
  return answer
}

function sentenceOf(error) {
  const words = say()
  if (error instanceof Refused || error instanceof AppRefused)
    return error.code === 'wallet.proof.network'
      ? (words.networks[page.offer?.network] ?? words.networks.other)
      : (words.codes[error.code] ?? words.refused(error.code))
  return error.name === 'NotSupportedError' ? words.noKeys : words.offline
}

/** Every try takes a fresh nonce: one is good once. */
async function link(prove) {
  page.isBusy = true
  page.trouble = undefined
  show()
  try {
    const offer = await post('offer', { ticket: page.ticket })
    page.outcome = await post('link', { ticket: page.ticket, wallet: await prove(offer, post) })
  } catch (error) {
    if (error.code !== 'wallet.app.cancelled') page.trouble = error
  }
  page.isBusy = false
  page.asked = undefined
  show()
}

function linkApp(wallet) {
  const cancel = new AbortController()
  page.isCopied = false
  return link((offer) => {
    const ask = (link) => {
      page.asked = { wallet, link, cancel: () => cancel.abort() }
      show()
    }
    ask('')
    return proveWithWalletApp({ offer, wallet, onLink: ask, signal: cancel.signal })
  })
}

async function open() {
  show()
  if (page.ticket === undefined) return
  try {
    page.offer = await post('offer', { ticket: page.ticket })
    if (page.offer.walletApps === 'ready')
      page.apps = await (await fetch('/wallet/wallets.json')).json()
  } catch (error) {
    page.trouble = error
  }
  show()
}

function show() {
  document.documentElement.lang = page.language
  const codes = Object.keys(WORDS)
  document.querySelector('#languages').replaceChildren(...codes.map(languageButton))
  main.replaceChildren(...content())
}

function languageButton(code) {
  const pressed = String(page.language === code)
  const choose = () => {
    page.language = code
    show()
  }
  return el('button', { type: 'button', 'aria-pressed': pressed, onclick: choose }, code)
}

function content() {
  const words = say()
  if (page.ticket === undefined) return [el('h1', {}, words.title), el('p', {}, words.noTicket)]
  if (page.outcome !== undefined) return outcome(page.outcome)
  const parts = [el('h1', {}, words.title), el('p', { class: 'soft' }, words.lead)]
  if (page.offer?.payout) parts.push(current(page.offer.payout))
  if (page.asked) parts.push(askedApp(page.asked))
  else if (page.offer) {
    if (page.offer.hasTestWallet) parts.push(testWallet())
    parts.push(walletApps(page.offer.walletApps))
  }
  if (page.trouble)
    parts.push(el('p', { class: 'trouble', role: 'alert' }, sentenceOf(page.trouble)))
  return [...parts, el('p', { class: 'soft' }, words.custodial)]
}

const current = (address) =>
  el(
    'section',
    { class: 'card' },
    el('p', { class: 'soft' }, say().now),
    el('p', { class: 'address', id: 'current' }, address),
    el('p', { class: 'soft' }, say().change),
  )

function testWallet() {
  const words = say()
  const start = () => link(proveWithTestWallet)
  const button = el(
    'button',
    { type: 'button', class: 'main', id: 'sign', onclick: start },
    page.isBusy ? words.signing : words.testButton,
  )
  button.disabled = page.isBusy
  return el(
    'section',
    { class: 'card' },
    el('h2', {}, words.testTitle),
    el('p', {}, words.testLead),
    button,
  )
}

function walletApps(state) {
  const words = say()
  const parts =
    state === 'ready'
      ? [
          el('p', {}, words.appsLead),
          ...page.apps.map(appButton),
          el('p', { class: 'soft' }, words.appsUntried),
        ]
      : [el('p', {}, words.apps[state])]
  return el('section', { class: 'card', id: 'apps' }, el('h2', {}, words.appsTitle), ...parts)
}

function appButton(wallet) {
  const start = () => linkApp(wallet)
  const button = el('button', { type: 'button', class: 'main app', onclick: start }, wallet.name)
  button.disabled = page.isBusy
  return button
}

function askedApp({ wallet, link, cancel }) {
  const words = say()
  const copy = async () => {
    await navigator.clipboard.writeText(link)
    page.isCopied = true
    show()
  }
  const target = { class: 'main', id: 'open', href: link, target: '_blank', rel: 'noreferrer' }
  const ways =
    link === ''
      ? []
      : [
          el('a', target, words.openApp(wallet.name)),
          el('p', { class: 'soft' }, words.otherDevice),
          el('p', { class: 'address link', id: 'link' }, link),
          el(
            'button',
            { type: 'button', id: 'copy', onclick: copy },
            page.isCopied ? words.copied : words.copy,
          ),
        ]
  return el(
    'section',
    { class: 'card' },
    el('h2', {}, wallet.name),
    ...ways,
    el('p', { role: 'status' }, words.waiting(wallet.name)),
    el('button', { type: 'button', id: 'cancel', onclick: cancel }, words.cancel),
  )
}

function outcome({ state, address }) {
  const words = say()
  const title = state === 'asked' ? words.askedTitle : words.linkedTitle
  return [
    el(
      'section',
      { class: 'done' },
      el('h1', {}, title),
      el('p', {}, words[state]),
      el('p', { class: 'card address', id: 'address' }, address),
      el('p', { class: 'soft' }, words.back),
    ),
  ]
}

await open()
