import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { groupAdminCommands, privateCommands } from '../../../src/bot/telegram/commands.ts'
import { type Texts, textsOf, uiLanguages } from '../../../src/bot/texts/texts.ts'
import { ERRORS } from '../../../src/core/errors.ts'

type Rendered = readonly [path: string, text: string]

/** Every text of a language, functions called with samples. */
function render(node: unknown, path: string): Rendered[] {
  if (typeof node === 'string') return [[path, node]]
  if (typeof node === 'function')
    return [0, 1, 2, 5, 11, 21, 1234].map((count) => [`${path}(${count})`, call(node, count)])
  return Object.entries(node as object).flatMap(([key, value]) =>
    render(value, path === '' ? key : `${path}.${key}`),
  )
}

/** Numbers first; entries that want a list get one. */
function call(text: Function, count: number): string {
  const args = (value: unknown): unknown[] => Array.from({ length: text.length }, () => value)
  try {
    return String(text(...args(count)))
  } catch {
    return String(text(...args(['a', 'b'])))
  }
}

const tooLong = (rendered: readonly Rendered[], prefix: string, max: number): Rendered[] =>
  rendered.filter(([path, text]) => path.startsWith(prefix) && text.length > max)

describe.each(uiLanguages)('texts in %s', (ui) => {
  const texts: Texts = textsOf(ui)
  const rendered = render(texts, '')

  test('nothing is empty or undefined, and placeholders are filled', () => {
    const bad = rendered.filter(
      ([, text]) => text.trim() === '' || /undefined|NaN|\[object|\bnull\b|#(?=\s)/.test(text),
    )

    expect(bad).toEqual([])
  })

  test('buttons, alerts and command descriptions fit', () => {
    expect(tooLong(rendered, 'buttons.', 40)).toEqual([])
    expect(tooLong(rendered, 'settings.saved', 200)).toEqual([])
    expect(tooLong(rendered, 'settings.never', 200)).toEqual([])
    expect(tooLong(rendered, 'say.too-old', 200)).toEqual([])
    for (const name of [...privateCommands, ...groupAdminCommands]) {
      expect(texts.commands[name].length).toBeGreaterThan(2)
      expect(texts.commands[name].length).toBeLessThanOrEqual(256)
    }
    expect(tooLong(rendered, 'money.buttons.', 40)).toEqual([])
    // Telegram's own limits of an invoice and of an alert.
    expect(tooLong(rendered, 'money.buy.title', 32)).toEqual([])
    expect(tooLong(rendered, 'money.plan.title', 32)).toEqual([])
    expect(tooLong(rendered, 'money.buy.description', 255)).toEqual([])
    expect(tooLong(rendered, 'money.plan.description', 255)).toEqual([])
    expect(tooLong(rendered, 'money.buy.closed', 200)).toEqual([])
    expect(tooLong(rendered, 'money.refund.unknown', 200)).toEqual([])
    expect(texts.bio.short.length).toBeLessThanOrEqual(120)
    expect(texts.bio.long.length).toBeLessThanOrEqual(512)
  })

  test('every error code has a sentence', () => {
    for (const { say } of Object.values(ERRORS)) expect(texts.say[say].length).toBeGreaterThan(10)
  })
})

/** Paths of all texts, functions named as such. */
function pathsOf(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return [`${path}:${typeof node}`]
  return Object.entries(node).flatMap(([key, value]) => pathsOf(value, `${path}/${key}`))
}

/** A copy without the text at `path`. */
function without(node: unknown, path: readonly string[]): unknown {
  const [first, ...rest] = path
  if (typeof node !== 'object' || node === null) return node
  const kept = Object.entries(node).filter(([key]) => rest.length > 0 || key !== first)
  return Object.fromEntries(kept.map(([key, it]) => [key, key === first ? without(it, rest) : it]))
}

test('both languages have the same texts of the same kinds, and each one that is taken out of the Russian ones is missed', () => {
  const english = pathsOf(textsOf('en')).toSorted()
  const russian = pathsOf(textsOf('ru')).toSorted()

  expect(russian).toEqual(english)
  for (const path of russian) {
    const names = path.replace(/:\w+$/, '').split('/').slice(1)
    expect(pathsOf(without(textsOf('ru'), names))).not.toContain(path)
  }
  expect(russian.length).toBeGreaterThan(200)
})

test('texts that lack one do not compile', () => {
  const { forget, ...rest } = textsOf('ru')
  const { word, ...words } = forget

  // @ts-expect-error the texts about deleting are missing
  const broken: Texts = rest
  // @ts-expect-error one of them is missing
  const lacking: Texts = { ...rest, forget: words }

  expect([broken, lacking].map((it) => it.forget?.word)).toEqual([undefined, undefined])
  expect(word).toBe('УДАЛИТЬ')
})

test.each(uiLanguages)(
  'in %s nothing is offered for a coin: inside Telegram Stars are the only money',
  (ui) => {
    // What GPU owners are paid in is no offer to pay with.
    const offers = render(textsOf(ui), '').filter(
      ([path, text]) =>
        !path.startsWith('gpu.') && /\b(TON|toncoin|gram|coins?)\b|crypto|крипто/i.test(text),
    )

    expect(offers).toEqual([])
  },
)

test('numbers take their grammatical form', () => {
  const russian = textsOf('ru')

  expect([1, 2, 5, 21].map(russian.footer.tokens)).toEqual([
    '1 токен',
    '2 токена',
    '5 токенов',
    '21 токен',
  ])
  expect(textsOf('en').footer.tokens(1)).toBe('1 token')
})

/** Words for people in code: a quoted text with a blank between letters, or with Cyrillic. */
function literalsOf(code: string): string[] {
  const withoutComments = code.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')
  const quoted = withoutComments.match(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g) ?? []
  return quoted.filter((it) => /[a-z]{2,} [a-z]{2,}|[а-яё]{2,}/iu.test(it))
}

test('no feature, reply or dialogue has words of its own', () => {
  const root = join(import.meta.dirname, '../../../src/bot')
  const folders = ['features', 'replies', 'dialogues']
  const found: string[] = []
  for (const folder of folders)
    for (const name of readdirSync(join(root, folder)))
      for (const literal of literalsOf(readFileSync(join(root, folder, name), 'utf8')))
        if (!/^'no message'$/.test(literal)) found.push(`${folder}/${name}: ${literal}`)

  expect(found).toEqual([])
})

test('the check for literals finds one', () => {
  expect(literalsOf("await ctx.reply('Hello my friend')")).toEqual(["'Hello my friend'"])
  expect(literalsOf("say('Привет')")).toEqual(["'Привет'"])
})
