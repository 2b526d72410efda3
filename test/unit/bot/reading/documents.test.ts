import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { declaredCharset, decodeText } from '../../../../src/bot/reading/decode-text.ts'
import { readDocx } from '../../../../src/bot/reading/docx.ts'
import { subtitlesText } from '../../../../src/bot/reading/subtitles-text.ts'
import { openZip } from '../../../../src/bot/reading/zip.ts'
import { codeOf } from '../../../../src/core/app-error.ts'
import { makeDocx, makeZip, paragraph } from '../../../support/documents.ts'
import { windows1251 } from '../../../support/windows-1251.ts'

const codeFrom = (run: () => unknown): string => {
  try {
    run()
    return 'nothing thrown'
  } catch (error) {
    return codeOf(error)
  }
}
const MIB = 1024 * 1024

describe('DOCX', () => {
  test('paragraphs, breaks, tables and notes are read in order', () => {
    const body = `${paragraph('Отчёт за март')}<w:p><w:r><w:t>a &amp; b</w:t><w:tab/><w:t>c</w:t><w:br/><w:t>d</w:t></w:r></w:p><w:tbl><w:tr><w:tc>${paragraph('Year')}</w:tc><w:tc>${paragraph('Sum')}</w:tc></w:tr><w:tr><w:tc>${paragraph('2025')}</w:tc><w:tc>${paragraph('7')}</w:tc></w:tr></w:tbl>`
    const notes = {
      name: 'word/footnotes.xml',
      content: `<w:footnotes>${paragraph('A note')}</w:footnotes>`,
    }
    const core = {
      name: 'docProps/core.xml',
      content: '<x><dc:title>March &lt;2&gt;</dc:title></x>',
    }

    expect(readDocx(makeDocx(body, [notes, core]))).toEqual({
      title: 'March <2>',
      text: 'Отчёт за март\n\na & b c\nd\n\nYear | Sum\n2025 | 7\n\nA note',
    })
  })

  test('deleted words, field codes and repeated fallbacks are left out', () => {
    const body =
      '<w:p><w:r><w:t>kept</w:t></w:r><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText></w:r><mc:AlternateContent><mc:Choice><w:t> once</w:t></mc:Choice><mc:Fallback><w:t> twice</w:t></mc:Fallback></mc:AlternateContent></w:p>'

    expect(readDocx(makeDocx(body)).text).toBe('kept once')
  })

  test.each([
    ['no ZIP', Buffer.from('hello'), 'document.damaged'],
    ['a cut ZIP', makeDocx(paragraph('a')).subarray(0, 200), 'document.damaged'],
    ['a ZIP that is no DOCX', makeZip([{ name: 'a.txt', content: 'a' }]), 'document.damaged'],
    ['an empty document', makeDocx(paragraph('')), 'input.empty'],
    ['an old .doc', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'input.unsupported'],
    [
      'an encrypted DOCX',
      Buffer.concat([
        Buffer.from('d0cf11e0a1b11ae1', 'hex'),
        Buffer.from('EncryptedPackage', 'utf16le'),
      ]),
      'document.encrypted',
    ],
    [
      'a bomb by its own word',
      makeZip([{ name: 'word/document.xml', content: 'a', claimedBytes: 21 * MIB }]),
      'input.too-large',
    ],
    ['a bomb by ratio', makeDocx(paragraph('a'.repeat(5 * MIB))), 'input.too-large'],
    [
      'a bomb that lies about its size',
      makeZip([{ name: 'word/document.xml', content: 'a'.repeat(2 * MIB), claimedBytes: 1000 }]),
      'input.too-large',
    ],
  ])('%s', (_, bytes, code) => {
    expect(codeFrom(() => readDocx(bytes))).toBe(code)
  })

  test('the limit holds for all files of the archive together', () => {
    const noise = randomBytes(300_000)
    const claiming = (claimedBytes: number) =>
      ['a', 'b', 'c', 'd'].map((name) => ({ name, content: noise, claimedBytes }))

    expect(codeFrom(() => openZip(makeZip(claiming(6 * MIB))))).toBe('input.too-large')
    const liars = openZip(makeZip(claiming(1000)))
    expect(codeFrom(() => liars.read('a'))).toBe('input.too-large')
  })
})

describe('encodings', () => {
  const russian = 'Привет, это обычный русский текст.'

  test.each([
    ['UTF-8', Buffer.from(russian)],
    ['UTF-8 with mark', Buffer.from(`\ufeff${russian}`)],
    ['UTF-16 LE with mark', Buffer.from(`\ufeff${russian}`, 'utf16le')],
    ['UTF-16 BE with mark', Buffer.from(`\ufeff${russian}`, 'utf16le').swap16()],
    ['windows-1251', windows1251(russian)],
  ])('%s is recognised', (_, bytes) => {
    expect(decodeText(bytes).replace('\ufeff', '')).toBe(russian)
  })

  test('UTF-16 without mark is recognised by its zeros', () => {
    expect(decodeText(Buffer.from('plain words', 'utf16le'))).toBe('plain words')
  })

  test('single accented letters are Western', () => {
    expect(decodeText(Buffer.from('Le café est très agréable à cette heure', 'latin1'))).toBe(
      'Le café est très agréable à cette heure',
    )
  })

  test('a mark beats a label, a label beats a guess, an unknown label is no label', () => {
    expect(decodeText(Buffer.from('\ufeffя'), 'windows-1251').replace('\ufeff', '')).toBe('я')
    expect(decodeText(Buffer.from([0xc1]), 'koi8-r')).toBe('а')
    expect(decodeText(Buffer.from('я'), 'no-such-charset')).toBe('я')
  })

  test('both ways of declaring a charset in a page are seen', () => {
    expect(declaredCharset(Buffer.from('<meta charset=koi8-r>'))).toBe('koi8-r')
    expect(
      declaredCharset(
        Buffer.from('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'),
      ),
    ).toBe('windows-1251')
    expect(declaredCharset(Buffer.from('<p>charset=x</p>'))).toBeUndefined()
  })
})

describe('subtitles', () => {
  test('words only, in order, a repeated cue once', () => {
    const srt =
      '1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello,</i>\r\nyou there\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n{\\an8}Goodbye\r\n\r\n3\r\n00:00:04,000 --> 00:00:05,000\r\nGoodbye\r\n'

    expect(subtitlesText(srt)).toBe('Hello, you there\nGoodbye')
  })

  test('WebVTT is read as well', () => {
    expect(
      subtitlesText('WEBVTT\n\nNOTE mine\n\n00:01.000 --> 00:02.000 align:start\n<v Anna>Hi</v>\n'),
    ).toBe('Hi')
  })
})
