import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalBytes } from '../../../../src/core/canonical.ts'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import { composeHashOf } from '../../../../src/tee/verify/policy/event-log.ts'
import { type LoggedEvent, loggedEvents, rtmr3Of } from '../../../support/event-log.ts'
import { register } from '../../../support/policy.ts'

const compose = register(0xab, 32)
const events: LoggedEvent[] = [
  { event: 'system-preparing', payload: '' },
  { event: 'app-id', payload: register(1, 20) },
  { event: 'compose-hash', payload: compose },
  { event: 'system-ready', payload: '' },
]
const rtmr3 = rtmr3Of(events)
const read = (log: unknown, register3 = rtmr3) =>
  composeHashOf(typeof log === 'string' ? log : JSON.stringify(log), register3, nodeHashes)

describe('an event log', () => {
  it('that replays to the register names the compose hash', () => {
    expect(read(loggedEvents(events))).toBe(compose)
  })

  it('may leave its digests out, and may hold events of other registers and unknown members', () => {
    const bare = loggedEvents(events).map(({ digest: _digest, ...rest }) => rest)
    const other = { imr: 0, event_type: 3, digest: register(1), event: '', event_payload: '' }

    expect(read([other, ...bare])).toBe(compose)
    expect(read(loggedEvents(events).map((one) => ({ ...one, note: 1 })))).toBe(compose)
  })

  it('with the second form of digests replays too', () => {
    const [first, ...rest] = loggedEvents(events)
    const second = createHash('sha384')
      .update(canonicalBytes({ name: 'system-preparing', payload: '', type: 0x08000001 }))
      .digest('hex')
    const mixed = [{ ...first, digest: second }, ...rest]
    let mr = Buffer.alloc(48)
    for (const { digest } of mixed)
      mr = createHash('sha384').update(mr).update(Buffer.from(digest, 'hex')).digest()

    expect(read(mixed, mr.toString('hex'))).toBe(compose)
    expect(read(mixed)).toBeUndefined()
  })

  it.each([
    ['another register', loggedEvents(events), register(9)],
    ['a dropped event', loggedEvents(events).slice(1), rtmr3],
    ['events in another order', loggedEvents(events.toReversed()), rtmr3],
    ['no log', '', rtmr3],
    ['no list', '{}', rtmr3],
    ['an entry that is no object', [1], rtmr3],
  ])('with %s names nothing', (_, log, register3) => {
    expect(read(log, register3)).toBeUndefined()
  })

  it('whose payload is not what its digest covers names nothing', () => {
    const forged = loggedEvents(events).map((one) =>
      one.event === 'compose-hash' ? { ...one, event_payload: register(0xcd, 32) } : one,
    )

    expect(read(forged)).toBeUndefined()
  })

  it('with two compose hashes, none, or a short one names nothing', () => {
    const [a, b, c, d] = events as [LoggedEvent, LoggedEvent, LoggedEvent, LoggedEvent]
    const named = (list: LoggedEvent[]) => read(loggedEvents(list), rtmr3Of(list))

    expect(named([a, b, c, d, { event: 'compose-hash', payload: register(1, 32) }])).toBeUndefined()
    expect(named([a, b, d])).toBeUndefined()
    expect(named([a, { event: 'compose-hash', payload: 'abcd' }])).toBeUndefined()
  })

  it('of another event type, with bad hex, or too long names nothing', () => {
    const change = (part: object) => read(loggedEvents(events).map((one) => ({ ...one, ...part })))

    expect(change({ event_type: 1 })).toBeUndefined()
    expect(change({ event_payload: 'XY' })).toBeUndefined()
    expect(change({ digest: 'short' })).toBeUndefined()
    expect(change({ imr: 4 })).toBeUndefined()
    expect(read(' '.repeat(262_145))).toBeUndefined()
  })
})
