/** @module The wallet page: one question, one signature, one answer. The ticket of the link never leaves this page but to its own server. */
import { el } from '../proof-page/dom.js'
import { proveWithTestWallet } from './test-wallet.js'
import { WORDS } from './words.js'

const page = {
  language: navigator.language.startsWith('ru') ? 'ru' : 'en',
  ticket: takeTicket(),
  offer: undefined,
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

const sentenceOf = (error) =>
  error instanceof Refused
    ? (say().codes[error.code] ?? say().refused(error.code))
    : error.name === 'NotSupportedError'
      ? say().noKeys
      : say().offline

/** Every try takes a fresh nonce: one is good once. */
async function link(prove) {
  page.isBusy = true
  page.trouble = undefined
  show()
  try {
    const offer = await post('offer', { ticket: page.ticket })
    page.outcome = await post('link', { ticket: page.ticket, wallet: await prove(offer, post) })
  } catch (error) {
    page.trouble = error
  }
  page.isBusy = false
  show()
}

async function open() {
  show()
  if (page.ticket === undefined) return
  try {
    page.offer = await post('offer', { ticket: page.ticket })
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
  if (page.offer?.hasTestWallet) parts.push(testWallet())
  else if (page.offer) parts.push(realWallet())
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

const realWallet = () =>
  el('section', { class: 'card' }, el('h2', {}, say().realTitle), el('p', {}, say().realLead))

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
