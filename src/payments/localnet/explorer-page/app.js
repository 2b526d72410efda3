/** @module The page: looks at the network every second and draws what changed. `#0:…` shows one account. */
import { el, short, when } from './dom.js'

const everyMs = 1000
/** Where coins come from that nobody had: an account without a key. */
const faucet = `0:${'0'.repeat(64)}`
const main = document.getElementById('main')
const head = document.getElementById('head')
const trouble = document.getElementById('trouble')
/** What is drawn now, so that an unchanged page keeps its focus and selection. */
let drawn = ''
let isLooking = false

const asked = () => decodeURIComponent(location.hash.slice(1))

async function look() {
  if (isLooking) return
  isLooking = true
  const account = asked()
  try {
    const path =
      account === '' ? 'state.json' : `account.json?address=${encodeURIComponent(account)}`
    const response = await fetch(`/explorer/${path}`)
    const text = response.status === 404 ? '' : await response.text()
    if (!response.ok && response.status !== 404) throw new Error('no answer')
    trouble.hidden = true
    if (account === asked()) draw(account, text)
  } catch {
    trouble.hidden = false
  } finally {
    isLooking = false
    document.documentElement.dataset.ready = 'true'
  }
}

function draw(account, text) {
  const state = text === '' ? undefined : JSON.parse(text)
  if (state?.block !== undefined)
    head.textContent = `Block ${state.block} · ${when(state.at)}${state.waiting > 0 ? ` · ${state.waiting} on their way` : ''}`
  // Blocks without anything in them change the head alone.
  const shown = JSON.stringify({ account, ...state, block: 0, at: 0, waiting: 0 })
  if (shown === drawn) return
  drawn = shown
  if (!state) main.replaceChildren(el('p', {}, 'There is no such address.'), back())
  else if (account === '') main.replaceChildren(...overview(state))
  else main.replaceChildren(...accountPage(state))
}

function overview({ contracts, transactions, accounts, moreAccounts }) {
  return [
    contracts.length === 0
      ? el('p', { class: 'soft' }, 'No vault and no registry yet: they come with the first start.')
      : el('div', { class: 'cards', id: 'contracts' }, ...contracts.map(contractCard)),
    el('h2', {}, 'Newest transactions'),
    list('transactions', transactions.map(transaction), 'None yet.'),
    el('h2', {}, 'Accounts'),
    list('accounts', accounts.map(accountRow), 'None yet.'),
    moreAccounts > 0 ? el('p', { class: 'soft' }, `and ${moreAccounts} more`) : '',
  ]
}

function contractCard(contract) {
  return el(
    'section',
    { class: 'card', 'data-kind': contract.kind },
    el(
      'div',
      { class: 'row' },
      el('h2', {}, contract.kind === 'vault' ? 'Payout vault' : 'Registry'),
      link(contract.address),
    ),
    el('p', { class: 'big' }, contract.balance),
    ...contents(contract),
  )
}

function contents({ facts, tables }) {
  return [
    facts.length === 0 ? '' : el('dl', { class: 'facts' }, ...facts.flatMap(fact)),
    ...tables.filter(({ rows }) => rows.length > 0).map(table),
  ]
}

const fact = ([name, value]) => [
  el('dt', {}, name),
  el('dd', {}, value.startsWith('0:') ? link(value) : value),
]

function table({ name, rows, more }) {
  return el(
    'details',
    name === 'Last batches' ? { open: '' } : {},
    el('summary', {}, `${name} (${rows.length + more})`),
    el(
      'ul',
      { class: 'rows small' },
      ...rows.map(([key, value]) =>
        el(
          'li',
          { class: 'row' },
          key.startsWith('0:') ? link(key) : el('span', {}, key),
          el('span', { class: 'value' }, value),
        ),
      ),
      more > 0 ? el('li', { class: 'soft' }, `and ${more} more`) : '',
    ),
  )
}

function transaction(tx) {
  const outcome = { ok: '✓', credited: `✓ received, ${tx.why}`, failed: `✗ ${tx.why ?? 'failed'}` }[
    tx.result
  ]
  return el(
    'li',
    { 'data-op': tx.in.op },
    el(
      'div',
      { class: 'row' },
      el('span', { class: 'op' }, tx.in.op),
      tx.in.comment === undefined ? '' : el('span', { class: 'soft' }, `“${tx.in.comment}”`),
      el('span', { class: 'soft' }, tx.in.peer === undefined ? 'to' : 'from'),
      tx.in.peer === undefined ? '' : link(tx.in.peer),
      tx.in.peer === undefined ? '' : el('span', { class: 'soft' }, 'to'),
      link(tx.account),
      el('span', { class: tx.result === 'failed' ? 'bad' : 'good' }, outcome),
      el('span', { class: 'value' }, tx.in.value ?? ''),
    ),
    ...tx.out.map(outgoing),
    tx.more > 0 ? el('div', { class: 'out' }, `→ and ${counted(tx.more, 'more message')}`) : '',
    el('div', { class: 'soft small' }, `${when(tx.at)} · block ${tx.block} · fees ${tx.fees}`),
  )
}

function outgoing({ op, peer, value }) {
  return el(
    'div',
    { class: 'out' },
    el('span', {}, `→ ${op}`),
    peer === undefined ? '' : link(peer),
    el('span', {}, value ?? ''),
  )
}

function accountRow({ address, kind, balance, transactions, state }) {
  return el(
    'li',
    { class: 'row' },
    link(address),
    el('span', { class: 'tag' }, kind),
    el('span', { class: 'soft small' }, `${counted(transactions, 'transaction')} · ${state}`),
    el('span', { class: 'value' }, balance),
  )
}

function accountPage(account) {
  const facts = [
    ['Address', el('span', { class: 'mono' }, account.address)],
    ['For wallets', el('span', { class: 'mono' }, account.friendly)],
    ['Kind', account.kind],
    ['State', account.state],
    ['Transactions', String(account.transactions)],
  ]
  return [
    back(),
    el(
      'h1',
      {},
      `${account.kind === 'account' ? 'Account' : account.kind} ${short(account.address)}`,
    ),
    el('p', { class: 'big' }, account.balance),
    el(
      'dl',
      { class: 'facts' },
      ...facts.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
    ),
    ...contents(account),
    el('h2', {}, 'Transactions'),
    list('transactions', account.history.map(transaction), 'None yet.'),
  ]
}

const list = (id, items, none) =>
  items.length === 0 ? el('p', { class: 'soft' }, none) : el('ul', { class: 'rows', id }, ...items)
const link = (address) =>
  address === faucet
    ? el('span', {}, 'the faucet')
    : el('a', { href: `#${address}`, class: 'mono', title: address }, short(address))
const counted = (count, thing) => `${count} ${thing}${count === 1 ? '' : 's'}`
const back = () => el('p', {}, el('a', { href: '#' }, '← Overview'))

addEventListener('hashchange', () => {
  scrollTo(0, 0)
  look()
})
setInterval(look, everyMs)
look()
