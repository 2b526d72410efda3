import { expect, test } from 'vitest'
import { encodeJoinCode, type JoinCode, settingsOfJoinCode } from '../../../src/core/join-code.ts'

const code: JoinCode = {
  net: 'devnet',
  join: `${'t'.repeat(43)}.${'s'.repeat(43)}`,
  brokerKey: 'b'.repeat(43),
  payout: `0:${'0f'.repeat(32)}`,
  gateway: 'ws://127.0.0.1:48100/v1/connect',
}

test('a code is short enough for a Copy button, with its command', () => {
  const command = `CHRYSALIS_JOIN=${encodeJoinCode(code)} ./chrysalis worker`

  expect(command.length).toBeLessThanOrEqual(256)
  expect(command).toMatch(/^[\w=.,:/ -]+$/)
})

test.each([
  code,
  { ...code, payout: '' },
  { ...code, net: 'mainnet', join: 't'.repeat(43), gateway: 'wss://gw.example.org/v1/connect' },
  { ...code, net: 'testnet', gateway: 'wss://gw.example.org:8443/other' },
] as const)('a worker reads what was written: %#', (it) => {
  expect(settingsOfJoinCode(encodeJoinCode(it))).toEqual({
    CHRYSALIS_NET: it.net,
    CHRYSALIS_JOIN: it.join,
    CHRYSALIS_BROKER_KEY: it.brokerKey,
    CHRYSALIS_PAYOUT: it.payout,
    CHRYSALIS_GATEWAY_URL: it.gateway,
  })
})

test.each(['', 'x'.repeat(43), `${'t'.repeat(43)}.${'s'.repeat(43)}`, 'z1,a,b,c,d'])(
  'a bare token is no code: %#',
  (text) => {
    expect(settingsOfJoinCode(text)).toBeUndefined()
  },
)
