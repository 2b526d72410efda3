/** @module What the bot asks back before it works: whether to try a weak pair of languages, which language, what to do with a text. */
import { pairAdvice } from '../../tasks/languages.ts'
import type { Press } from '../buttons.ts'
import type { Services } from '../context.ts'
import { type Keyboard, nameList } from '../replies/answer.ts'
import { button, languageKeyboard } from '../replies/keyboards.ts'
import { languageName } from '../texts/texts.ts'
import { type Asker, tell } from './asker.ts'
import { targetsFor } from './offered.ts'

export type ChoiceReason = 'undecided' | 'short' | 'instruction' | 'edited'

export interface Questions {
  /** True when the pair may be tried now; otherwise the person was told what works or asked whether to try. */
  readonly advise: (
    asker: Asker,
    pair: { from: string | undefined; to: string; task: 'translate' | 'summarize' },
    again: Press | undefined,
  ) => Promise<boolean>
  /** Asks which language a text is to be translated into. */
  readonly askTarget: (asker: Asker, from: string | undefined) => Promise<void>
  /** Asks what to do with a text. */
  readonly choose: (asker: Asker, reason: ChoiceReason) => Promise<void>
}

export function createQuestions({ api, choice }: Pick<Services, 'api' | 'choice'>): Questions {
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

  async function choose(asker: Asker, reason: ChoiceReason): Promise<void> {
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

  return { advise, askTarget, choose }
}
