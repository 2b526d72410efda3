import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { detectLanguage, splitByLanguage } from '../../../../src/bot/reading/language.ts'
import { lettersOnly } from '../../../../src/bot/reading/letters.ts'
import { CHAT_MESSAGES } from '../../../support/chat-messages.ts'

const languageOf = async (text: string, priors: readonly string[]): Promise<string> => {
  const detected = await detectLanguage(text, priors)
  return detected === 'undecided' ? detected : detected.language
}

const judged = async (priorsOf: (language: string) => readonly string[]) => {
  const rows = await Promise.all(
    CHAT_MESSAGES.map(async ([language, text]) => ({
      language,
      text,
      got: await languageOf(text, priorsOf(language)),
    })),
  )
  return {
    right: rows.filter(({ language, got }) => got === language).length,
    wrong: rows.filter(({ language, got }) => got !== language && got !== 'undecided'),
  }
}

// Loading the detector's tables takes seconds on a busy machine; no single test should pay for it.
beforeAll(() => detectLanguage('warm up', []), 60_000)

describe('short messages', () => {
  test('the fixture is wide enough to mean something', () => {
    const languages = new Set(CHAT_MESSAGES.map(([language]) => language))

    expect(CHAT_MESSAGES.length).toBeGreaterThanOrEqual(60)
    expect(languages.size).toBeGreaterThanOrEqual(25)
  })

  test('without a prior no decision is wrong', async () => {
    const { right, wrong } = await judged(() => [])

    expect(wrong).toEqual([])
    expect(right).toBeGreaterThan(CHAT_MESSAGES.length / 2)
  })

  test('with the right prior at least nine of ten are right and none is wrong', async () => {
    const { right, wrong } = await judged((language) => [language])

    expect(wrong).toEqual([])
    expect(right).toBeGreaterThanOrEqual(CHAT_MESSAGES.length * 0.9)
  })

  test.each([
    'ok',
    'да',
    'Hola',
    '👍👍',
    '',
    '12:30?',
    'https://example.com/ein/langer/deutscher/pfad',
  ])('a message with nothing to judge stays undecided: %s', async (text) => {
    expect(await detectLanguage(text, [])).toBe('undecided')
  })

  test('a decision that needed a prior says so', async () => {
    const alone = await detectLanguage('Буду через десять минут, подожди меня', ['en'])

    expect(alone).toEqual({ language: 'ru', confident: true })
  })
})

describe('letters', () => {
  test.each([
    ['look https://example.com/a?b=c#d here', 'look here'],
    ['mail me@example.org or @somebody now', 'mail or now'],
    ['#новости сегодня /start now', 'сегодня now'],
    ['run `npm install` please', 'run please'],
    ['```\nconst a = 1\n``` done', 'done'],
    ['see example.com/path and t.me/durov', 'see and'],
    ['don’t l’eau self-made - 42 🎉', 'don’t l’eau self-made'],
  ])('%s', (text, letters) => {
    expect(lettersOnly(text)).toBe(letters)
  })
})

const german =
  'Die Stadtverwaltung hat gestern beschlossen, den alten Bahnhof nicht abzureißen. Stattdessen soll dort im kommenden Jahr ein Museum entstehen, das die Geschichte der Region zeigt.'
const english =
  'The council decided yesterday not to tear down the old station. Instead a museum about the history of the region is to open there next year, and volunteers are welcome.'

test('one unknown word, a name or a key, does not change what language the words around it are in', async () => {
  const word = fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'.split('')),
    minLength: 4,
    maxLength: 24,
  })
  await fc.assert(
    fc.asyncProperty(word, async (name) => {
      const message = `Guten Morgen! Heute sprechen wir über ${name} und danach gehen wir alle zusammen essen.`

      expect(await languageOf(message, ['en'])).toBe('de')
    }),
    { numRuns: 50 },
  )
})

describe('long texts', () => {
  test('a long text in one language is decided with confidence', async () => {
    expect(await detectLanguage([german, german, german].join('\n\n'), ['ru'])).toEqual({
      language: 'de',
      confident: true,
    })
  })

  test('a mixed text is cut where the language changes and short lines go with their neighbours', async () => {
    const parts = await splitByLanguage(`News\n\n${german}\n1.\n${english}\nok\n${english}`, [])

    expect(parts.map(({ detected }) => detected === 'undecided' || detected.language)).toEqual([
      'de',
      'en',
    ])
    expect(parts[0]?.text.startsWith('News')).toBe(true)
    expect(parts[1]?.text.startsWith('The council')).toBe(true)
  })

  test('a mixed text has the language of most letters, without confidence', async () => {
    expect(await detectLanguage(`${german}\n${english}\n${english}`, [])).toEqual({
      language: 'en',
      confident: false,
    })
  })

  test('a text as long as a book is judged by samples, in the time of a page', async () => {
    const book = `${german}\n`.repeat(6000)
    const startedAt = performance.now()

    expect(await detectLanguage(book, [])).toEqual({ language: 'de', confident: true })
    expect(await splitByLanguage(book, [])).toHaveLength(1)
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })

  test('the parts joined are the text, whatever it is', async () => {
    const line = fc.oneof(fc.string(), fc.constantFrom(german, english, '\n', '\r\n'))

    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const text = lines.join('\n')
        const parts = await splitByLanguage(text, ['de'])
        expect(parts.map((part) => part.text).join('')).toBe(text)
      }),
      { numRuns: 100 },
    )
  })
})

test('a made-up word on a line of its own splits no text', async () => {
  const lines = [
    'Guten Morgen, meine Lieben! Ich hoffe, ihr habt alle gut geschlafen und hattet ein schönes Wochenende.',
    'Heute Abend treffen wir uns um sieben Uhr im Garten, danach gehen wir alle zusammen mit den Nachbarn essen.',
    'Könnt ihr bitte noch Brot, Käse und etwas zu trinken mitbringen? Für Kuchen haben wir schon gesorgt.',
  ]

  // Words that the detector takes for English, Polish and Dutch.
  for (const word of ['thewithandthatforthis', 'szczebrzeszyn wlasnie', 'vanhetbijeenkomst'])
    expect(await splitByLanguage([...lines, word, ...lines].join('\n\n'), ['en'])).toHaveLength(1)
})
