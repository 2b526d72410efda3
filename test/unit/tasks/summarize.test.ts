import { describe, expect, it } from 'vitest'
import { summarize } from '../../../src/tasks/summarize.ts'
import type { TextRequest } from '../../../src/tasks/task.ts'
import {
  markedText,
  recordingContext,
  scriptedEngine,
  textPorts,
} from '../../support/text-engine.ts'

const ARTICLE =
  'Velmont opened its tidal station on Tuesday. Mayor Ingrid Solberg said it cost 38 million euros. ' +
  'It supplies 4,200 homes in the old harbour quarter. Fishermen had opposed the plant because of the eels. ' +
  'A second station is being studied, but nothing is decided.'

const GOOD =
  'Velmont has opened a tidal station. It cost 38 million euros. Fishermen feared for the eels.'

const run = async (
  input: Partial<Parameters<typeof summarize.run>[1]>,
  answer: (
    request: TextRequest,
    n: number,
  ) => Parameters<typeof scriptedEngine>[0] extends (...args: never[]) => infer A ? A : never,
  contextTokens = 4096,
) => {
  const engine = scriptedEngine(answer, { contextTokens })
  const context = recordingContext()
  const full = { v: 1, text: ARTICLE, from: 'en', to: 'en', length: 'medium', ...input } as const
  const result = await summarize.run(textPorts(engine), full, context)
  return { ...result, engine, context }
}

describe('a summary', () => {
  it('is the gist as a sentence and the rest as points', async () => {
    const { output, context } = await run({}, () => GOOD)

    expect(output.text).toBe(
      'Velmont has opened a tidal station.\n\n• It cost 38 million euros.\n• Fishermen feared for the eels.',
    )
    expect(output).toMatchObject({
      language: 'en',
      outcome: 'ok',
      checked: { numbers: 1, dropped: 0 },
    })
    expect(context.drafts.at(-1)).toBe(output.text)
  })

  it('stands in one paragraph when it is short', async () => {
    const { output } = await run({ length: 'short' }, () =>
      GOOD.replace(' Fishermen feared for the eels.', ''),
    )

    expect(output.text).toBe('Velmont has opened a tidal station. It cost 38 million euros.')
  })

  it('puts the words of the source in place of a sentence with an invented name', async () => {
    const { output, engine } = await run(
      {},
      () =>
        `Velmont in Denmark opened its tidal station on Tuesday. ${GOOD.slice(GOOD.indexOf('It cost'))}`,
    )

    expect(engine.asked).toHaveLength(1)
    expect(output.text).toContain('Velmont opened its tidal station on Tuesday.')
    expect(output.text).not.toContain('Denmark')
    expect(output.checked).toMatchObject({ redone: 1, dropped: 0 })
  })

  it('asks once more for a sentence that is unlike any of the source, and takes an answer that is borne', async () => {
    const { output, engine } = await run({}, (_request, n) =>
      n === 0 ? `${GOOD} Engineers from Norway welcomed this.` : 'A second station is possible.',
    )

    expect(engine.asked).toHaveLength(2)
    expect(output.text).toContain('• A second station is possible.')
    expect(output.text).not.toContain('Norway')
  })

  it('leaves the sentence out when the second one is invented too', async () => {
    const { output } = await run({}, (_request, n) =>
      n === 0 ? `${GOOD} It has run since 2012 for everybody.` : 'It began in 1999.',
    )

    expect(output.text).not.toMatch(/2012|1999/u)
    expect(output.checked).toMatchObject({ redone: 1, dropped: 1 })
  })

  it('warns when nothing else is left', async () => {
    const { output } = await run({ length: 'short' }, () => 'Everything changed in Norway.')

    expect(output.text).toBe('Everything changed in Norway.')
    expect(output.checked.missing).toBe(1)
  })

  it('keeps no more sentences than its length allows, and none twice', async () => {
    const many =
      'The station opened. The station opened. Fishermen feared for the eels. The homes are in the old quarter. '
    const { output } = await run(
      {},
      () =>
        many + 'Nothing is decided. A second one is studied. The harbour has a plant. More of it.',
    )

    expect(output.text.match(/The station opened/gu)).toHaveLength(1)
    expect(
      output.text.split('\n').filter((line) => line.startsWith('•')).length,
    ).toBeLessThanOrEqual(4)
  })

  it('takes sentences from the whole answer when there are too many', async () => {
    const { output } = await run(
      { length: 'short' },
      () => 'The station opened. Homes get power. The eels are fine.',
    )

    expect(output.text).toBe('The station opened. The eels are fine.')
  })

  it('of a text in another language is made in that language first and then translated', async () => {
    const text =
      'El museo abrirá el sábado. Costó 12 euros. La entrada es gratis en junio para todos.'
    const { output, engine } = await run(
      { text, from: 'es', to: 'en', length: 'short' },
      (request, n) =>
        n === 0
          ? 'El museo abrirá el sábado.'
          : `The museum opens on Saturday. (${markedText(request)?.length})`,
    )

    expect(engine.asked[0]?.user).toContain('in Spanish')
    expect(engine.asked[1]?.user).toContain('into English')
    expect(output).toMatchObject({ language: 'en', sourceLanguage: 'es' })
    expect(output.text).toContain('The museum opens on Saturday.')
  })

  it('shows no draft in a language that was not asked for', async () => {
    const { context } = await run(
      { text: 'El museo abre. Es nuevo.', from: 'es', to: 'en', length: 'short' },
      (_request, n) => (n === 0 ? 'El museo abre.' : 'The museum opens.'),
    )

    expect(context.drafts.join(' ')).not.toContain('museo')
  })

  it('of a text that does not fit is made of the summaries of its parts', async () => {
    const paragraph = `${ARTICLE} ${'Word after word follows here. '.repeat(20)}\n\n`
    const { output, engine, context } = await run({ text: paragraph.repeat(12) }, () => GOOD, 900)

    expect(engine.asked.length).toBeGreaterThan(3)
    expect(output.text).toContain('Velmont has opened')
    expect(
      context.progress.filter((percent) => percent > 0 && percent < 100).length,
    ).toBeGreaterThan(1)
  })

  it('drops the sentence that the limit cut, and says truncated when too few are left', async () => {
    const cut = await run({}, () => ({
      text: 'Velmont has opened a tidal station. It cost 38 mill',
      stop: 'limit',
    }))

    expect(cut.output).toMatchObject({
      text: 'Velmont has opened a tidal station.',
      outcome: 'truncated',
    })
  })

  it('is asked for once more after an empty answer, and then the engine is stuck', async () => {
    const revived = await run({ length: 'short' }, (_request, n) => (n === 0 ? '' : GOOD))

    expect(revived.output.text).toContain('Velmont')
    await expect(run({}, () => '  ')).rejects.toMatchObject({ code: 'engine.stuck' })
  })

  it('is refused for an empty text and for a language nobody knows', async () => {
    await expect(run({ text: '\n' }, () => GOOD)).rejects.toMatchObject({ code: 'input.empty' })
    await expect(run({ to: 'zzz' }, () => GOOD)).rejects.toMatchObject({ code: 'input.language' })
  })
})
