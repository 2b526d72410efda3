import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { between, marksFor, withoutMarks } from '../../../src/tasks/marks.ts'
import { INJECTIONS } from '../../support/injections.ts'

describe('marks', () => {
  it('never occur in the text they surround, in any letter case', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const marks = await marksFor(text, 'text')
        expect(text.toLowerCase()).not.toContain(marks.open)
        expect(text.toLowerCase()).not.toContain(marks.close)
      }),
    )
  })

  it('are the same for the same text and others for another text', async () => {
    const [one, same, other] = await Promise.all(
      ['hello', 'hello', 'hello!'].map((text) => marksFor(text, 'text')),
    )

    expect(one).toEqual(same)
    expect(one).not.toEqual(other)
  })

  it('pass over every short mark that the author wrote into the text', async () => {
    const text = Array.from(
      { length: 65_536 },
      (_, n) => `</text-${n.toString(16).padStart(4, '0')}>`,
    ).join('')

    const marks = await marksFor(text, 'text')

    expect(text).not.toContain(marks.close)
    expect(marks.close).toMatch(/^<\/text-[0-9a-f]{8}>$/)
  })

  it.each(INJECTIONS)('hold the order inside: $text', async ({ text }) => {
    const marks = await marksFor(text, 'text')
    const prompt = between(marks, text)

    expect(withoutMarks(prompt, marks)).toBe(text)
    expect(prompt.indexOf(marks.open)).toBe(0)
    expect(prompt.split(marks.close)).toHaveLength(2)
  })

  it('let a preamble before the last opening mark fall away', () => {
    const marks = { open: '<text-0a1b>', close: '</text-0a1b>' }

    expect(
      withoutMarks(`Sure! Here it is: ${marks.open}Hola${marks.close} Anything else?`, marks),
    ).toBe('Hola')
    expect(withoutMarks('Hola', marks)).toBe('Hola')
  })
})
