import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarOf } from '../../../src/tasks/calendar.ts'
import { fold } from '../../../src/tasks/fold.ts'

const LANGUAGES = 'en es zh ar pt ru fr de uk tr it ja ko pl nl cs he vi hi fa id fi hu el'.split(
  ' ',
)

const found = (language: string, text: string): string =>
  calendarOf(language)
    .find(text)
    .map(({ kind, index, sure }) => `${kind === 'weekday' ? 'w' : 'm'}${index}${sure ? '' : '?'}`)
    .join(' ')

describe('calendar words', () => {
  it.each(LANGUAGES)('are found by every weekday name that Intl has in %s', (language) => {
    const calendar = calendarOf(language)
    for (let index = 0; index < 7; index++) {
      const [word] = calendar.find(` ${calendar.name('weekday', index)} `)
      expect(word).toMatchObject({ kind: 'weekday', index })
    }
  })

  it.each([
    ['ru', 'Перенесли со среды на пятницу, 15 марта; среди прочего в мае', 'w2 w4 m2 m4'],
    ['uk', 'у середу та п’ятницю, 3 квітня, у лютому; посередині', 'w2 w4 m3 m1'],
    ['de', 'Montagabend und mittwochs im März', 'w0 w2 m2'],
    ['pt', 'na quarta e na sexta-feira de março', 'w2? w4 m2'],
    ['es', 'el miercoles y los sábados de mayo', 'w2 w5 m4'],
    ['tr', 'Çarşamba günü, Pazartesiye kadar, Salıya', 'w2 w0 w1'],
    ['zh', '下周三见，星期天休息，3个月后，3月5日', 'w2 w6 m2'],
    ['ja', '水曜日の3月5日と土曜', 'w2 w5 m2'],
    ['ar', 'يوم الأربعاء وللخميس والجمعة', 'w2 w4'],
    ['ko', '수요일에 3월 5일', 'w2 m2'],
    ['en', 'I may march. Sat down on May 5, Wednesday', 'm4? m2? w5? m4 w2'],
  ])('are found in %s as people write them: %s', (language, text, expected) => {
    expect(found(language, text)).toBe(expected)
  })

  it('stand where the text has them', () => {
    const text = 'See you on Wednesday!'
    const [word] = calendarOf('en').find(text)

    expect(text.slice(word?.start, word?.end)).toBe('Wednesday')
  })

  it('are found in a comparison form that keeps every position', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fold(text)).toHaveLength(text.length)
      }),
    )
    expect(fold('MIÉRCOLES ٣٥ п’ЯТЬ')).toBe("miercoles 35 п'ять")
  })
})
