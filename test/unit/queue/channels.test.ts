import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isFrontId, isPoolId, newJobId, parseId } from '../../../src/core/ids.ts'
import {
  decodeFrontMessage,
  decodeGatewayMessage,
  encodeFrontMessage,
  encodeGatewayMessage,
  frontChannel,
} from '../../../src/queue/channels.ts'

test('what is published to a front is what it reads', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 500 }),
      fc.string({ maxLength: 100 }),
      fc.integer({ min: 1, max: 1000 }),
      (chunk, text, attempt) => {
        const header = Buffer.from(text, 'utf8').toString('utf8')
        const message = { kind: 'chunk', job: newJobId(), attempt, header, chunk } as const

        const read = decodeFrontMessage(encodeFrontMessage(message))

        expect(read).toEqual({ ...message, chunk: Buffer.from(chunk) })
      },
    ),
  )
  const ended = { kind: 'ended', job: newJobId() } as const
  expect(decodeFrontMessage(encodeFrontMessage(ended))).toEqual(ended)
})

test('what is published to gateways is what they read', () => {
  const wake = { kind: 'wake', pool: parseId('m.simulated', isPoolId) } as const
  const ended = { kind: 'ended', job: newJobId(), reason: 'deadline' } as const

  for (const message of [wake, ended])
    expect(decodeGatewayMessage(Buffer.from(encodeGatewayMessage(message)))).toEqual(message)
})

test('anything else is nothing, and never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const isKnown = bytes[0] === 1 || bytes[0] === 2
      expect(decodeFrontMessage(Buffer.from(bytes)) === undefined || isKnown).toBe(true)
      expect(decodeGatewayMessage(Buffer.from(bytes))).toBeUndefined()
    }),
  )
  expect(decodeGatewayMessage(Buffer.from(`ended ${newJobId()} because`))).toBeUndefined()
  expect(frontChannel(parseId('bot-1', isFrontId))).toBe('front:bot-1')
})
