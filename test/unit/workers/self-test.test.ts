import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import { selfTest } from '../../../src/workers/self-test.ts'
import {
  ECHO_SPEECH,
  ECHO_TEXT,
  type EchoOptions,
  echoLending,
} from '../../support/echo-lending.ts'
import { quietLog as log } from '../../support/quiet-log.ts'
import { TestClock } from '../../support/test-clock.ts'

const never = new AbortController().signal
const tried = (options: EchoOptions, clock = new TestClock()) =>
  selfTest(echoLending(options), { clock, log, signal: never })
const idsOf = (models: readonly { readonly id: string }[]) => models.map(({ id }) => id)

describe('a machine that tries its models', () => {
  it('announces those that answer, and has all slots free afterwards', async () => {
    const lending = await tried({})

    expect(idsOf(lending.models)).toEqual([ECHO_TEXT, ECHO_SPEECH])
    expect(lending.failed).toEqual([])
    for (const model of [ECHO_TEXT, ECHO_SPEECH])
      (await lending.lend({ model, signal: never })).release()
  })

  it('leaves out the one that fails, with its code, and keeps the other', async () => {
    const lending = await tried({ failure: new AppError('engine.oom') })

    expect(idsOf(lending.models)).toEqual([ECHO_SPEECH])
    expect(lending.failed).toEqual([{ id: ECHO_TEXT, code: 'engine.oom' }])
  })

  it('calls what is no code of a worker a crash', async () => {
    const lending = await tried({ failure: new Error('words of an engine') })

    expect(lending.failed).toEqual([{ id: ECHO_TEXT, code: 'engine.crash' }])
  })

  it('gives a model a minute', async () => {
    const clock = new TestClock()
    const asked = Promise.withResolvers<void>()
    const before = (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new AppError('job.cancelled')))
        asked.resolve()
      })

    const result = tried({ before }, clock)
    await asked.promise
    clock.advance(60_000)

    expect((await result).failed).toEqual([{ id: ECHO_TEXT, code: 'engine.stuck' }])
  })

  it('ends when the process is told to', async () => {
    const stop = new AbortController()
    const before = async (): Promise<void> => stop.abort(new AppError('job.cancelled'))

    const result = selfTest(echoLending({ before }), {
      clock: new TestClock(),
      log,
      signal: stop.signal,
    })

    await expect(result).rejects.toMatchObject({ code: 'job.cancelled' })
  })
})
