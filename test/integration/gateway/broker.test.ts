import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isModelId, parseId } from '../../../src/core/ids.ts'
import { createLog } from '../../../src/core/log.ts'
import { createBroker } from '../../../src/gateway/broker.ts'
import type { Worker } from '../../../src/gateway/worker.ts'
import { identityOf } from '../../../src/tee/keys/identity.ts'
import { handClock, NOW_S, someKid } from '../../support/tee.ts'

const model = parseId('echo', isModelId)
const weights = `sha256:${'e'.repeat(64)}`
const served = { model, weights, kind: 'llm' } as const

/** A worker as it stands when its turn comes; nothing but its standing is looked at. */
const worker = (change: object = {}, session: object = {}): Worker =>
  ({
    kid: someKid(),
    isDraining: false,
    isExpired: false,
    isGone: false,
    session: {
      tier: 'simulated',
      expiresAt: NOW_S + 60,
      claims: { models: [{ id: model, weights }] },
      ...session,
    },
    ...change,
  }) as never

function broker() {
  const asked: unknown[] = []
  const it = createBroker({
    net: 'devnet',
    store: {
      release: async (to: unknown) => {
        asked.push(to)
        return 'release.closed'
      },
    } as never,
    releases: { addHeads: async () => undefined, lastHead: async () => undefined } as never,
    keks: {} as never,
    identity: identityOf(randomBytes(32)),
    clock: handClock(),
    log: createLog(
      'test',
      () => undefined,
      () => 0,
    ),
  })
  const lend = (to: Worker) =>
    it.lend({
      worker: to,
      served,
      fetched: { job: 'a'.repeat(32), token: 'token' } as never,
      announce: () => undefined,
    })
  return { asked, lend }
}

test('a key is asked for on behalf of a worker whose session stands and whose claims name the model', async () => {
  const { asked, lend } = broker()

  expect(await lend(worker())).toBe('release.closed')
  expect(asked).toMatchObject([{ model, tier: 'simulated' }])
})

test.each([
  ['has drained', 'release.no-session', worker({ isDraining: true })],
  ['was told that its session is over', 'release.no-session', worker({ isExpired: true })],
  ['is gone', 'release.no-session', worker({ isGone: true })],
  ['has a session that ends now', 'release.no-session', worker({}, { expiresAt: NOW_S })],
  ['claims no model any more', 'release.model', worker({}, { claims: { models: [] } })],
  [
    'claims other weights than it was chosen for',
    'release.model',
    worker({}, { claims: { models: [{ id: model, weights: `sha256:${'f'.repeat(64)}` }] } }),
  ],
])('no attempt is used up when the worker %s before its turn', async (_what, code, to) => {
  const { asked, lend } = broker()

  expect(await lend(to)).toBe(code)
  expect(asked).toEqual([])
})
