// Behind the scenes: the Bot API calls and updates as they happen, faults on order, and the clock.
import { get, post } from './api.js'
import { fill, h, iconButton, toast } from './dom.js'
import { state } from './state.js'

const most = 400
let box
let filter = ''

export function drawScenes(element, { close }) {
  box = element
  const list = h('ol', { class: 'trace', 'aria-label': 'Calls and updates' })
  const search = h('input', {
    type: 'search',
    placeholder: 'Filter by name',
    'aria-label': 'Filter by name',
    value: filter,
  })
  search.addEventListener('input', () => {
    filter = search.value.toLowerCase()
    drawTrace()
  })
  fill(
    element,
    h(
      'header',
      { class: 'scenes-head' },
      h('h2', {}, 'Behind the scenes'),
      iconButton('close', 'Close', close),
    ),
    h(
      'p',
      { class: 'hint' },
      'What the bot asks and what it is told, through the Bot API of this simulator.',
    ),
    tools(),
    h(
      'div',
      { class: 'scenes-filter' },
      search,
      h('button', { type: 'button', onclick: () => (state.calls.splice(0), drawTrace()) }, 'Clear'),
    ),
    list,
  )
  drawTrace()
}

const faults = [
  { label: 'No fault', body: undefined },
  {
    label: 'Next send: 429, wait 3 s',
    body: { method: 'sendRichMessage', error_code: 429, retry_after: 3 },
  },
  { label: 'Next send: answer lost', body: { method: 'sendRichMessage', kind: 'close-after' } },
  {
    label: 'Next send: done, but 502',
    body: { method: 'sendRichMessage', kind: 'error-after', error_code: 502 },
  },
  {
    label: 'Next send: 502 page',
    body: { method: 'sendRichMessage', kind: 'html', error_code: 502 },
  },
  {
    label: 'Next 3 drafts: 429',
    body: { method: 'sendRichMessageDraft', error_code: 429, retry_after: 2, times: 3 },
  },
  { label: 'Next download: cut off', body: { method: 'file', kind: 'truncate-file' } },
  { label: 'Next update twice', body: { method: 'getUpdates', kind: 'duplicate-update' } },
]

function tools() {
  const choice = h(
    'select',
    { 'aria-label': 'A fault for the bot to meet' },
    faults.map((it, at) => h('option', { value: at }, it.label)),
  )
  choice.addEventListener('change', async () => {
    const { body, label } = faults[Number(choice.value)]
    choice.value = '0'
    if (body === undefined) return
    await post('faults', body)
    toast(`On order: ${label}`)
  })
  const advance = (ms, label) =>
    h(
      'button',
      {
        type: 'button',
        onclick: async () => (
          await post('clock', { advance_ms: ms }), toast(`The chat's clock went ${label} on`)
        ),
      },
      `+${label}`,
    )
  return h(
    'div',
    { class: 'scene-tools' },
    choice,
    h(
      'div',
      { class: 'clock', role: 'group', 'aria-label': 'Clock' },
      h('span', {}, 'Clock'),
      advance(15_000, '15 s'),
      advance(60_000, '1 min'),
      advance(3_600_000, '1 h'),
      advance(86_400_000, '1 day'),
    ),
  )
}

export async function loadCalls() {
  const calls = await get('calls')
  state.calls = calls
    .filter((it) => it.method.toLowerCase() !== 'getupdates')
    .slice(-most)
    .map((call) => ({ kind: 'call', at: call.at, name: call.method, ok: call.ok, data: call }))
}

export function traceCall(call) {
  push({ kind: 'call', at: call.at, name: call.method, ok: call.ok, data: call })
}

export function traceUpdate({ update, at }) {
  push({
    kind: 'update',
    at,
    name: Object.keys(update).find((it) => it !== 'update_id'),
    ok: true,
    data: update,
  })
}

function push(line) {
  state.calls.push(line)
  if (state.calls.length > most) state.calls.shift()
  const list = box?.querySelector('.trace')
  if (list === null || list === undefined || box.hidden || !fits(line)) return
  list.querySelector('.quiet')?.remove()
  list.prepend(traceLine(line))
  if (list.children.length > most) list.lastElementChild.remove()
}

const fits = (line) => line.name.toLowerCase().includes(filter)

function drawTrace() {
  const list = box?.querySelector('.trace')
  if (!list) return
  const lines = state.calls.filter(fits).reverse()
  fill(
    list,
    lines.length === 0
      ? h('li', { class: 'quiet' }, 'Nothing yet. Write to the bot.')
      : lines.map(traceLine),
  )
}

function traceLine(line) {
  const time = new Date(line.at).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const body = h('pre', { tabindex: 0 })
  const details = h(
    'details',
    {},
    h(
      'summary',
      {},
      h(
        'span',
        {
          class: `way ${line.kind}`,
          title: line.kind === 'call' ? 'the bot calls' : 'the bot is told',
        },
        line.kind === 'call' ? '→' : '←',
      ),
      h('span', { class: 'trace-name' }, line.name),
      !line.ok && h('span', { class: 'code' }, line.data.error_code),
      h('time', {}, time),
    ),
    body,
  )
  details.addEventListener('toggle', () => {
    if (details.open && body.textContent === '')
      body.textContent = JSON.stringify(short(line), null, 1)
  })
  return h('li', { class: line.ok ? '' : 'bad' }, details)
}

function short({ kind, data }) {
  if (kind === 'update') return data
  const { params, files, result, error_code: code, description } = data
  return {
    params,
    ...(files.length > 0 && { files }),
    ...(data.ok ? { result } : { error_code: code, description }),
  }
}
