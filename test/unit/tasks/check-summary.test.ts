import { describe, expect, it } from 'vitest'
import { checkSentence, namesIn, sourceOf } from '../../../src/tasks/check-summary.ts'
import { sentencesOf } from '../../../src/tasks/sentences.ts'

const ARTICLE =
  'Velmont opened its tidal station on Tuesday. Mayor Ingrid Solberg said it cost 38 million euros and took twelve years. ' +
  'It supplies 4,200 homes.'
const source = sourceOf(ARTICLE, 'en')

describe('a sentence about a text', () => {
  it.each([
    'The station in Velmont, which opened on Tuesday, cost 38 million euros.',
    "Solberg's town gets power for 4200 homes.",
    'The project took 12 years.',
  ])('is borne by it: %s', (sentence) => {
    expect(checkSentence(sentence, source).unsupported).toEqual([])
  })

  it.each([
    ['The station in Velmont, Denmark, opened.', ['Denmark']],
    ['It has run since 2012.', ['2012']],
    ['The mayor opened it on Thursday.', ['Thursday']],
    ['It supplies 4,300 homes, said Ingrid Larsen.', ['Larsen', '4,300']],
  ])('is not borne by it: %s', (sentence, unsupported) => {
    expect(checkSentence(sentence, source).unsupported).toEqual(unsupported)
  })

  it('may bend a name as its language does', () => {
    const russian = sourceOf('Мэр Ольга Белова приехала в Заречинск в среду.', 'ru')

    expect(
      checkSentence('Парк в Заречинске открыли вместе с Ольгой Беловой.', russian).unsupported,
    ).toEqual([])
    expect(checkSentence('Парк в Москве открыли в четверг.', russian).unsupported).toEqual([
      'Москве',
      'четверг',
    ])
  })

  it('has names in German only where capitals prove them', () => {
    expect(
      namesIn('Die neue Brücke bei Hamburg wird laut Peter Schmidt vom ADAC teuer.', 'de'),
    ).toEqual(['Schmidt', 'ADAC'])
  })

  it('has Latin names where the script knows no capitals', () => {
    expect(namesIn('蓝潮公司与OpenAI在北京签约。', 'zh')).toEqual(['OpenAI'])
  })
})

describe('sentences', () => {
  it('do not end after titles and initials', () => {
    expect(sentencesOf('Dr. Ann Lee met J. Smith. They left! 他来了。走吧。')).toEqual([
      'Dr. Ann Lee met J. Smith.',
      'They left!',
      '他来了。',
      '走吧。',
    ])
  })
})
