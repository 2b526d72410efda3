import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = new URL('../../../../src/workers/engine/', import.meta.url).pathname
const sources = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
}))

// A saved sequence holds the text of whoever used it last (ENG A4).
test('no engine file can write the state of a sequence or read one', () => {
  const writers = sources.filter(({ text }) => /saveState|loadState/.test(text))

  expect(sources.length).toBeGreaterThan(10)
  expect(writers).toEqual([])
})

test('no engine file writes to a log or a console: engine messages may quote a user', () => {
  const talkers = sources.filter(({ text }) => /console\.|process\.std(out|err)|\blog\./.test(text))

  expect(talkers.map(({ name }) => name)).toEqual([])
})
