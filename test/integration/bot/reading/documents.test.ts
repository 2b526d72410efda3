import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createReader } from '../../../../src/bot/reading/read.ts'
import { AppError } from '../../../../src/core/app-error.ts'
import { systemClock } from '../../../../src/core/clock.ts'
import { makeDocx, makePdf, makePdfOf, makeZip, paragraph } from '../../../support/documents.ts'
import { TestClock } from '../../../support/test-clock.ts'

const reader = createReader({ clock: systemClock, rules: { loopback: false } })
const read = (bytes: Uint8Array | string, fileName: string) =>
  reader.readDocument(Buffer.from(bytes as Uint8Array), { fileName })
const outcome = async (bytes: Uint8Array | string, fileName: string): Promise<string> => {
  try {
    await read(bytes, fileName)
    return 'read'
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.code
  }
}
const MIB = 1024 * 1024

describe('documents', () => {
  test('a PDF gives its pages in order, its title, and words cut at line ends whole', async () => {
    const pdf = makePdf(['First page (one)\nwith an inter-\nesting line', 'Second page'], {
      title: 'Report',
    })

    expect(await read(pdf, 'report.pdf')).toEqual({
      title: 'Report',
      text: 'First page (one)\nwith an interesting line\n\nSecond page',
    })
  })

  test('DOCX, HTML, subtitles, Markdown and plain text are read by the name or the type of the file', async () => {
    expect((await read(makeDocx(paragraph('Words')), 'a.DOCX')).text).toBe('Words')
    expect((await read('<title>T</title><p>Hello</p>', 'a.htm')).text).toBe('Hello')
    expect((await read('1\n00:00:01,000 --> 00:00:02,000\nHi\n', 'a.srt')).text).toBe('Hi')
    expect((await read('# Title\n\n    code', 'a.md')).text).toBe('# Title\n\n    code')
    const typed = await reader.readDocument(Buffer.from('words'), { mimeType: 'text/plain' })
    expect(typed.text).toBe('words')
  })

  test('the bytes stay the caller’s', async () => {
    const bytes = Buffer.from('words')

    await read(bytes, 'a.txt')

    expect(bytes.toString()).toBe('words')
  })

  test.each([
    ['a scan', makePdf(['', '']), 'a.pdf', 'document.scan'],
    [
      'a scan with the scanner’s name on each page',
      makePdf(['ScanApp', 'ScanApp', 'ScanApp']),
      'a.pdf',
      'document.scan',
    ],
    ['an encrypted PDF', makePdf(['text'], { encrypted: true }), 'a.pdf', 'document.encrypted'],
    [
      'a PDF of too many pages',
      makePdf(Array.from({ length: 501 }, () => 'x')),
      'a.pdf',
      'input.too-large',
    ],
    ['a broken PDF', '%PDF-1.4 nothing', 'a.pdf', 'document.damaged'],
    ['a broken DOCX', 'PK nothing', 'a.docx', 'document.damaged'],
    [
      'a program called a text',
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1, 2, 0, 3]),
      'a.txt',
      'document.damaged',
    ],
    ['an empty file', '', 'a.txt', 'input.empty'],
    ['blanks', ' \n ', 'a.txt', 'input.empty'],
    ['a picture', 'x', 'a.png', 'input.unsupported'],
    ['a file over 20 MiB', Buffer.alloc(20 * MIB + 1, 97), 'a.txt', 'input.too-large'],
  ])('%s ends in its code', async (...[, bytes, name, code]) => {
    expect(await outcome(bytes, name)).toBe(code)
  })
})

describe('bombs', () => {
  test.each([
    ['nested tags', '<div>'.repeat(400_000), 'a.html', ['page.failed']],
    [
      'tags just below the depth limit, many times',
      `${'<div>'.repeat(490)}${'<b>x</b><p>y</p>'.repeat(120_000)}`,
      'a.html',
      ['read', 'input.too-large'],
    ],
    [
      'a DOCX that unpacks to much',
      makeDocx(paragraph('a'.repeat(100 * MIB))),
      'a.docx',
      ['input.too-large'],
    ],
    [
      'a DOCX that lies about its size',
      makeZip([
        { name: 'word/document.xml', content: Buffer.alloc(100 * MIB, 97), claimedBytes: 500 },
      ]),
      'a.docx',
      ['input.too-large'],
    ],
    [
      'a DOCX of very many small paragraphs',
      makeDocx(Array.from({ length: 150_000 }, (_, at) => paragraph(String(at * 7919))).join('')),
      'a.docx',
      ['read', 'input.too-large'],
    ],
    [
      'a PDF stream that unpacks to much',
      makePdfOf([
        { dictionary: '/Filter /FlateDecode', bytes: deflateSync(Buffer.alloc(300 * MIB, 32)) },
      ]),
      'a.pdf',
      ['input.too-large'],
    ],
  ])(
    '%s: ends in its code, and hardly any of its work is done on the main thread',
    async (...[, bytes, name, codes]) => {
      const work = process.cpuUsage()
      const here = process.threadCpuUsage()

      const code = await outcome(bytes, name)

      const all = process.cpuUsage(work)
      const main = process.threadCpuUsage(here)
      expect(main.user + main.system).toBeLessThan((all.user + all.system) / 2)
      expect(codes).toContain(code)
      expect(await outcome('still alive', 'a.txt')).toBe('read')
    },
  )

  test('other chats are served while a bomb is parsed, however long that takes', async () => {
    // By a clock that stands still the thread is never ended, and this page takes more than ten minutes.
    const bomb = `${'<div>'.repeat(490)}${'<b>x</b><p>y</p>'.repeat(120_000)}`
    const patient = createReader({ clock: new TestClock(), rules: { loopback: false } })
    const chats = createServer((_, response) => response.end('served')).listen(0, '127.0.0.1')
    await once(chats, 'listening')
    const { port } = chats.address() as AddressInfo
    const ending = new AbortController()
    const before = elsewhereMs()
    const reading = { hasEnded: false }
    const answered = patient
      .readDocument(Buffer.from(bomb), { fileName: 'a.html' }, { signal: ending.signal })
      .finally(() => {
        reading.hasEnded = true
      })
      .catch((error: unknown) => error)

    let served = 0
    while (!reading.hasEnded && served < 50) {
      const answer = await (await fetch(`http://127.0.0.1:${port}/`)).text()
      // A second of work in another thread is more than loading the parser takes: it parses now.
      if (answer === 'served' && elsewhereMs() - before > 1000) served++
    }
    const wasReading = !reading.hasEnded
    ending.abort(new Error('enough'))

    expect([served, wasReading]).toEqual([50, true])
    expect(await answered).toMatchObject({ message: 'enough' })
    chats.close()
    chats.closeAllConnections()
  })

  /** Milliseconds of work that this process did outside of its main thread. */
  function elsewhereMs(): number {
    const all = process.cpuUsage()
    const main = process.threadCpuUsage()
    return (all.user + all.system - main.user - main.system) / 1000
  }

  test('at most two threads run at once and the others wait their turn', async () => {
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, at) => read(`text ${String(at)}`, 'a.txt')),
    )

    expect(all.map(({ text }) => text)).toEqual(
      Array.from({ length: 6 }, (_, at) => `text ${String(at)}`),
    )
  })
})
