import { expect, test } from 'vitest'
import { WORKER_CODES } from '../../../src/core/errors.ts'
import { blameOf, losesModel, nextStep } from '../../../src/gateway/retry-policy.ts'

const end = { attempt: 1, maxAttempts: 3, lastCode: undefined } as const

test.each(WORKER_CODES)('the word "%s" of one worker ends no job', (code) => {
  expect(nextStep({ ...end, code }).kind).toBe('retry')
})

test('the last attempt ends the job with its code', () => {
  expect(nextStep({ ...end, code: 'worker.lost', attempt: 3 })).toEqual({
    kind: 'fail',
    code: 'worker.lost',
  })
})

test('two attempts that agree about the input are believed, two crashes are not', () => {
  const lastCode = 'audio.undecodable'

  expect(nextStep({ ...end, code: lastCode, attempt: 2, lastCode }).kind).toBe('fail')
  expect(nextStep({ ...end, code: 'input.too-long', attempt: 2, lastCode }).kind).toBe('retry')
  expect(
    nextStep({ ...end, code: 'engine.crash', attempt: 2, lastCode: 'engine.crash' }).kind,
  ).toBe('retry')
})

test('a lost worker is replaced at once, a crash waits 250 ms to 5 s', () => {
  expect(nextStep({ ...end, code: 'worker.lost' })).toEqual({ kind: 'retry', delayMs: 0 })
  for (let i = 0; i < 50; i++) {
    const step = nextStep({ ...end, code: 'engine.crash' })
    const last = nextStep({ ...end, code: 'engine.crash', attempt: 9, maxAttempts: 10 })
    if (step.kind !== 'retry' || last.kind !== 'retry') throw new Error('not a retry')
    expect(step.delayMs).toBeGreaterThanOrEqual(250)
    expect(step.delayMs).toBeLessThan(500)
    expect(last.delayMs).toBeLessThanOrEqual(5000)
  }
})

test('blame falls on the worker for crashes and forgeries, never for loss, cancel or a claim about the input', () => {
  expect(blameOf('engine.crash')).toBe('count')
  expect(blameOf('input.too-long')).toBe('none')
  expect(blameOf('receipt.weights')).toBe('open')
  expect(blameOf('result.open')).toBe('open')
  expect([blameOf('worker.lost'), blameOf('job.cancelled'), blameOf('stores.lost')]).toEqual([
    'none',
    'none',
    'none',
  ])
})

test('a worker without the model loses it', () => {
  expect([losesModel('models.absent'), losesModel('models.corrupt')]).toEqual([true, true])
  expect(losesModel('engine.crash')).toBe(false)
})
