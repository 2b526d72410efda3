import { describe, expect, it } from 'vitest'
import { parseCoin } from '../../../src/core/coin.ts'
import type { FrameOf } from '../../../src/core/frames.ts'
import { isJobId, type JobId, parseId } from '../../../src/core/ids.ts'
import { noUnits } from '../../../src/core/units.ts'
import type { PayNote, PayTerms } from '../../../src/core/voucher.ts'
import { cellSigner } from '../../../src/payments/contracts/sign.ts'
import { differs } from '../../../src/payments/prices/rates.ts'
import { payIn } from '../../../src/payments/vouchers/pay-note.ts'
import { checkVoucher, signVoucher } from '../../../src/payments/vouchers/voucher.ts'
import { createEarnings } from '../../../src/workers/earnings.ts'
import { earningsInMemory } from '../../../src/workers/earnings-file.ts'
import { quietLog } from '../../support/quiet-log.ts'
import { TestClock } from '../../support/test-clock.ts'

const key = cellSigner(new Uint8Array(32).fill(7))
const terms: PayTerms = {
  net: -217,
  vault: `0:${'ab'.repeat(32)}`,
  payee: 'cd'.repeat(32),
  epoch: 0,
  key: key.publicKey.toString('hex'),
}
const rates = { job: '1000000000000', outTok: '19000000' }
const units = { ...noUnits, inTokens: 300, outTokens: 1000 }
/** 1 coin/1000 for the job and 19 nano a token. */
const pay = 1_000_000n + 19_000n

const job = (n: number): JobId => parseId(n.toString(16).padStart(32, '0'), isJobId)
const signed = (totalNano: bigint, change: Partial<PayTerms> = {}) =>
  signVoucher(key, { ...terms, ...change, totalNano })
const note = (change: Partial<PayNote> = {}): PayNote => ({
  version: 1,
  rates,
  units,
  charged: true,
  amount: pay.toString(),
  ...change,
})

function worker(options: { credit?: string; file?: ReturnType<typeof earningsInMemory> } = {}) {
  const file = options.file ?? earningsInMemory()
  const earnings = createEarnings({
    file,
    check: checkVoucher,
    payIn,
    differs,
    creditNano: parseCoin(options.credit ?? '5'),
    clock: new TestClock(),
    log: quietLog,
  })
  earnings.pin(terms)
  let last = 0
  return {
    earnings,
    file,
    answering: (n: number, isCharged = true) =>
      earnings.answering({
        job: job(n),
        attempt: 1,
        row: 'translate.m.simulated',
        units,
        isCharged,
      }),
    ack: (n: number, more: Partial<FrameOf<'ack'>> = {}) => {
      last = n
      earnings.answered({ type: 'ack', job: job(n), attempt: 1, ok: true, ...more })
    },
    /** What stopped it, as `code detail`. */
    why: () => {
      const stopped = earnings.stopped()
      return (
        stopped && `${stopped.code} ${stopped.detail}${stopped.job === job(last) ? ' here' : ''}`
      )
    },
  }
}

describe('what a worker earned', () => {
  it('is pay by pay in the newest voucher, which is kept', () => {
    const { earnings, file, answering, ack, why } = worker()

    for (const n of [1, 2, 3]) {
      answering(n)
      ack(n, { pay: note(), voucher: signed(pay * BigInt(n)) })
    }

    expect(why()).toBeUndefined()
    expect(earnings.newest()?.total).toBe((pay * 3n).toString())
    expect(file.read()).toMatchObject({ jobs: 3, earnedNano: pay * 3n, terms })
  })

  it('may grow by more than its own pay: other machines of its owner earn too', () => {
    const { answering, ack, why } = worker()

    answering(1)
    ack(1, { pay: note(), voucher: signed(pay * 40n) })

    expect(why()).toBeUndefined()
  })

  it('keeps the highest total when answers come in another order than they were signed', () => {
    const { earnings, answering, ack, why } = worker()

    answering(1)
    answering(2)
    ack(2, { pay: note(), voucher: signed(pay * 2n) })
    ack(1, { pay: note(), voucher: signed(pay) })

    expect(why()).toBeUndefined()
    expect(earnings.newest()?.total).toBe((pay * 2n).toString())
  })

  it('stops the worker when one pay is given for two jobs, in any order', () => {
    const { answering, ack, why } = worker()

    answering(1)
    answering(2)
    ack(1, { pay: note(), voucher: signed(pay) })
    ack(2, { pay: note(), voucher: signed(pay + pay / 2n) })

    expect(why()).toBe('pay total here')
  })

  it('stops the worker when a total does not rise by the pay of a job that came later', () => {
    const { answering, ack, why } = worker()

    answering(1)
    ack(1, { pay: note(), voucher: signed(pay * 10n) })
    answering(2)
    ack(2, { pay: note(), voucher: signed(pay * 10n) })

    expect(why()).toBe('pay total here')
  })

  it('stops the worker for a voucher that is not signed, or of another vault', () => {
    const forged = worker()
    forged.answering(1)
    forged.ack(1, { pay: note(), voucher: { ...signed(pay), total: (pay * 2n).toString() } })
    const foreign = worker()
    foreign.answering(1)
    foreign.ack(1, { pay: note(), voucher: signed(pay, { vault: `0:${'ee'.repeat(32)}` }) })
    const told = worker()
    told.earnings.told({ type: 'earnings', voucher: signed(pay, { net: -239 }) })

    expect(forged.why()).toBe('voucher voucher.sig here')
    expect(foreign.why()).toBe('voucher voucher.domain here')
    expect(told.why()).toBe('voucher voucher.domain')
    expect(forged.earnings.newest()).toBeUndefined()
  })

  it('stops the worker when pay does not follow from rates and units', () => {
    const { answering, ack, why } = worker()

    answering(1)
    ack(1, { pay: note({ amount: (pay - 1n).toString() }), voucher: signed(pay) })

    expect(why()).toBe('pay amount here')
  })

  it('stops the worker when charged units are more than a hundredth away from its own count', () => {
    const near = { ...units, outTokens: 990 }
    const far = { ...units, outTokens: 989 }
    const of = (seen: typeof units) => {
      const { answering, ack, why } = worker()
      answering(1)
      const amount = payIn({ units: seen, rates, charged: true })
      ack(1, { pay: note({ units: seen, amount: amount.toString() }), voucher: signed(amount) })
      return why()
    }

    expect(of(near)).toBeUndefined()
    expect(of(far)).toBe('pay units here')
  })

  it('stops the worker when rates of a price version change behind its back', () => {
    const { answering, ack, why } = worker()
    answering(1)
    ack(1, { pay: note(), voucher: signed(pay) })

    answering(2)
    const lower = { ...rates, outTok: '18000000' }
    const amount = payIn({ units, rates: lower, charged: true })
    ack(2, {
      pay: note({ rates: lower, amount: amount.toString() }),
      voucher: signed(pay + amount),
    })

    expect(why()).toBe('pay rates here')
  })

  it('stops the worker when an answer is called worthless that was not', () => {
    const { answering, ack, why } = worker()
    answering(1)
    ack(1, { pay: note({ charged: false, amount: '0', units: noUnits }), voucher: signed(0n) })

    expect(why()).toBe('pay charged here')
  })

  it('is nothing for an answer that costs nobody anything', () => {
    const { answering, ack, why } = worker()
    answering(1, false)
    ack(1, { pay: note({ charged: false, amount: '0', units: noUnits }), voucher: signed(0n) })

    expect(why()).toBeUndefined()
  })

  it('says once and for all why it stopped, over a restart too', () => {
    const { answering, ack, file } = worker()
    answering(1)
    ack(1, { pay: note({ amount: '0' }), voucher: signed(pay) })

    const again = worker({ file })
    again.answering(2)
    again.ack(2, { pay: note(), voucher: signed(pay * 2n) })

    expect(again.why()).toBe('pay amount')
    expect(again.earnings.newest()?.total).toBe((pay * 2n).toString())
  })

  it('stops the worker after a hundred unpaid answers in a row, and not before', () => {
    const { answering, ack, why } = worker()
    for (let n = 1; n < 100; n++) {
      answering(n)
      ack(n)
    }
    expect(why()).toBeUndefined()

    answering(100)
    ack(100)

    expect(why()).toBe('pay missing here')
  })

  it('does not count what was refused', () => {
    const { answering, ack, why, file } = worker()
    for (let n = 1; n < 20; n++) {
      answering(n)
      ack(n, { ok: false, code: 'release.fenced' })
    }

    expect(why()).toBeUndefined()
    expect(file.read().jobs).toBe(0)
  })

  it('is still owed when a signature comes only with a later voucher', () => {
    const { earnings, answering, ack, why, file } = worker()
    answering(1)
    ack(1, { pay: note() })
    expect(file.read().unsignedNano).toBe(pay)

    earnings.told({ type: 'earnings', voucher: signed(pay) })

    expect(file.read().unsignedNano).toBe(0n)
    expect(why()).toBeUndefined()
  })
})

describe('the credit a worker gives', () => {
  it('ends at its own limit, and begins again when a payout is seen', () => {
    const { earnings, why } = worker({ credit: '1' })
    const heard: (string | undefined)[] = []
    earnings.watch(() => heard.push(why()))

    earnings.told({ type: 'earnings', voucher: signed(parseCoin('1')) })
    expect(why()).toBeUndefined()
    earnings.told({ type: 'earnings', voucher: signed(parseCoin('1') + 1n) })
    expect(why()).toBe('credit own')
    earnings.told({ type: 'earnings', standing: { paid: parseCoin('1').toString() } })

    expect(heard).toEqual(['credit own', undefined])
  })

  it('ends at what the vault could pay, where that is less', () => {
    const { earnings, why } = worker()
    const standing = { paid: '0', free: parseCoin('0.5').toString() }

    earnings.told({ type: 'earnings', voucher: signed(parseCoin('0.6')), standing })

    expect(why()).toBe('credit vault')
  })

  it('counts what is owed by word only', () => {
    const { answering, ack, why } = worker({ credit: '0.001' })
    answering(1)
    ack(1, { pay: note() })

    expect(why()).toBe('credit own')
  })

  it("believes the owner's own endpoint and no gateway beside it", () => {
    const { earnings, why } = worker({ credit: '1' })
    earnings.read({ paidNano: 0n, freeNano: parseCoin('100') })

    earnings.told({
      type: 'earnings',
      voucher: signed(parseCoin('2')),
      standing: { paid: parseCoin('2').toString() },
    })

    expect(why()).toBe('credit own')
  })
})

describe('pinned terms', () => {
  it('of another vault stop the worker, which keeps the voucher it has', () => {
    const { earnings, why } = worker()
    earnings.told({ type: 'earnings', voucher: signed(pay) })

    earnings.pin({ ...terms, vault: `0:${'ee'.repeat(32)}` })

    expect(why()).toBe('terms other-vault')
    expect(earnings.newest()?.total).toBe(pay.toString())
  })

  it('with another key under the same epoch stop the worker; under a higher one they are followed', () => {
    const other = cellSigner(new Uint8Array(32).fill(9))
    const renewed = { ...terms, key: other.publicKey.toString('hex') }
    const forged = worker()
    forged.earnings.pin(renewed)
    const rotated = worker()
    rotated.earnings.told({ type: 'earnings', voucher: signed(pay) })
    rotated.earnings.pin({ ...renewed, epoch: 1 })
    rotated.earnings.told({
      type: 'earnings',
      voucher: signVoucher(other, { ...renewed, epoch: 1, totalNano: pay }),
    })

    expect(forged.why()).toBe('terms other-key')
    expect(rotated.why()).toBeUndefined()
    expect(rotated.earnings.newest()?.epoch).toBe(1)
  })
})
