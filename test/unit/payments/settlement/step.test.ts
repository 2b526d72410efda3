import { describe, expect, test } from 'vitest'
import type { Chunk } from '../../../../src/payments/settlement/batch.ts'
import { worstFailure } from '../../../../src/payments/settlement/failure.ts'
import {
  checkSeqno,
  isClosable,
  mayFollow,
  nextMove,
  type Sight,
  verdictOf,
} from '../../../../src/payments/settlement/step.ts'

const signed = {
  wallet: 'w',
  fence: 1n,
  seqno: 7,
  validUntil: 1000n,
  message: new Uint8Array(1),
  normHash: 'h',
  walletLt: 0n,
}
const sight = (part: Partial<Sight> = {}): Sight => ({
  chainTime: 900,
  seqno: 7,
  isFound: false,
  isComplete: true,
  ...part,
})
const moveAt = (part: Partial<Sight>, sentAtMs?: number, nowMs = 10_000) =>
  nextMove({ signed, ...(sentAtMs !== undefined && { sentAtMs }) }, { sight: sight(part), nowMs })

describe('a signed batch', () => {
  test.each([
    ['is sent at once', moveAt({}), { do: 'send' }],
    ['is sent again after 2 s', moveAt({}, 8000), { do: 'send' }],
    ['and not before', moveAt({}, 8001), { do: 'wait' }],
    ['is seen when the wallet took it', moveAt({ seqno: 8, isFound: true }), { do: 'see' }],
    ['is seen however late', moveAt({ seqno: 9, isFound: true, chainTime: 9999 }), { do: 'see' }],
    ['is not given up in the 30 s after its time', moveAt({ chainTime: 1030 }), { do: 'send' }],
    ['is given up after them', moveAt({ chainTime: 1031 }), { do: 'expire' }],
    [
      'is not given up by a node that lags',
      moveAt({ chainTime: 1031, isComplete: false }),
      { do: 'wait' },
    ],
    [
      'whose number somebody else used stops everything',
      moveAt({ seqno: 8 }),
      { do: 'halt', code: 'settlement.foreign_use' },
    ],
    [
      'whose number was used, by a node that does not show by whom, waits',
      moveAt({ seqno: 8, isComplete: false }),
      { do: 'wait' },
    ],
  ] as const)('%s', (_title, move, wanted) => {
    expect(move).toEqual(wanted)
  })
})

test('a wallet signs with the number that follows from our rows and no other', () => {
  expect(checkSeqno(3, 3)).toBe('sign')
  expect(checkSeqno(2, 3)).toBe('wait')
  expect(checkSeqno(4, 3)).toBe('foreign')
})

const taken = {
  chunk: 0,
  kind: 'settle',
  valueNano: 1n,
  vaultLt: 5n,
  exitCode: 0,
  actionCode: 0,
} as const

describe('what the vault made of it', () => {
  test.each([
    ['out of gas', { exitCode: -14, actionCode: undefined }, 'smaller-chunks'],
    ['no value for forwarding', { actionCode: 37 }, 'more-value'],
    ['underfunded', { exitCode: 407, actionCode: undefined }, 'wait'],
    ['paused', { exitCode: 403, actionCode: undefined }, 'wait'],
    ['over its cap', { exitCode: 406, actionCode: undefined }, 'wait'],
    ['full', { exitCode: 412, actionCode: undefined }, 'wait'],
    ['too late', { exitCode: 405, actionCode: undefined }, 'plan-again'],
    ['another key', { exitCode: 401, actionCode: undefined }, 'halt'],
    ['another vault', { exitCode: 404, actionCode: undefined }, 'halt'],
    ['another key epoch', { exitCode: 413, actionCode: undefined }, 'halt'],
    ['a number nobody knows', { exitCode: 77, actionCode: undefined }, 'halt'],
    ['nothing to begin with', { exitCode: undefined, actionCode: undefined }, 'more-value'],
    ['never arrived', { vaultLt: undefined }, 'wait'],
  ])('%s', (_title, part, remedy) => {
    const verdict = verdictOf({ chunks: [taken, { ...taken, ...part } as Chunk] })

    expect(verdict).toMatchObject({ state: 'failed', failure: { remedy: { do: remedy } } })
  })

  test('what only a person can end outweighs what ends by itself', () => {
    const codes = [405, -14, 407, 401, 37]
    const chunks = codes.map((exitCode) => ({ ...taken, exitCode }))

    expect(worstFailure(chunks)?.code).toBe('vault.signature')
  })

  test('it took everything', () => {
    expect(verdictOf({ chunks: [taken, taken] })).toEqual({ state: 'finalized' })
  })
})

describe('a batch is closed', () => {
  const lines = [{ payee: 'a', chunk: 0, paidBefore: 0n, target: 5n }]
  test('when the vault says that all was paid and all was booked', () => {
    expect(isClosable({ lines, chunks: [taken] }, { paidTo: () => 5n, cursorLt: 5n })).toBe(true)
  })
  test('also when a payee had claimed more by itself', () => {
    expect(isClosable({ lines, chunks: [taken] }, { paidTo: () => 9n, cursorLt: 9n })).toBe(true)
  })
  test.each([
    ['one is owed still', 4n, 5n],
    ['the booking is behind', 5n, 4n],
  ])('not while %s', (_title, paid, cursorLt) => {
    expect(isClosable({ lines, chunks: [taken] }, { paidTo: () => paid, cursorLt })).toBe(false)
  })
})

test('no state is skipped and none comes back', () => {
  const states = ['planned', 'signed', 'broadcast', 'seen', 'finalized', 'closed'] as const
  const wrong = states.flatMap((state, from) =>
    states.filter((other, to) => (to < from || to > from + 2) && mayFollow(state, other)),
  )
  expect(wrong).toEqual([])
  for (const end of ['closed', 'expired', 'failed'] as const)
    for (const state of states) expect(mayFollow(end, state)).toBe(false)
})
