import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Press, parsePress, pressData } from '../../../src/bot/buttons.ts'
import { newJobId } from '../../../src/core/ids.ts'

const copy = () => ({
  id: randomBytes(12).toString('base64url'),
  key: randomBytes(32).toString('base64url'),
})
const presses: Press[] = [
  { kind: 'details', job: newJobId() },
  { kind: 'cancel', job: newJobId() },
  { kind: 'translate', to: 'de', sure: false },
  { kind: 'translate', to: 'de', from: 'fil', sure: true },
  { kind: 'to-menu', page: 2 },
  { kind: 'from-menu', to: 'ru', page: 3 },
  { kind: 'summarize', to: 'en' },
  { kind: 'transcribe' },
  { kind: 'transcribe', language: 'ru' },
  { kind: 'never', language: 'ja' },
  { kind: 'copy', action: 'summarize', ...copy() },
  { kind: 'copy', action: 'translate', ...copy(), language: 'fil' },
  { kind: 'copy', action: 'menu', ...copy(), page: 1 },
  { kind: 'setting', key: 'menu' },
  { kind: 'setting', key: 'summary', value: '2000' },
  { kind: 'setting', key: 'reads', value: 'de' },
  { kind: 'setting', key: 'price', value: '10000000' },
  { kind: 'priced', press: { kind: 'translate', to: 'de', from: 'fil', sure: true } },
  { kind: 'priced', press: { kind: 'transcribe' } },
  { kind: 'priced', press: { kind: 'copy', action: 'translate', ...copy(), language: 'fil' } },
  { kind: 'money', act: 'balance' },
  { kind: 'money', act: 'pack', value: '1000' },
  { kind: 'money', act: 'refund-one', value: '0123456789abcdef' },
  { kind: 'backlog', choice: 'process' },
  { kind: 'forget', choice: 'no' },
]

test.each(presses.map((press) => [press.kind, press] as const))(
  'a press of kind %s fits 64 bytes and comes back as it was',
  (_kind, press) => {
    const data = pressData(press)

    expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64)
    expect(parsePress(data)).toEqual(press)
  },
)

test('data that would not fit is refused before Telegram refuses it', () => {
  expect(() => pressData({ kind: 'never', language: 'x'.repeat(70) })).toThrow(RangeError)
})

test('any other data is nobody’s press and never throws', () => {
  const isHarmless = (data: string): boolean => {
    const press = parsePress(data)
    return press === undefined || pressData(press) === data
  }

  const result = fc.check(fc.property(fc.string({ maxLength: 64 }), isHarmless))

  expect(result.counterexample).toBeNull()
})
