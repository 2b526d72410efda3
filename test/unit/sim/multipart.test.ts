import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMultipart } from '../../../src/sim/telegram/multipart.ts'
import { Refusal } from '../../../src/sim/telegram/refusal.ts'

const type = 'multipart/form-data; boundary=-----b'
const part = (head: string, body: Buffer | string): Buffer =>
  Buffer.concat([
    Buffer.from(`-------b\r\n${head}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ])
const end = Buffer.from('-------b--\r\n')

test.each([
  { written: 'filename=a.srt', name: 'a.srt' },
  { written: 'filename=my отчёт "1".txt', name: 'my отчёт "1".txt' },
  { written: 'filename=two words.txt', name: 'two words.txt' },
  { written: 'filename="quoted; with semicolon.txt"', name: 'quoted; with semicolon.txt' },
  { written: 'filename="say %22hi%22.txt"', name: 'say "hi".txt' },
  { written: 'filename=cut;here.txt', name: 'cut' },
])('the file name of $written is $name', ({ written, name }) => {
  const body = Buffer.concat([
    part(`content-disposition:form-data;name="doc";${written}`, 'x'),
    end,
  ])

  expect(parseMultipart(body, type).files.get('doc')?.fileName).toBe(name)
})

test('fields and files are told apart, header names in any case', () => {
  const body = Buffer.concat([
    part('Content-Disposition: form-data; name="chat_id"', '5'),
    part(
      'CONTENT-DISPOSITION: form-data; name="voice"; filename="v.ogg"\r\nContent-Type: audio/ogg; codecs=opus',
      'OggS',
    ),
    end,
  ])

  const { fields, files } = parseMultipart(body, type)

  expect(fields).toEqual({ chat_id: '5' })
  expect(files.get('voice')).toMatchObject({ type: 'audio/ogg', bytes: Buffer.from('OggS') })
})

test('any bytes survive, also line breaks and what looks like a boundary', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom('', '\r\n', '--', '\r\n-----', '\r\n\r\n'),
      (bytes, tail) => {
        const content = Buffer.concat([Buffer.from(bytes), Buffer.from(tail)])
        const body = Buffer.concat([
          part('content-disposition: form-data; name=f; filename=f', content),
          end,
        ])

        expect(parseMultipart(body, type).files.get('f')?.bytes.equals(content)).toBe(true)
      },
    ),
  )
})

test.each(['', '-------b\r\n', '-------b\r\nno end', 'nothing at all'])(
  'a cut body is refused (%j)',
  (body) => {
    expect(() => parseMultipart(Buffer.from(body), type)).toThrow(Refusal)
  },
)
