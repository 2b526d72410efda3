/** @module What workers are told about money: their pay with each answer, the newest voucher at each contact, a payout when it was seen (PAY §4). */
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { FrameOf } from '../core/frames.ts'
import type { Log } from '../core/log.ts'
import type { Captured } from '../core/money.ts'
import { createRounds } from '../core/rounds.ts'
import type { PayNote, PayTerms } from '../core/voucher.ts'
import type { Vouchers } from '../payments/vouchers/vouchers.ts'
import type { Worker } from './worker.ts'

export interface PayDesk {
  /** What goes with the answer to a result that was captured and committed. Never before: a signed total is final. */
  answerOf(worker: Worker, captured: Captured | undefined): Pick<FrameOf<'ack'>, 'pay' | 'voucher'>
  /** The worker may be told; `shown` is what its hello said about money. */
  admitted(worker: Worker, shown: FrameOf<'hello'>['earnings']): void
  close(): Promise<void>
}

/** Payouts come every few minutes at most; a worker that waits for one may wait this much longer. */
const lookMs = 5000
/** Between two rounds of new evidence for the sake of new terms. */
const renewMs = 60_000

export function createPayDesk(deps: {
  readonly vouchers: Vouchers
  readonly noteOf: (captured: Captured) => PayNote
  readonly workers: ReadonlySet<Worker>
  /** Terms have changed: admits all workers again, with the new ones. */
  readonly renew: () => void
  /** How often payouts are looked for; every few seconds by default. */
  readonly everyMs?: number
  readonly clock: Clock
  readonly log: Log
}): PayDesk {
  const { vouchers, noteOf, workers, clock, log } = deps
  /** What each worker that understands was told last of the chain. */
  const told = new WeakMap<Worker, string>()
  let renewedAt = 0

  const tell = async (listening: readonly Worker[]): Promise<void> => {
    const payees = new Set(listening.flatMap(({ session }) => session.verdict.pay?.payee ?? []))
    if (payees.size === 0) return
    const standings = await vouchers.standings([...payees])
    const free = vouchers.freeNano()?.toString()
    for (const worker of listening) {
      const { pay } = worker.session.verdict
      if (!pay || worker.isGone) continue
      const { earnedNano, paidNano } = standings.get(pay.payee) ?? { earnedNano: 0n, paidNano: 0n }
      const standing = { paid: paidNano.toString(), ...(free !== undefined && { free }) }
      const news = JSON.stringify([standing, pay.epoch])
      if (told.get(worker) === news) continue
      const voucher = earnedNano > 0n ? vouchers.sign(pay, earnedNano) : undefined
      told.set(worker, news)
      worker.send({ type: 'earnings', standing, ...(voucher && { voucher }) })
    }
  }
  /** A vault that came later, or another settlement key. */
  const renewIfOther = async (listening: readonly Worker[]): Promise<void> => {
    const [any] = listening.flatMap(({ session }) => session.verdict.pay ?? [])
    if (!any || clock.now() < renewedAt + renewMs) return
    const now = await vouchers.terms(any.payee)
    if (!now || isSame(now, any)) return
    renewedAt = clock.now()
    deps.renew()
  }
  const listeners = (): Worker[] => [...workers].filter((worker) => told.has(worker))

  const rounds = createRounds(clock, (error) => log.failure('earnings.untold', describe(error)))
  rounds.every(deps.everyMs ?? lookMs, async () => {
    await tell(listeners())
    await renewIfOther(listeners())
  })
  const quietly = (step: Promise<unknown>): void => {
    step.catch((error: unknown) => log.failure('earnings.untold', describe(error)))
  }

  return {
    answerOf: ({ session }, captured) => {
      const { pay } = session.verdict
      if (!pay || !captured) return {}
      const voucher = vouchers.sign(pay, captured.earnedTotalNano)
      return { pay: noteOf(captured), ...(voucher && { voucher }) }
    },
    admitted: (worker, shown) => {
      if (!shown || !worker.session.verdict.pay) return
      told.set(worker, '')
      if (shown.voucher) quietly(vouchers.shown(shown.voucher))
      quietly(tell([worker]))
    },
    close: () => rounds.close(),
  }
}

const isSame = (a: PayTerms, b: PayTerms): boolean =>
  a.net === b.net && a.vault === b.vault && a.key === b.key && a.epoch === b.epoch
