import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bad, botCalls, type CallBot } from '../../support/bot-calls.ts'
import { TestSimulator } from '../../support/simulator.ts'

let sim: TestSimulator
let call: CallBot
let ann: number

beforeEach(async () => {
  sim = await TestSimulator.start()
  call = botCalls(sim)
  ann = sim.person('Ann')
  await sim.say(ann, '/start')
})
afterEach(() => sim.close())
const paragraph = (text: unknown) => ({ type: 'paragraph', text })
const rich = (...blocks: unknown[]) => ({ chat_id: ann, rich_message: { blocks } })

describe('texts', () => {
  test.each(['', '   ', '\n'])('an empty text (%j) is refused', async (text) => {
    expect(await call('sendMessage', { chat_id: ann, text })).toMatchObject(
      bad('message text is empty'),
    )
  })

  test('4,096 UTF-16 units go, one more is too long; an emoji counts two', async () => {
    expect(await call('sendMessage', { chat_id: ann, text: 'a'.repeat(4096) })).toMatchObject({
      ok: true,
    })
    expect(await call('sendMessage', { chat_id: ann, text: 'a'.repeat(4097) })).toMatchObject(
      bad('message is too long'),
    )
    expect(await call('sendMessage', { chat_id: ann, text: '🦋'.repeat(2049) })).toMatchObject(
      bad('message is too long'),
    )
  })

  test('a caption of more than 1,024 units is refused', async () => {
    const form = new FormData()
    form.set('chat_id', String(ann))
    form.set('caption', 'a'.repeat(1025))
    form.set('document', new Blob(['x']), 'a.txt')

    const response = await fetch(`${sim.base}/bot${sim.token}/sendDocument`, {
      method: 'POST',
      body: form,
    })

    expect(await response.json()).toMatchObject({
      ok: false,
      description: 'Bad Request: message caption is too long',
    })
  })

  test.each([
    { mode: 'HTML', text: 'яя <b>open', says: `can't find end tag corresponding to start tag "b"` },
    { mode: 'HTML', text: 'яя <x>y</x>', says: 'unsupported start tag "x" at byte offset 5' },
    { mode: 'HTML', text: '</b>', says: 'unexpected end tag at byte offset 0' },
    {
      mode: 'Markdown',
      text: 'яя *open',
      says: `can't find end of Bold entity at byte offset 5`,
    },
    {
      mode: 'MarkdownV2',
      text: 'a.b',
      says: `character '.' is reserved and must be escaped with the preceding '\\'`,
    },
    {
      mode: 'MarkdownV2',
      text: 'яя *open',
      says: `can't find end of Bold entity at byte offset 5`,
    },
  ])('broken $mode names the trouble and the byte: $text', async ({ mode, text, says }) => {
    const answer = await call('sendMessage', { chat_id: ann, text, parse_mode: mode })

    expect(answer).toMatchObject(bad(`can't parse entities: ${says}`))
  })

  test('an entity outside the text is refused', async () => {
    const entities = [{ type: 'bold', offset: 3, length: 9 }]

    const answer = await call('sendMessage', { chat_id: ann, text: 'short', entities })

    expect(answer.description).toMatch(/^Bad Request: can't parse entities/)
  })
})

describe('rich messages', () => {
  test('32,768 units of text go, one more does not', async () => {
    expect(await call('sendRichMessage', rich(paragraph('a'.repeat(32_768))))).toMatchObject({
      ok: true,
    })
    expect(await call('sendRichMessage', rich(paragraph('a'.repeat(32_769))))).toMatchObject(
      bad('rich message text is too long'),
    )
  })

  test('500 blocks go, 501 do not; list items and table rows count', async () => {
    const items = Array.from({ length: 250 }, () => ({ blocks: [paragraph('x')] }))
    const rows = Array.from({ length: 500 }, () => [{ text: 'x' }])

    expect(
      await call('sendRichMessage', rich(...Array.from({ length: 500 }, () => paragraph('x')))),
    ).toMatchObject({ ok: true })
    expect(await call('sendRichMessage', rich({ type: 'list', items }))).toMatchObject(
      bad('rich message has too many blocks'),
    )
    expect(await call('sendRichMessage', rich({ type: 'table', cells: rows }))).toMatchObject(
      bad('rich message has too many blocks'),
    )
  })

  test('16 levels go, 17 do not', async () => {
    const nest = (levels: number): unknown =>
      levels === 1 ? paragraph('x') : { type: 'blockquote', blocks: [nest(levels - 1)] }

    expect(await call('sendRichMessage', rich(nest(16)))).toMatchObject({ ok: true })
    expect(await call('sendRichMessage', rich(nest(17)))).toMatchObject(
      bad('rich message is nested too deep'),
    )
  })

  test('20 table columns go, 21 do not', async () => {
    const table = (columns: number) => ({
      type: 'table',
      cells: [Array.from({ length: columns }, () => ({ text: 'x' }))],
    })

    expect(await call('sendRichMessage', rich(table(20)))).toMatchObject({ ok: true })
    expect(await call('sendRichMessage', rich(table(21)))).toMatchObject(
      bad('rich table has too many columns'),
    )
  })

  test('50 media go, 51 do not', async () => {
    const media = (count: number) =>
      Array.from({ length: count }, () => ({ type: 'photo', photo: {} }))

    expect(await call('sendRichMessage', rich(...media(51)))).toMatchObject(
      bad('rich message has too much media'),
    )
  })

  test.each([
    { what: 'no blocks', message: { blocks: [] } },
    { what: 'an unknown block', message: { blocks: [{ type: 'marquee', text: 'x' }] } },
    { what: 'two sources at once', message: { blocks: [paragraph('x')], html: 'x' } },
    {
      what: 'a thinking block outside drafts',
      message: { blocks: [{ type: 'thinking', text: 'x' }] },
    },
    { what: 'a heading of size 7', message: { blocks: [{ type: 'heading', size: 7, text: 'x' }] } },
    {
      what: 'a button with too much data',
      message: {
        blocks: [{ type: 'buttons', buttons: [{ text: 'x', callback_data: 'a'.repeat(65) }] }],
      },
    },
  ])('refused: $what', async ({ message }) => {
    const answer = await call('sendRichMessage', { chat_id: ann, rich_message: message })

    expect(answer).toMatchObject({ ok: false, status: 400 })
  })
})
