/** @module Settings: inline keyboards without state, edited in place. */
import type { Composer } from 'grammy'
import { formatStars } from '../../core/coin.ts'
import type { Press } from '../buttons.ts'
import type { Ctx, Services } from '../context.ts'
import { priceSteps, type Settings, summarySteps, toggleReads } from '../people/settings.ts'
import { type Keyboard, nameList } from '../replies/answer.ts'
import { button, languageKeyboard } from '../replies/keyboards.ts'
import { readable, targetsFor } from '../requests/offered.ts'
import { isUiLanguage, languageName, textsOf, uiLanguages } from '../texts/texts.ts'
import type { Reply } from './press-reply.ts'

type SettingPress = Extract<Press, { kind: 'setting' }>
type Deps = Pick<Services, 'users' | 'choice' | 'money'>

export function addSettings(composer: Composer<Ctx>, deps: Pick<Services, 'money'>): void {
  const only = composer.chatType('private')
  only.command('settings', async (ctx) => {
    const { text, keyboard } = mainMenu(deps, ctx)
    await ctx.reply(text, markupOf(keyboard))
  })
  only.command('language', async (ctx) => {
    const { text, keyboard } = uiMenu(ctx)
    await ctx.reply(text, markupOf(keyboard))
  })
}

interface Screen {
  readonly text: string
  readonly keyboard: Keyboard
}

const markupOf = (keyboard: Keyboard) => ({
  reply_markup: { inline_keyboard: keyboard.map((row) => [...row]) },
})

/** A press on a settings button: changes what it says, then shows the screen it belongs to. */
export async function pressSetting(deps: Deps, ctx: Ctx, press: SettingPress): Promise<Reply> {
  const changed = changeOf(ctx, press)
  if (changed && 'refused' in changed) return { text: changed.refused, isAlert: true }
  if (changed && ctx.from) {
    await deps.users.save(ctx.from.id, changed)
    ctx.settings = changed
    ctx.ui = changed.ui ?? ctx.ui
    ctx.texts = textsOf(ctx.ui)
  }
  const { text, keyboard } = screenOf(deps, ctx, press)
  await ctx.editMessageText(text, markupOf(keyboard))
  return changed ? { text: ctx.texts.settings.saved, isAlert: false } : 'silent'
}

/** Undefined when the press only opens a screen. Digits are pages, words are values. */
function changeOf(
  ctx: Ctx,
  { key, value }: SettingPress,
): Settings | { refused: string } | undefined {
  const { settings, texts } = ctx
  if (value === undefined) return undefined
  const isPage = /^\d$/.test(value)
  switch (key) {
    case 'menu':
      return undefined
    case 'ui':
      return isUiLanguage(value) ? { ...settings, ui: value } : undefined
    case 'reads': {
      if (isPage || !readable.includes(value)) return undefined
      const changed = toggleReads(settings, value)
      if (changed === 'too-many') return { refused: texts.settings.tooMany }
      return changed === 'last' ? { refused: texts.settings.atLeastOne } : changed
    }
    case 'target':
      return isPage || !readable.includes(value) ? undefined : { ...settings, target: value }
    case 'summary': {
      const step = summarySteps.find((from) => String(from) === value)
      return step === undefined ? undefined : { ...settings, summaryFrom: step }
    }
    case 'copies':
      return { ...settings, copies: value === 'on' }
    case 'never':
      return { ...settings, never: settings.never.filter((code) => code !== value) }
    case 'price': {
      const step = priceSteps.find((limit) => String(limit) === value)
      return step === undefined ? undefined : { ...settings, askAbove: step }
    }
  }
}

function screenOf(deps: Deps, ctx: Ctx, { key, value }: SettingPress): Screen {
  const page = value !== undefined && /^\d$/.test(value) ? Number(value) : 0
  switch (key) {
    case 'menu':
      return mainMenu(deps, ctx)
    case 'ui':
      return value === undefined ? uiMenu(ctx) : mainMenu(deps, ctx)
    case 'reads':
      return readsMenu(ctx, pageOf(value, readable) ?? page)
    case 'target':
      return value === undefined || /^\d$/.test(value)
        ? targetMenu(deps, ctx, page)
        : mainMenu(deps, ctx)
    case 'summary':
      return value === undefined ? summaryMenu(ctx) : mainMenu(deps, ctx)
    case 'copies':
      return value === undefined ? copiesMenu(ctx) : mainMenu(deps, ctx)
    case 'never':
      return neverMenu(ctx)
    case 'price':
      return value === undefined ? priceMenu(ctx) : mainMenu(deps, ctx)
  }
}

/** The page a toggled language stands on, so that the screen does not jump. */
function pageOf(value: string | undefined, languages: readonly string[]): number | undefined {
  const at = value === undefined ? -1 : languages.indexOf(value)
  return at < 0 ? undefined : Math.floor(at / 12)
}

const open = (key: SettingPress['key'], value?: string): Press => ({
  kind: 'setting',
  key,
  ...(value !== undefined && { value }),
})

function mainMenu({ money }: Pick<Services, 'money'>, { texts, settings, ui }: Ctx): Screen {
  const { settings: words } = texts
  const rows: Keyboard = [
    [button(words.reads(nameList(ui, settings.reads)), open('reads'))],
    [button(words.target(languageName(ui, settings.target)), open('target'))],
    [button(words.summary(settings.summaryFrom), open('summary'))],
    ...(settings.never.length > 0
      ? [[button(words.never(nameList(ui, settings.never)), open('never'))]]
      : []),
    [button(words.copies(settings.copies), open('copies'))],
    ...(money
      ? [[button(texts.money.setting(formatStars(settings.askAbove)), open('price'))]]
      : []),
    [button(words.ui(texts.name), open('ui'))],
  ]
  return { text: words.title, keyboard: rows }
}

function uiMenu({ texts }: Ctx): Screen {
  const rows = uiLanguages.map((code) => [button(textsOf(code).name, open('ui', code))])
  return { text: texts.settings.uiHelp, keyboard: [...rows, [backTo(texts.buttons.back)]] }
}

const backTo = (text: string) => button(text, open('menu'))

function readsMenu({ texts, settings, ui }: Ctx, page: number): Screen {
  const keyboard = languageKeyboard({
    ui,
    texts,
    languages: readable,
    page,
    ticked: settings.reads,
    choose: (language) => open('reads', language),
    turn: (other) => open('reads', String(other)),
  })
  const done = [button(texts.settings.done, open('menu'))]
  return { text: texts.settings.readsHelp, keyboard: [...keyboard, done] }
}

function targetMenu({ choice }: Deps, { texts, settings, ui }: Ctx, page: number): Screen {
  const keyboard = languageKeyboard({
    ui,
    texts,
    languages: targetsFor(choice.textModel, undefined),
    page,
    ticked: [settings.target],
    choose: (language) => open('target', language),
    turn: (other) => open('target', String(other)),
    back: open('menu'),
  })
  return { text: texts.settings.targetHelp, keyboard }
}

function summaryMenu({ texts, settings }: Ctx): Screen {
  const rows = summarySteps.map((from) => {
    const tick = settings.summaryFrom === from ? '✓ ' : ''
    return [button(`${tick}${texts.settings.summary(from)}`, open('summary', String(from)))]
  })
  return { text: texts.settings.summaryHelp, keyboard: [...rows, [backTo(texts.buttons.back)]] }
}

function priceMenu({ texts, settings }: Ctx): Screen {
  const rows = priceSteps.map((limit) => {
    const tick = settings.askAbove === limit ? '✓ ' : ''
    const words = texts.money.setting(formatStars(limit))
    return [button(`${tick}${words}`, open('price', String(limit)))]
  })
  return { text: texts.money.settingHelp, keyboard: [...rows, [backTo(texts.buttons.back)]] }
}

function copiesMenu({ texts, settings }: Ctx): Screen {
  const tick = (isOn: boolean): string => (settings.copies === isOn ? '✓ ' : '')
  return {
    text: texts.settings.copiesHelp,
    keyboard: [
      [
        button(`${tick(true)}${texts.settings.on}`, open('copies', 'on')),
        button(`${tick(false)}${texts.settings.off}`, open('copies', 'off')),
      ],
      [backTo(texts.buttons.back)],
    ],
  }
}

function neverMenu({ texts, settings, ui }: Ctx): Screen {
  const rows = settings.never.map((code) => [button(languageName(ui, code), open('never', code))])
  return { text: texts.settings.neverHelp, keyboard: [...rows, [backTo(texts.buttons.back)]] }
}
