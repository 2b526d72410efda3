import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import { isModelId, parseId } from '../../../src/core/ids.ts'
import type { TaskPorts } from '../../../src/tasks/task.ts'
import { createLending } from '../../../src/workers/lending.ts'
import { codeThrown } from '../../support/tee.ts'

const model = parseId('m', isModelId)
const never = new AbortController().signal

function setUp(failure?: Error) {
  let lent = 0
  let most = 0
  const lending = createLending(
    {
      slots: { text: 2, speech: 0 },
      portsFor: () => {
        if (failure) throw failure
        lent += 1
        most = Math.max(most, lent)
        return { ports: {} as TaskPorts, release: () => void (lent -= 1) }
      },
    },
    {
      models: [{ id: model, weights: `sha256:${'a'.repeat(64)}`, kind: 'llm', speed: 1 }],
      engineNames: { llm: 'x', stt: 'y' },
    },
  )
  return { lending, most: () => most, lent: () => lent }
}

describe('lent slots', () => {
  it('are never more than there are, and whoever waits gets the next', async () => {
    const { lending, most, lent } = setUp()
    const order: number[] = []
    const take = async (n: number) => {
      const loan = await lending.lend({ model, signal: never })
      order.push(n)
      await Promise.resolve()
      loan.release()
      loan.release()
    }

    await Promise.all([1, 2, 3, 4, 5].map(take))

    expect(order).toEqual([1, 2, 3, 4, 5])
    expect(most()).toBe(2)
    expect(lent()).toBeLessThanOrEqual(0)
  })

  it('are not waited for by a cancelled job', async () => {
    const { lending } = setUp()
    const held = [
      await lending.lend({ model, signal: never }),
      await lending.lend({ model, signal: never }),
    ]
    const stop = new AbortController()
    const waiting = codeThrown(() => lending.lend({ model, signal: stop.signal }))
    const next = lending.lend({ model, signal: never })

    stop.abort()
    held[0]?.release()

    expect(await waiting).toBe('job.cancelled')
    await expect(next).resolves.toBeDefined()
    expect(await codeThrown(() => lending.lend({ model, signal: stop.signal }))).toBe(
      'job.cancelled',
    )
  })

  it('come back when the engine refuses', async () => {
    const { lending } = setUp(new AppError('engine.stuck'))

    for (let n = 0; n < 3; n++)
      expect(await codeThrown(() => lending.lend({ model, signal: never }))).toBe('engine.stuck')
  })

  it('of a model that was not loaded there are none', async () => {
    const { lending } = setUp()

    expect(
      await codeThrown(() => lending.lend({ model: parseId('n', isModelId), signal: never })),
    ).toBe('models.absent')
  })
})
