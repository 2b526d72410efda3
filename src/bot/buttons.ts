/** @module Callback data: typed builders that never exceed 64 bytes, and the one parser; data may be forged, so parsing decides nothing but the shape. */
import { isJobId, type JobId } from '../core/ids.ts'
import type { CopyKey } from './delivery/copies.ts'

/** What can be done with a sealed copy of a result. `menu`: choose a language first. */
type CopyAction = 'summarize' | 'translate' | 'menu' | 'txt' | 'srt'

type SettingKey = 'menu' | 'ui' | 'reads' | 'target' | 'summary' | 'copies' | 'never' | 'price'

/** `value` of a pack or a subscription: whole Stars; of one payment: 16 hex characters of its hash; of a ticket of the operator's: its number. */
type MoneyAct =
  | 'balance'
  | 'buy'
  | 'pack'
  | 'plan'
  | 'subscribe'
  | 'end-plan'
  | 'end-plan-yes'
  | 'refund'
  | 'refund-one'
  | 'csv'
  | 'ticket'
  | 'operator-refund'

/** Actions on "the source" take it from the message the pressed one replies to, so nothing needs to be stored. */
export type Press =
  | { readonly kind: 'details'; readonly job: JobId }
  | { readonly kind: 'cancel'; readonly job: JobId }
  /** `sure`: the person saw the advice about this pair. */
  | {
      readonly kind: 'translate'
      readonly to: string
      readonly from?: string
      readonly sure: boolean
    }
  | { readonly kind: 'to-menu'; readonly page: number }
  /** "Not this language": choose what the source is in. */
  | { readonly kind: 'from-menu'; readonly to: string; readonly page: number }
  | { readonly kind: 'summarize'; readonly to: string }
  | { readonly kind: 'transcribe'; readonly language?: string }
  | { readonly kind: 'never'; readonly language: string }
  | {
      readonly kind: 'copy'
      readonly action: CopyAction
      readonly id: string
      readonly key: string
      readonly language?: string
      readonly page?: number
    }
  /** Under an answer only its asker sees: show it to all, or send it to the private chat. */
  | { readonly kind: 'aside'; readonly action: 'show' | 'send'; readonly copy?: CopyKey }
  /** Sends a comment again of which nobody knows whether it is out. */
  | { readonly kind: 'comment'; readonly copy: CopyKey }
  /** The same press again, by a person who has seen its price. */
  | { readonly kind: 'priced'; readonly press: WorkPress }
  | { readonly kind: 'money'; readonly act: MoneyAct; readonly value?: string }
  | { readonly kind: 'setting'; readonly key: SettingKey; readonly value?: string }
  | { readonly kind: 'backlog'; readonly choice: 'process' | 'discard' }
  | { readonly kind: 'forget'; readonly choice: 'yes' | 'no' }

/** A press that submits a job. */
export type WorkPress = Extract<Press, { kind: 'translate' | 'summarize' | 'transcribe' | 'copy' }>

const copyActions = {
  summarize: 's',
  translate: 't',
  menu: 'm',
  txt: 'x',
  srt: 'r',
} as const satisfies Record<CopyAction, string>

const settingKeys = {
  menu: 'm',
  ui: 'u',
  reads: 'r',
  target: 't',
  summary: 's',
  copies: 'c',
  never: 'n',
  price: 'p',
} as const satisfies Record<SettingKey, string>

const moneyActs = {
  balance: 'b',
  buy: 'o',
  pack: 'k',
  plan: 'p',
  subscribe: 'u',
  'end-plan': 'e',
  'end-plan-yes': 'E',
  refund: 'r',
  'refund-one': 'R',
  csv: 'c',
  ticket: 't',
  'operator-refund': 'O',
} as const satisfies Record<MoneyAct, string>

/** Callback data of a press. Throws RangeError if it would not fit Telegram's 64 bytes. */
export function pressData(press: Press): string {
  const data = encode(press)
  if (Buffer.byteLength(data) > 64) throw new RangeError('callback data too long')
  return data
}

function encode(press: Press): string {
  switch (press.kind) {
    case 'details':
      return `i${press.job}`
    case 'cancel':
      return `x${press.job}`
    case 'translate':
      return `${press.sure ? 'T' : 't'}${press.to}${press.from ? `.${press.from}` : ''}`
    case 'to-menu':
      return `m${press.page}`
    case 'from-menu':
      return `n${press.to}${press.page}`
    case 'summarize':
      return `s${press.to}`
    case 'transcribe':
      return `v${press.language ?? ''}`
    case 'never':
      return `k${press.language}`
    case 'copy':
      return `f${copyActions[press.action]}${press.id}${press.key}${press.language ?? press.page ?? ''}`
    case 'aside':
      return `a${press.action === 'show' ? 'a' : 'p'}${press.copy?.id ?? ''}${press.copy?.key ?? ''}`
    case 'comment':
      return `g${press.copy.id}${press.copy.key}`
    case 'priced': {
      // Copies fill the 64 bytes already, so they change a letter instead of getting one more.
      const again = encode(press.press)
      return press.press.kind === 'copy' ? `F${again.slice(1)}` : `p${again}`
    }
    case 'money':
      return `y${moneyActs[press.act]}${press.value ?? ''}`
    case 'setting':
      return `c${settingKeys[press.key]}${press.value ?? ''}`
    case 'backlog':
      return press.choice === 'process' ? 'b1' : 'b0'
    case 'forget':
      return press.choice === 'yes' ? 'd1' : 'd0'
  }
}

const shapes: readonly (readonly [RegExp, (groups: Readonly<Record<string, string>>) => Press])[] =
  [
    [/^i(?<job>[0-9a-f]{32})$/, ({ job }) => ({ kind: 'details', job: jobOf(job) })],
    [/^x(?<job>[0-9a-f]{32})$/, ({ job }) => ({ kind: 'cancel', job: jobOf(job) })],
    [
      /^(?<sure>[tT])(?<to>[a-z]{2,3})(\.(?<from>[a-z]{2,3}))?$/,
      ({ sure, to = '', from }) => ({
        kind: 'translate',
        to,
        ...(from && { from }),
        sure: sure === 'T',
      }),
    ],
    [/^m(?<page>\d)$/, ({ page }) => ({ kind: 'to-menu', page: Number(page) })],
    [
      /^n(?<to>[a-z]{2,3})(?<page>\d)$/,
      ({ to = '', page }) => ({ kind: 'from-menu', to, page: Number(page) }),
    ],
    [/^s(?<to>[a-z]{2,3})$/, ({ to = '' }) => ({ kind: 'summarize', to })],
    [
      /^v(?<language>[a-z]{2,3})?$/,
      ({ language }) => ({ kind: 'transcribe', ...(language && { language }) }),
    ],
    [/^k(?<language>[a-z]{2,3})$/, ({ language = '' }) => ({ kind: 'never', language })],
    [
      /^f(?<action>[stmxr])(?<id>[\w-]{16})(?<key>[\w-]{43})((?<language>[a-z]{2,3})|(?<page>\d))?$/,
      ({ action, id = '', key = '', language, page }) => ({
        kind: 'copy',
        action: nameOf(copyActions, action, 'menu'),
        id,
        key,
        ...(language && { language }),
        ...(page && { page: Number(page) }),
      }),
    ],
    [
      /^a(?<action>[ap])((?<id>[\w-]{16})(?<key>[\w-]{43}))?$/,
      ({ action, id, key }) => ({
        kind: 'aside',
        action: action === 'a' ? 'show' : 'send',
        ...(id && key && { copy: { id, key } }),
      }),
    ],
    [
      /^g(?<id>[\w-]{16})(?<key>[\w-]{43})$/,
      ({ id = '', key = '' }) => ({ kind: 'comment', copy: { id, key } }),
    ],
    [
      /^c(?<key>[murtscnp])(?<value>[a-z0-9]{1,8})?$/,
      ({ key, value }) => ({
        kind: 'setting',
        key: nameOf(settingKeys, key, 'menu'),
        ...(value && { value }),
      }),
    ],
    [
      /^y(?<act>[bokpueErRctO])(?<value>[0-9a-f]{1,16})?$/,
      ({ act, value }) => ({
        kind: 'money',
        act: nameOf(moneyActs, act, 'balance'),
        ...(value && { value }),
      }),
    ],
    [
      /^b(?<choice>[01])$/,
      ({ choice }) => ({ kind: 'backlog', choice: choice === '1' ? 'process' : 'discard' }),
    ],
    [
      /^d(?<choice>[01])$/,
      ({ choice }) => ({ kind: 'forget', choice: choice === '1' ? 'yes' : 'no' }),
    ],
  ]

/** Data of buttons that an open dialogue reads itself. */
export const isDialogueData = (data: string): boolean => data.startsWith('q')

/** The press behind `data`, or undefined for data of another version or of no meaning. */
export function parsePress(data: string): Press | undefined {
  const again = data.startsWith('F') ? `f${data.slice(1)}` : /^p(.+)$/.exec(data)?.[1]
  if (again !== undefined) {
    const press = parseShape(again)
    return press && isWork(press) ? { kind: 'priced', press } : undefined
  }
  return parseShape(data)
}

const isWork = (press: Press): press is WorkPress =>
  press.kind === 'translate' ||
  press.kind === 'summarize' ||
  press.kind === 'transcribe' ||
  press.kind === 'copy'

function parseShape(data: string): Press | undefined {
  for (const [shape, make] of shapes) {
    const match = shape.exec(data)
    if (match) return make(match.groups ?? {})
  }
  return undefined
}

function jobOf(text = ''): JobId {
  if (!isJobId(text)) throw new TypeError('malformed id')
  return text
}

function nameOf<K extends string>(table: Readonly<Record<K, string>>, code = '', otherwise: K): K {
  for (const name in table) if (table[name] === code) return name
  return otherwise
}
