import { expect, test } from 'vitest'
import { JobError } from '../../../src/queue/job-error.ts'

test('the error that BullMQ stores holds a code and nothing else', () => {
  const error = new JobError('engine.crash')

  expect([error.message, error.stack]).toEqual(['engine.crash', ''])
})
