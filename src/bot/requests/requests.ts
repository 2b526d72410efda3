/** @module Turns material into asks: a text by its language, a sound, a document or a page; the same ways for messages, commands and buttons. */
import { AppError } from '../../core/app-error.ts'
import { describe } from '../../core/describe.ts'
import type { Who } from '../../payments/stars/stars-desk-port.ts'
import type { JobClass } from '../../queue/desk-port.ts'
import { pairAdvice } from '../../tasks/languages.ts'
import type { Press, WorkPress } from '../buttons.ts'
import type { PersonFlavor, Services } from '../context.ts'
import type { Flow } from '../delivery/delivery.ts'
import { isLeftAlone } from '../people/settings.ts'
import type { Place } from '../place.ts'
import { detectLanguage } from '../reading/language.ts'
import type { Reader } from '../reading/read.ts'
import { type Keyboard, nameList } from '../replies/answer.ts'
import { button, languageKeyboard } from '../replies/keyboards.ts'
import { isShort, priceQuestion, shortage } from '../replies/prices.ts'
import { say, sentenceOf } from '../replies/say.ts'
import { languageName } from '../texts/texts.ts'
import { checkFileSize, maxFileBytes } from './accept.ts'
import type { Ask, Work } from './ask.ts'
import type { Incoming } from './incoming.ts'
import { mixedOf } from './mixed.ts'
import { targetsFor } from './offered.ts'
import { planText, routeOf, summaryFirstUnits, summaryLanguage } from './routing.ts'

/** For whom, where, and what makes it another request than the first. */
export interface Asker extends Pick<PersonFlavor, 'settings' | 'ui' | 'texts' | 'track'> {
  readonly place: Place
  readonly tag: string
  readonly languageCode?: string
  readonly class: JobClass
  /** Nobody asked: what cannot be done is not mentioned. */
  readonly isSilent?: boolean
  /** For an admin who tries out what a channel would get. */
  readonly isPreview?: boolean
  /** They have seen what it costs. */
  readonly isPriceAgreed?: boolean
  /** The press that asks again what was asked, where the source message alone does not say it. */
  readonly pressed?: WorkPress
  /** Absent: the asker. */
  readonly payer?: Who
}

/** Text of any material, and what is known about it. */
interface Material {
  readonly text: string
  readonly title?: string
  readonly language?: string
}

export interface Requests {
  /** Decides by the routing table. */
  route(asker: Asker, incoming: Incoming): Promise<void>
  translate(
    asker: Asker,
    incoming: Incoming,
    options: { to?: string; from?: string; sure: boolean },
  ): Promise<void>
  summarize(asker: Asker, incoming: Incoming, options: { to?: string }): Promise<void>
  transcribe(asker: Asker, incoming: Incoming, options: { language?: string }): Promise<void>
  /** A text that is no message: the copy behind a button. */
  translateText(asker: Asker, material: Material, to: string): Promise<void>
  summarizeText(asker: Asker, material: Material, to: string): Promise<void>
  /** Asks what to do with a text. */
  choose(asker: Asker, reason: 'undecided' | 'short' | 'instruction' | 'edited'): Promise<void>
}

const priorsOf = ({ settings, languageCode }: Asker): string[] => [
  ...new Set([...(languageCode ? [languageCode.slice(0, 2)] : []), ...settings.reads]),
]

async function detect(asker: Asker, text: string): Promise<string | undefined> {
  const detected = await detectLanguage(text, priorsOf(asker))
  return detected === 'undecided' ? undefined : detected.language
}

/** Says something to the asker; choices only where a press can be told to be theirs. */
async function tell(
  api: Services['api'],
  asker: Asker,
  message: { text: string; keyboard?: Keyboard },
): Promise<void> {
  if (asker.isSilent === true) return
  const { keyboard = [] } = message
  const choices = asker.place.kind === 'private' ? keyboard : []
  await say(api, asker.place, { text: message.text, keyboard: choices })
}

export function createRequests(services: Services & { reader: Reader }): Requests {
  const { api, accept, choice, files, reader, log } = services

  /** Runs `work`; what a person can understand is said to them, anything else is the update's failure. */
  async function guarded(asker: Asker, again: Press, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      log.warn('request.refused', { code: error.code })
      if (isShort(error)) return tell(api, asker, shortage(error, asker.texts))
      const { text, mayRetry } = sentenceOf(error, asker.texts)
      const sentence = error.code === 'input.too-many' ? asker.texts.input.tooMany : text
      const keyboard = mayRetry ? [[button(asker.texts.buttons.retry, again)]] : []
      await tell(api, asker, { text: sentence, keyboard })
    }
  }

  /** `again`: the press that asks for the same once the price is agreed on. */
  async function submit(
    asker: Asker,
    { work, flow }: { work: Work; flow: Flow },
    again: WorkPress,
  ): Promise<void> {
    const { place, ui, tag, payer } = asker
    const shown = asker.isPreview === true ? 'preview' : flow
    const ask = { place, ui, flow: shown, work, tag, class: asker.class, ...(payer && { payer }) }
    const price = await priceToAgree(asker, ask)
    if (price === undefined) await accept(ask)
    else await tell(api, asker, priceQuestion(asker, price, asker.pressed ?? again))
  }

  /** Whoever pressed a button with the price has agreed; nobody is asked what is not theirs to pay. */
  async function priceToAgree(asker: Asker, ask: Ask): Promise<bigint | undefined> {
    const isAgreed = asker.isPriceAgreed === true || asker.payer !== undefined
    if (!services.pricing || isAgreed || asker.isSilent === true) return undefined
    return services.pricing.toAgree(ask, asker.settings.askAbove)
  }

  /** Downloads and page loads show that something happens; the place may take no typing (channels). */
  const showTyping = ({ place }: Asker): void => {
    if (place.kind !== 'private' && place.kind !== 'group') return
    api
      .sendChatAction(place.chatId, 'typing')
      .catch((error: unknown) => log.failure('typing.failed', describe(error)))
  }

  /** The text of a message, document or page; may take seconds. */
  async function materialOf(asker: Asker, incoming: Incoming): Promise<Material> {
    const route = routeOf(incoming)
    switch (route.kind) {
      case 'text':
        return { text: route.text }
      case 'document': {
        checkFileSize(route.body.file.bytes)
        showTyping(asker)
        const bytes = await files.read(route.body.file)
        const { fileName, mimeType } = route.body
        return reader.readDocument(bytes, { fileName, mimeType })
      }
      case 'page':
        showTyping(asker)
        return reader.readLink(route.link)
      case 'telegram-link':
        throw new AppError('page.refused')
      case 'sound':
      case 'nothing':
        throw new AppError('input.invalid')
    }
  }

  /** True when the pair may be tried now; otherwise the person was told what works or asked whether to try. */
  async function advise(
    asker: Asker,
    pair: { from: string | undefined; to: string; task: 'translate' | 'summarize' },
    again: Press | undefined,
  ): Promise<boolean> {
    const { from, to, task } = pair
    if (from === undefined) return true
    const advice = pairAdvice(choice.textModel, from, to)
    if (advice === 'served') return true
    const { texts, ui } = asker
    const names = [languageName(ui, from), languageName(ui, to)] as const
    if (advice === 'warn') {
      if (!again || asker.place.kind !== 'private') return true
      const keyboard = [[button(texts.buttons.translateAnyway, again)]]
      await tell(api, asker, { text: texts.advice.weak(...names), keyboard })
      return false
    }
    const works = targetsFor(choice.textModel, from)
    const way = works.length > 0 ? texts.advice.works(nameList(ui, works)) : texts.say.language
    const text = [texts.advice.refused(...names), way].join(' ')
    const buttons = works.slice(0, 3).map((other) => {
      const name = languageName(ui, other)
      return task === 'summarize'
        ? button(texts.buttons.summarizeIn(name), { kind: 'summarize', to: other })
        : button(texts.buttons.translateInto(name), {
            kind: 'translate',
            to: other,
            from,
            sure: false,
          })
    })
    await tell(api, asker, { text, keyboard: buttons.map((one) => [one]) })
    return false
  }

  async function askTarget(asker: Asker, from: string | undefined): Promise<void> {
    const { texts, ui } = asker
    if (asker.place.kind !== 'private') return tell(api, asker, { text: texts.group.same })
    const languages = targetsFor(choice.textModel, from)
    if (languages.length === 0) return tell(api, asker, { text: texts.say.language })
    await tell(api, asker, {
      text: texts.ask.whichLanguage,
      keyboard: languageKeyboard({
        ui,
        texts,
        languages,
        page: 0,
        choose: (to) => ({ kind: 'translate', to, ...(from && { from }), sure: false }),
        turn: (page) => ({ kind: 'to-menu', page }),
      }),
    })
  }

  async function translateMaterial(
    asker: Asker,
    material: Material,
    options: {
      to?: string
      from?: string
      sure: boolean
      isSpared?: (language: string) => boolean
    },
  ): Promise<void> {
    const to = options.to ?? asker.settings.target
    // Who says what language it is in means all of it.
    const mixed =
      options.from === undefined || options.sure
        ? await mixedOf(material.text, priorsOf(asker), options.isSpared ?? ((one) => one === to))
        : undefined
    const from = mixed
      ? mixed.from
      : (options.from ?? (await detect(asker, material.text)) ?? material.language)
    // The sender's own words are never given back to them.
    if (from === to) return askTarget(asker, from)
    const again: WorkPress = { kind: 'translate', to, ...(from && { from }), sure: true }
    if (!(await advise(asker, { from, to, task: 'translate' }, options.sure ? undefined : again)))
      return
    const work = {
      task: 'translate',
      text: material.text,
      ...(from && { from }),
      to,
      ...(mixed && { keep: mixed.keep }),
    } as const
    await submit(asker, { work, flow: 'translation' }, again)
  }

  async function summarizeMaterial(
    asker: Asker,
    material: Material,
    options: { to?: string; isForeign?: boolean },
  ): Promise<void> {
    const from = (await detect(asker, material.text)) ?? material.language
    const to = options.to ?? summaryLanguage(from, asker.settings)
    const { text, title } = material
    if (from !== to && !(await advise(asker, { from, to, task: 'summarize' }, undefined))) return
    const work = {
      task: 'summarize',
      text,
      ...(from && { from }),
      to,
      ...(title !== undefined && { title }),
    } as const
    const flow = options.isForeign === true ? 'summary-first' : 'summary'
    await submit(asker, { work, flow }, { kind: 'summarize', to })
  }

  async function routeText(asker: Asker, text: string): Promise<void> {
    const isSpared = (one: string): boolean =>
      isLeftAlone(asker.settings, one) || one === asker.settings.target
    if (
      text.length <= summaryFirstUnits &&
      (await mixedOf(text, priorsOf(asker), isSpared)) !== undefined
    )
      return translateMaterial(asker, { text }, { isSpared, sure: false })
    const detected = await detectLanguage(text, priorsOf(asker))
    const plan = planText(text, detected, asker.settings)
    // A guess at a language we cannot serve is more likely wrong than right: ask instead of refusing.
    const isDoubtful =
      plan.kind === 'translate' &&
      detected !== 'undecided' &&
      !detected.confident &&
      pairAdvice(choice.textModel, plan.from, plan.to) === 'refused'
    if (isDoubtful) return choose(asker, 'undecided')
    switch (plan.kind) {
      case 'translate':
        return translateMaterial(asker, { text }, { from: plan.from, to: plan.to, sure: false })
      case 'summarize':
        return summarizeMaterial(asker, { text, language: plan.from }, plan)
      case 'choose':
        return choose(asker, plan.reason)
    }
  }

  async function choose(
    asker: Asker,
    reason: 'undecided' | 'short' | 'instruction' | 'edited',
  ): Promise<void> {
    const { texts, ui, settings } = asker
    const into: Press = { kind: 'translate', to: settings.target, sure: false }
    const keyboard: Keyboard = [
      ...(reason === 'short'
        ? []
        : [[button(texts.buttons.translateInto(languageName(ui, settings.target)), into)]]),
      [
        button(texts.buttons.translateTo, { kind: 'to-menu', page: 0 }),
        button(texts.buttons.summarize, { kind: 'summarize', to: settings.target }),
      ],
    ]
    await tell(api, asker, { text: texts.ask[reason], keyboard })
  }

  /** Work that needs a download or a page goes on after the handler; short work is awaited by it. */
  function run(
    asker: Asker,
    request: { incoming: Incoming; again: Press },
    work: () => Promise<void>,
  ): Promise<void> {
    const done = guarded(asker, request.again, work)
    const { kind } = routeOf(request.incoming)
    if (kind === 'text' || kind === 'nothing' || kind === 'telegram-link') return done
    asker.track(done)
    return Promise.resolve()
  }

  const requests: Requests = {
    choose,
    translateText: (asker, material, to) =>
      guarded(asker, { kind: 'translate', to, sure: true }, () =>
        translateMaterial(asker, material, {
          to,
          ...(material.language && { from: material.language }),
          sure: false,
        }),
      ),
    summarizeText: (asker, material, to) =>
      guarded(asker, { kind: 'summarize', to }, () => summarizeMaterial(asker, material, { to })),
    translate: (asker, incoming, options) => {
      const to = options.to ?? asker.settings.target
      const again: Press = {
        kind: 'translate',
        to,
        ...(options.from && { from: options.from }),
        sure: options.sure,
      }
      return run(asker, { incoming, again }, async () =>
        translateMaterial(asker, await materialOf(asker, incoming), options),
      )
    },
    summarize: (asker, incoming, options) => {
      const again: Press = { kind: 'summarize', to: options.to ?? asker.settings.target }
      return run(asker, { incoming, again }, async () =>
        summarizeMaterial(asker, await materialOf(asker, incoming), options),
      )
    },
    transcribe: async (asker, incoming, { language }) => {
      const route = routeOf(incoming)
      if (route.kind !== 'sound') {
        await tell(api, asker, { text: asker.texts.ask.needSound })
        return
      }
      const { file, seconds } = route.body
      if (file.bytes !== undefined && file.bytes > maxFileBytes) {
        const megabytes = Math.ceil(file.bytes / (1024 * 1024))
        await tell(api, asker, { text: asker.texts.input.fileTooBig(megabytes) })
        return
      }
      const again: WorkPress = { kind: 'transcribe', ...(language && { language }) }
      await run(asker, { incoming, again }, () => {
        showTyping(asker)
        const work = {
          task: 'transcribe',
          file,
          ...(seconds !== undefined && { seconds }),
          ...(language && { language }),
        } as const
        return submit(asker, { work, flow: 'transcript' }, again)
      })
    },
    route: async (asker, incoming) => {
      const route = routeOf(incoming)
      switch (route.kind) {
        case 'sound':
          return requests.transcribe(asker, incoming, {})
        case 'document':
          if (route.body.file.bytes !== undefined && route.body.file.bytes > maxFileBytes) {
            const megabytes = Math.ceil(route.body.file.bytes / (1024 * 1024))
            await tell(api, asker, { text: asker.texts.input.fileTooBig(megabytes) })
            return undefined
          }
          return requests.summarize(asker, incoming, {})
        case 'page':
          return requests.summarize(asker, incoming, {})
        case 'telegram-link':
          await tell(api, asker, { text: asker.texts.input.telegramLink })
          return undefined
        case 'text': {
          const again: Press = { kind: 'translate', to: asker.settings.target, sure: false }
          return guarded(asker, again, () => routeText(asker, route.text))
        }
        case 'nothing':
          await tell(api, asker, { text: asker.texts.input.accepts })
          return undefined
      }
    },
  }
  return requests
}
