/** @module Turns material into asks: a text by its language, a sound, a document or a page; the same ways for messages, commands and buttons. */
import { pairAdvice } from '../../tasks/languages.ts'
import type { Press, WorkPress } from '../buttons.ts'
import type { Services } from '../context.ts'
import { isLeftAlone } from '../people/settings.ts'
import { detectLanguage } from '../reading/language.ts'
import type { Reader } from '../reading/read.ts'
import { maxFileBytes } from './accept.ts'
import { type Asker, tell } from './asker.ts'
import type { Incoming } from './incoming.ts'
import { createMaterials, detect, type Material, priorsOf } from './material.ts'
import { mixedOf } from './mixed.ts'
import { type ChoiceReason, createQuestions } from './questions.ts'
import { planText, routeOf, summaryFirstUnits, summaryLanguage } from './routing.ts'
import { createSubmitting } from './submit.ts'

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
  choose(asker: Asker, reason: ChoiceReason): Promise<void>
}

export function createRequests(services: Services & { reader: Reader }): Requests {
  const { api, choice } = services
  const { guarded, submit } = createSubmitting(services)
  const { advise, askTarget, choose } = createQuestions(services)
  const materials = createMaterials(services)

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

  /** False when the asker was told that the file is too big, by the size Telegram states. */
  async function fits(asker: Asker, { bytes }: { readonly bytes?: number }): Promise<boolean> {
    if (bytes === undefined || bytes <= maxFileBytes) return true
    const megabytes = Math.ceil(bytes / (1024 * 1024))
    await tell(api, asker, { text: asker.texts.input.fileTooBig(megabytes) })
    return false
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
        translateMaterial(asker, await materials.read(asker, incoming), options),
      )
    },
    summarize: (asker, incoming, options) => {
      const again: Press = { kind: 'summarize', to: options.to ?? asker.settings.target }
      return run(asker, { incoming, again }, async () =>
        summarizeMaterial(asker, await materials.read(asker, incoming), options),
      )
    },
    transcribe: async (asker, incoming, { language }) => {
      const route = routeOf(incoming)
      if (route.kind !== 'sound') {
        await tell(api, asker, { text: asker.texts.ask.needSound })
        return
      }
      const { file, seconds } = route.body
      if (!(await fits(asker, file))) return
      const again: WorkPress = { kind: 'transcribe', ...(language && { language }) }
      await run(asker, { incoming, again }, () => {
        materials.showTyping(asker)
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
          if (!(await fits(asker, route.body.file))) return undefined
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
