/** @module An answer as it will be shown: text, notes, footer, details and buttons, before it is known how it can be sent. */
import type { InlineKeyboardButton } from 'grammy/types'
import { formatStars } from '../../core/coin.ts'
import type { Tier } from '../../core/tier.ts'
import type { JobFacts } from '../../queue/desk-port.ts'
import { isRightToLeft } from '../../tasks/languages.ts'
import type { Checked, TaskOutput } from '../../tasks/task.ts'
import { pressData } from '../buttons.ts'
import type { CopyKey } from '../delivery/copies.ts'
import type { Delivery } from '../delivery/delivery.ts'
import { type ProofAddress, proofButton } from '../delivery/proof-links.ts'
import { languageName, type Texts, type UiLanguage } from '../texts/texts.ts'
import type { Style } from './blocks.ts'

export type Keyboard = readonly (readonly InlineKeyboardButton[])[]

export interface Answer {
  /** Exactly what the task answered. */
  readonly text: string
  readonly style: Style
  /** Warnings of ours, between text and footer. */
  readonly notes: readonly string[]
  readonly footer: string
  readonly details: { readonly summary: string; readonly lines: readonly string[] }
  readonly keyboard: Keyboard
  readonly isRtl: boolean
  /** Name of the file when the text has to go as one. */
  readonly fileName: string
  readonly wholeInFile: string
  /** Long text stands in an expandable quote. */
  readonly isFolded?: boolean
}

export interface AnswerSource {
  readonly delivery: Delivery
  readonly output: TaskOutput
  readonly facts: JobFacts
  readonly modelTitle: string
  readonly texts: Texts
  /** Absent when the person switched copies off: then no button needs the text. */
  readonly copy?: CopyKey
  /** Of the person who reads it; absent in places others read too. */
  readonly allowance?: { readonly left: bigint; readonly of: bigint }
  /** Where the answer can be checked; absent where there is no page or no receipt. */
  readonly proof?: ProofAddress
}

export function composeAnswer(source: AnswerSource): Answer {
  const { delivery, output, texts } = source
  return {
    text: output.outcome === 'no-speech' ? texts.answer.noSpeech : output.text,
    style: output.task === 'summarize' ? 'outline' : 'plain',
    notes: notesOf(output, texts),
    footer: footerOf(source),
    details: { summary: texts.details.summary, lines: detailsOf(source) },
    keyboard: keyboardOf(source),
    isRtl: isRightToLeft(output.language),
    fileName: `${delivery.flow === 'transcript' ? 'transcript' : output.task}.txt`,
    wholeInFile: delivery.place.kind === 'aside' ? texts.group.wholeSent : texts.answer.wholeInFile,
  }
}

function notesOf({ outcome, checked }: TaskOutput, texts: Texts): string[] {
  const notes: string[] = []
  if (outcome === 'truncated') notes.push(texts.answer.truncated)
  if (outcome === 'unchanged') notes.push(texts.answer.unchanged)
  if (checked.missing > 0) notes.push(texts.answer.missing(checked.missing))
  return notes
}

/** One line: direction, tier, model, units, time. */
function footerOf(source: AnswerSource): string {
  const { delivery, output, facts, modelTitle, texts } = source
  const from = output.sourceLanguage ?? delivery.from
  const direction =
    output.task === 'translate' && from
      ? texts.answer.translation(
          languageName(delivery.ui, from),
          languageName(delivery.ui, output.language),
        )
      : languageName(delivery.ui, output.language)
  return [
    direction,
    texts.footer.tier[facts.tier],
    modelTitle,
    unitsText(facts, texts),
    ...priceOf(source),
    texts.footer.seconds(seconds(facts.timings.totalMs)),
    ...(output.task === 'summarize' ? [texts.footer.aiMade] : []),
  ].join(' · ')
}

/** What it cost, or that it was free and what is left of today's allowance. */
function priceOf({ facts: { price }, allowance, texts }: AnswerSource): string[] {
  const { footer } = texts.money
  if (!price) return []
  if (price.amount === 0n) return [footer.nothing]
  if (!price.isFree) return [footer.paid(formatStars(price.amount))]
  if (!allowance) return [footer.plainFree]
  return [footer.free(formatStars(allowance.left), formatStars(allowance.of))]
}

const unitsText = ({ units }: Pick<JobFacts, 'units'>, texts: Texts): string =>
  units.audioMs > 0
    ? texts.footer.audio(Math.round(units.audioMs / 1000))
    : texts.footer.tokens(units.inTokens + units.outTokens)

const seconds = (ms: number): string => (ms / 1000).toFixed(ms < 10_000 ? 1 : 0)

function detailsOf({ output, facts, modelTitle, texts }: AnswerSource): string[] {
  const { details } = texts
  const { timings, units } = facts
  return [
    ...(output.task === 'transcribe' ? [] : checkedLines(output.checked, texts)),
    details.model(modelTitle),
    ...(facts.weights ? [details.weights(facts.weights)] : []),
    ...(units.inTokens + units.outTokens > 0
      ? [details.units(units.inTokens, units.outTokens, units.cachedTokens)]
      : []),
    details.timings(seconds(timings.waitedMs), seconds(timings.ranMs), seconds(timings.totalMs)),
    details.attempts(facts.attempts),
    details.job(facts.job),
    ...(isSimulated(facts.tier) ? [details.test] : []),
  ]
}

const isSimulated = (tier: Tier): boolean => tier === 'simulated'

/** What was compared with the source, in plain words. */
function checkedLines(checked: Checked, { details }: Texts): string[] {
  const words = details.checked
  const kinds = [
    [checked.links, words.links],
    [checked.mentions, words.mentions],
    [checked.tags, words.tags],
    [checked.numbers, words.numbers],
    [checked.dates, words.dates],
    [checked.names, words.names],
  ] as const
  const list = kinds.flatMap(([count, say]) => (count > 0 ? [say(count)] : [])).join(', ')
  const lines: string[] = []
  if (list === '') lines.push(words.none)
  else lines.push(checked.missing > 0 ? words.missing(list, checked.missing) : words.all(list))
  if (checked.redone > 0) lines.push(words.redone(checked.redone))
  if (checked.dropped > 0) lines.push(words.dropped(checked.dropped))
  return lines
}

/** At most five rows, three buttons in each: what to do next first, facts and proof last. */
function keyboardOf(source: AnswerSource): InlineKeyboardButton[][] {
  const { delivery, output, copy, texts } = source
  const { buttons } = texts
  const details: InlineKeyboardButton = {
    text: buttons.details,
    callback_data: pressData({ kind: 'details', job: delivery.job }),
  }
  const { kind } = delivery.place
  const proof = source.proof ? [proofButton(buttons.proof, source.proof, kind)] : []
  const last = [details, ...proof]
  if (kind === 'aside' && output.text !== '') return [asideButtons(source), last]
  if (kind !== 'private' || output.outcome === 'no-speech') return [last]
  const isShort = delivery.flow === 'transcript' && output.text.length <= 256
  const copyText = { text: buttons.copy, copy_text: { text: output.text } }
  const rows = copy ? copyRows(source, copy) : []
  if (delivery.flow === 'translation') return translationRows(source, rows.flat(), last)
  return [...rows, ...(isShort ? [[copyText, details], proof] : [last])].filter(
    (row) => row.length > 0,
  )
}

/** Without a copy the text is read from the message itself. */
function asideButtons({ copy, texts }: AnswerSource): InlineKeyboardButton[] {
  const press = (action: 'show' | 'send') =>
    pressData({ kind: 'aside', action, ...(copy && { copy }) })
  return [
    { text: texts.group.show, callback_data: press('show') },
    { text: texts.group.send, callback_data: press('send') },
  ]
}

/** `follow`: the buttons of the sealed copy, none when there is no copy. */
function translationRows(
  { delivery, output, texts }: AnswerSource,
  follow: readonly InlineKeyboardButton[],
  last: readonly InlineKeyboardButton[],
): InlineKeyboardButton[][] {
  const { buttons } = texts
  const from = output.sourceLanguage ?? delivery.from
  const other: InlineKeyboardButton = {
    text: buttons.otherLanguage,
    callback_data: pressData({ kind: 'to-menu', page: 0 }),
  }
  const [summarize, ...rest] = follow
  const rows = [summarize ? [other, summarize] : [other]]
  if (from) {
    const name = languageName(delivery.ui, from)
    rows.push([
      {
        text: buttons.notThisLanguage(name),
        callback_data: pressData({ kind: 'from-menu', to: output.language, page: 0 }),
      },
      { text: buttons.never(name), callback_data: pressData({ kind: 'never', language: from }) },
    ])
  }
  rows.push([...rest, ...last])
  return rows
}

function copyRows(
  { delivery, output, texts }: AnswerSource,
  copy: CopyKey,
): InlineKeyboardButton[][] {
  const { buttons } = texts
  const press = (
    text: string,
    action: 'summarize' | 'menu' | 'txt' | 'srt',
  ): InlineKeyboardButton => ({
    text,
    callback_data: pressData({ kind: 'copy', action, ...copy }),
  })
  switch (delivery.flow) {
    case 'translation':
      return [[press(buttons.summarize, 'summarize'), press(buttons.txt, 'txt')]]
    case 'summary':
    case 'preview':
      return [[press(buttons.translateTo, 'menu'), press(buttons.txt, 'txt')]]
    case 'summary-first':
      return [
        [sourceTranslation(delivery, output, texts)],
        [press(buttons.translateTo, 'menu'), press(buttons.txt, 'txt')],
      ]
    case 'transcript':
      return [
        [press(buttons.summarize, 'summarize'), press(buttons.translateTo, 'menu')],
        [
          press(buttons.txt, 'txt'),
          ...(output.segments && output.segments.length > 0 ? [press(buttons.srt, 'srt')] : []),
        ],
      ]
  }
}

/** "Translate all": from the source message, since the summary does not hold the whole. */
const sourceTranslation = (
  delivery: Delivery,
  output: TaskOutput,
  { buttons }: Texts,
): InlineKeyboardButton => ({
  text: buttons.translateAll(languageName(delivery.ui, output.language)),
  callback_data: pressData({
    kind: 'translate',
    to: output.language,
    ...(delivery.from && { from: delivery.from }),
    sure: false,
  }),
})

/** Names of languages for texts, joined by commas. */
export const nameList = (ui: UiLanguage, codes: readonly string[]): string =>
  codes.map((code) => languageName(ui, code)).join(', ')
