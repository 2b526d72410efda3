import type { Message } from '@grammyjs/types'
import { describe, expect, test } from 'vitest'
import {
  addNever,
  defaultSettings,
  maxReads,
  type Settings,
  toggleReads,
} from '../../../../src/bot/people/settings.ts'
import { readMessage } from '../../../../src/bot/requests/incoming.ts'
import { readInstruction, splitTarget } from '../../../../src/bot/requests/instructions.ts'
import { planText, routeOf, summaryLanguage } from '../../../../src/bot/requests/routing.ts'

const message = (content: object): Message => ({
  message_id: 1,
  date: 1,
  chat: { id: 1, type: 'private', first_name: 'A' },
  ...content,
})
const withLink = (text: string, link: string) =>
  message({
    text,
    entities: [{ type: 'url', offset: text.indexOf(link), length: link.length }],
  })
const file = { file_id: 'f', file_unique_id: 'u', file_size: 10 }

describe('what a message is', () => {
  test.each([
    ['voice', { voice: { ...file, duration: 3 } }, 'sound'],
    ['round video', { video_note: { ...file, duration: 3, length: 1 } }, 'sound'],
    ['audio', { audio: { ...file, duration: 3 } }, 'sound'],
    ['video', { video: { ...file, duration: 3, width: 1, height: 1 } }, 'sound'],
    ['an audio document', { document: { ...file, mime_type: 'audio/flac' } }, 'sound'],
    ['a PDF', { document: { ...file, mime_type: 'application/pdf' } }, 'document'],
    ['subtitles by their name', { document: { ...file, file_name: 'a.SRT' } }, 'document'],
    ['a ZIP', { document: { ...file, mime_type: 'application/zip' } }, 'nothing'],
    ['a sticker', { sticker: {} }, 'nothing'],
    ['a photo without words', { photo: [] }, 'nothing'],
    ['a photo with a caption', { photo: [], caption: 'Hallo Welt' }, 'text'],
    ['an animation', { animation: {}, document: { ...file, mime_type: 'video/mp4' } }, 'nothing'],
  ])('%s', (_name, content, route) => {
    expect(routeOf(readMessage(message(content))).kind).toBe(route)
  })

  test.each([
    ['https://a.example/x', 'https://a.example/x', 'page'],
    ['please read https://a.example/x for me', 'https://a.example/x', 'page'],
    [
      'I have found this one and it is rather good https://a.example/x',
      'https://a.example/x',
      'text',
    ],
    ['https://t.me/durov/1', 'https://t.me/durov/1', 'telegram-link'],
  ])('%s', (text, link, route) => {
    expect(routeOf(readMessage(withLink(text, link))).kind).toBe(route)
  })
})

describe('what is done with a text', () => {
  const reader: Settings = { ...defaultSettings('en'), reads: ['en', 'de'], never: ['fr'] }
  const plan = (language: string | undefined, length: number) =>
    planText(
      'x'.repeat(length),
      language === undefined ? 'undecided' : { language, confident: true },
      reader,
    )

  test.each([
    ['a foreign language is translated into the target', 'ru', 100, 'translate'],
    ['a long foreign text is summarised first', 'ru', 2501, 'summarize'],
    ['a language read starts nothing', 'de', 799, 'choose'],
    ['a long text in a language read is summarised', 'de', 800, 'summarize'],
    ['a language never to be translated is left alone', 'fr', 100, 'choose'],
    ['an undecided language starts nothing', undefined, 5000, 'choose'],
  ])('%s', (...[, language, length, kind]) => {
    expect(plan(language, length).kind).toBe(kind)
  })

  test('summaries are written in a language the person reads', () => {
    expect(summaryLanguage('de', reader)).toBe('de')
    expect(summaryLanguage('ja', reader)).toBe('en')
    expect(summaryLanguage(undefined, reader)).toBe('en')
  })

  test('summaries can be switched off', () => {
    const off = { ...reader, summaryFrom: 0 }

    expect(planText('x'.repeat(5000), { language: 'en', confident: true }, off).kind).toBe('choose')
  })
})

describe('settings', () => {
  test('there is always one language read, never more than eight, and the target follows', () => {
    let settings: Settings = defaultSettings('en')
    expect(toggleReads(settings, 'en')).toBe('last')
    for (const code of ['de', 'fr', 'es', 'it', 'pt', 'ru', 'uk']) {
      const next = toggleReads(settings, code)
      if (typeof next === 'string') throw new Error(next)
      settings = next
    }
    expect(settings.reads.length).toBe(maxReads)
    expect(toggleReads(settings, 'ja')).toBe('too-many')
    expect(toggleReads(settings, 'en')).toMatchObject({ target: 'de' })
  })

  test('what is read is no longer on the list of what is never translated', () => {
    const never = addNever(defaultSettings('en'), 'de')

    expect(toggleReads(never, 'de')).toMatchObject({ never: [], reads: ['en', 'de'] })
  })

  test('a Telegram language with a region counts as the language', () => {
    expect(defaultSettings('pt-BR')).toMatchObject({ reads: ['pt'], target: 'pt' })
    expect(defaultSettings(undefined)).toMatchObject({ reads: ['en'], target: 'en' })
  })
})

describe('instructions', () => {
  test.each([
    ['in German', { kind: 'translate', to: 'de' }],
    ['на немецкий', { kind: 'translate', to: 'de' }],
    ['переведи на английский пожалуйста', { kind: 'translate', to: 'en' }],
    ['Translate this', { kind: 'translate' }],
    ['in three points', { kind: 'summarize' }],
    ['кратко', { kind: 'summarize' }],
    ['summarize in French', { kind: 'summarize', to: 'fr' }],
    ['расшифруй', { kind: 'transcribe' }],
  ])('%s is understood', (text, instruction) => {
    expect(readInstruction(text)).toEqual(instruction)
  })

  test.each([
    'look at this!',
    'что думаешь?',
    '',
    'a'.repeat(200),
    'My German teacher wrote me this long letter',
  ])('%s is not guessed at', (text) => {
    expect(readInstruction(text)).toBeUndefined()
  })

  test.each([
    ['de Good morning', 'en', { to: 'de', text: 'Good morning' }],
    ['german: Good morning', 'en', { to: 'de', text: 'Good morning' }],
    ['it works well', 'en', { text: 'it works well' }],
    ['de la part de Jean', 'fr', { text: 'de la part de Jean' }],
    ['de', undefined, { to: 'de', text: '' }],
    ['Good morning', 'en', { text: 'Good morning' }],
    ['', undefined, { text: '' }],
  ])('/translate %s', (argument, detected, parts) => {
    expect(splitTarget(argument, detected)).toEqual(parts)
  })
})
