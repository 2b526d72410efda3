import { expect, test } from 'vitest'
import { type JobId, newJobId } from '../../../src/core/ids.ts'
import { createLog } from '../../../src/core/log.ts'
import { Plaintext } from '../../../src/core/plaintext.ts'

function collect() {
  const lines: string[] = []
  return {
    lines,
    log: createLog(
      'test',
      (line) => lines.push(line),
      () => 0,
    ),
  }
}

test('a log line is one JSON object with time, level, role, event and flat fields', () => {
  const { lines, log } = collect()
  const job: JobId = newJobId()

  log.info('job.sealed', { job, task: 'translate', bytes: 12, amount: 3n })

  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    at: '1970-01-01T00:00:00.000Z',
    level: 'info',
    role: 'test',
    event: 'job.sealed',
    job,
    task: 'translate',
    bytes: 12,
    amount: '3',
  })
})

// What must not compile; tsc covers test/, an unused directive is an error there.
test('content does not compile as a log field', () => {
  const { log } = collect()
  const text: string = 'a user wrote this'
  const unknown: unknown = text
  const refuse = (_run: () => void): void => undefined

  // @ts-expect-error a wide string may be a user's text
  refuse(() => log.info('job.sealed', { text }))
  // @ts-expect-error a template with a wide part as well
  refuse(() => log.info('job.sealed', { text: `x${text}` as const }))
  // @ts-expect-error an error may carry content in its message
  refuse(() => log.info('job.sealed', { error: new Error(text) }))
  // @ts-expect-error plaintext is content
  refuse(() => log.info('job.sealed', { text: Plaintext.of(text) }))
  // @ts-expect-error unknown may be anything
  refuse(() => log.info('job.sealed', { unknown }))
  // @ts-expect-error objects hide fields
  refuse(() => log.info('job.sealed', { nested: { text } }))
  // @ts-expect-error an event name is a literal
  refuse(() => log.info(`job.${text}`))

  expect(text).toBe('a user wrote this')
})
