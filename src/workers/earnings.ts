/** @module What this machine has earned, checked job by job: every voucher against what was pinned and counted here, and the point from which no more credit is given (PAY §4). */
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { FrameOf } from '../core/frames.ts'
import type { JobId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { Units } from '../core/units.ts'
import type { PayNote, PayTerms, Standing, Voucher } from '../core/voucher.ts'
import type { EarningsFile, EarningsRecord, StopDetail, Stopped } from './earnings-file.ts'

/** What this worker knows of a job it answered. */
interface OwnCount {
  readonly job: JobId
  readonly attempt: number
  /** Names the price: task, model and tier. */
  readonly row: string
  /** As its receipt says. */
  readonly units: Units
  /** False for an answer that costs nobody anything. */
  readonly isCharged: boolean
}

export interface Earnings {
  /** For the next hello. */
  newest(): Voucher | undefined
  /** Why no jobs are pulled now. */
  stopped(): Stopped | undefined
  /** What was pinned, once something was. */
  terms(): PayTerms | undefined
  /** Terms of an accepting verdict, signed by the broker; undefined where nothing is paid. */
  pin(terms: PayTerms | undefined): void
  /** A result leaves: whatever it earns comes on top of everything known now. */
  answering(own: OwnCount): void
  /** The gateway's answer to a result. */
  answered(ack: FrameOf<'ack'>): void
  /** What the gateway says unasked. */
  told(frame: FrameOf<'earnings'>): void
  /** Read from the chain by the owner's own endpoint: believed instead of what gateways say. */
  read(standing: { readonly paidNano: bigint; readonly freeNano: bigint }): void
  /** Calls back whenever `stopped` changes; gives the function that ends it. */
  watch(onChange: () => void): () => void
}

export interface EarningsDeps {
  readonly file: EarningsFile
  /** Throws `voucher.*` for anything but a voucher signed under these terms. */
  readonly check: (value: Voucher, terms: PayTerms) => Voucher
  /** What rates and units of a note come to. */
  readonly payIn: (note: PayNote) => bigint
  /** Whether two counts of one job are further apart than two honest ones. */
  readonly differs: (own: Units, charged: Units) => boolean
  /** Most that may be owed before this machine pulls no more jobs. */
  readonly creditNano: bigint
  readonly clock: Clock
  readonly log: Log
}

/** A version's rates are the same for everybody who reads them; older ones than these are forgotten. */
const MAX_RATES = 64
/** Answers in a row for which nobody pays: some may be a mistake of the operator's, this many are none. */
const MAX_UNPAID = 100

interface Waiting extends OwnCount {
  /** The job is captured after this was signed, so its total begins above it. */
  readonly floorNano: bigint
}

/** Totals between which a job's pay lies. No two jobs share any. */
interface Span {
  readonly fromNano: bigint
  readonly toNano: bigint
}

export function createEarnings(deps: EarningsDeps): Earnings {
  const { file, log } = deps
  let record: EarningsRecord = file.read()
  let terms: PayTerms | undefined
  let unpaid = 0
  const waiting = new Map<string, Waiting>()
  let spans: readonly Span[] = []
  const watchers = new Set<() => void>()

  const newestNano = (): bigint => BigInt(record.voucher?.total ?? 0)
  const owedNano = (): bigint => newestNano() + record.unsignedNano - record.paidNano

  const keep = (change: Partial<EarningsRecord>): void => {
    const before = record.stopped?.code
    record = { ...record, ...change }
    // What a person has to look at stays; credit is counted anew each time.
    if (record.stopped === undefined || record.stopped.code === 'credit')
      record = { ...record, stopped: creditStop() }
    file.write(record)
    if (record.stopped?.code === before) return
    if (record.stopped) log.error('earnings.stopped', record.stopped)
    else log.info('earnings.resumed', {})
    for (const changed of watchers) changed()
  }
  const creditStop = (): Stopped | undefined => {
    if (!terms) return undefined
    const { freeNano } = record
    const limit = freeNano === undefined || freeNano > deps.creditNano ? deps.creditNano : freeNano
    const owed = owedNano()
    if (owed <= limit) return undefined
    const { at } = record.stopped ?? { at: deps.clock.now() }
    return { code: 'credit', detail: freeNano === limit ? 'vault' : 'own', at }
  }
  const stop = (
    code: Exclude<Stopped['code'], 'credit'>,
    more: { readonly detail: StopDetail; readonly job?: JobId },
  ): void => {
    if (record.stopped && record.stopped.code !== 'credit') return
    keep({ stopped: { code, at: deps.clock.now(), ...more } })
  }

  /** Undefined, and a reason to stop, for a voucher that is none. */
  const checked = (given: Voucher, pinned: PayTerms, job?: JobId): Voucher | undefined => {
    try {
      return deps.check(given, pinned)
    } catch (error) {
      stop('voucher', { detail: detailOf(error), ...(job !== undefined && { job }) })
      return undefined
    }
  }

  /** The first thing that is wrong with what a job is said to have earned. */
  const faultOf = (own: Waiting, note: PayNote): StopDetail | undefined => {
    const row = `${String(note.version)}.${own.row}`
    const rates = JSON.stringify(note.rates)
    const known = record.rates[row]
    if (known !== undefined && known !== rates) return 'rates'
    if (note.charged !== own.isCharged) return 'charged'
    if (note.charged && deps.differs(own.units, note.units)) return 'units'
    if (deps.payIn(note) !== BigInt(note.amount)) return 'amount'
    return undefined
  }

  /** Whether the job's pay came on top of all that was signed before it was answered, and of no other job's. */
  const comesOnTop = (own: Waiting, span: Span): boolean =>
    span.fromNano >= own.floorNano &&
    !spans.some((other) => span.fromNano < other.toNano && other.fromNano < span.toNano)

  const remember = (span: Span): void => {
    const floors = [...waiting.values()].map(({ floorNano }) => floorNano)
    const oldest = floors.reduce((least, one) => (one < least ? one : least), newestNano())
    spans = [...spans, span].filter(({ toNano }) => toNano > oldest)
  }

  const withRates = (own: Waiting, note: PayNote): EarningsRecord['rates'] => {
    const row = `${String(note.version)}.${own.row}`
    const rates = { ...record.rates, [row]: JSON.stringify(note.rates) }
    return Object.fromEntries<string>(Object.entries(rates).slice(-MAX_RATES))
  }

  /** Answers may come in any order: the highest total is the one to keep. */
  const higher = (voucher: Voucher): Partial<EarningsRecord> =>
    BigInt(voucher.total) >= newestNano() ? { voucher } : {}

  const paid = (own: Waiting, note: PayNote, given: Voucher | undefined): void => {
    if (!terms) return
    const { job } = own
    const fault = faultOf(own, note)
    if (fault !== undefined) {
      stop('pay', { detail: fault, job })
      return
    }
    const amount = BigInt(note.amount)
    const counted = {
      jobs: record.jobs + 1,
      earnedNano: record.earnedNano + amount,
      rates: withRates(own, note),
    }
    if (!given) {
      // Its signature comes with a later one; until then it is credit like any other.
      keep({ ...counted, unsignedNano: record.unsignedNano + amount })
      return
    }
    const voucher = checked(given, terms, job)
    if (!voucher) return
    const total = BigInt(voucher.total)
    const span = { fromNano: total - amount, toNano: total }
    if (!comesOnTop(own, span)) {
      stop('pay', { detail: 'total', job })
      return
    }
    keep({ ...counted, ...higher(voucher) })
    remember(span)
  }

  return {
    newest: () => record.voucher,
    stopped: () => record.stopped,
    terms: () => terms,
    pin: (given) => {
      const known = record.terms
      terms = given
      if (!given) return
      const isOther =
        known !== undefined &&
        (known.net !== given.net || known.vault !== given.vault || known.payee !== given.payee)
      // A settlement key may be followed by another, under a higher epoch only.
      const isForged =
        known !== undefined &&
        (given.epoch < known.epoch || (given.epoch === known.epoch && given.key !== known.key))
      if (isOther || isForged) {
        terms = known
        stop('terms', { detail: isOther ? 'other-vault' : 'other-key' })
        return
      }
      if (known !== undefined && known.epoch !== given.epoch)
        log.warn('earnings.key-changed', { epoch: given.epoch })
      keep({ terms: given })
    },
    answering: (own) => {
      const floorNano = newestNano() + record.unsignedNano
      waiting.set(keyOf(own), { ...own, floorNano })
    },
    answered: (ack) => {
      const own = waiting.get(keyOf(ack))
      waiting.delete(keyOf(ack))
      if (!own || !ack.ok || !terms) return
      if (ack.pay) {
        unpaid = 0
        paid(own, ack.pay, ack.voucher)
        return
      }
      unpaid += 1
      log.warn('job.unpaid', { job: own.job, inARow: unpaid })
      if (unpaid >= MAX_UNPAID) stop('pay', { detail: 'missing', job: own.job })
    },
    told: ({ voucher: given, standing }) => {
      if (!terms) return
      const voucher = given && checked(given, terms)
      if (given && !voucher) return
      const coversAll =
        voucher !== undefined && BigInt(voucher.total) >= newestNano() + record.unsignedNano
      keep({
        ...(voucher && higher(voucher)),
        ...(coversAll && { unsignedNano: 0n }),
        ...standingOf(record, standing),
      })
    },
    read: ({ paidNano, freeNano }) => {
      const isKnown = record.paidNano === paidNano && record.freeNano === freeNano
      if (record.isChecked && isKnown) return
      keep({ paidNano, freeNano, isChecked: true })
    },
    watch: (onChange) => {
      watchers.add(onChange)
      return () => watchers.delete(onChange)
    },
  }
}

/** What a gateway says counts only while the owner reads no chain himself. */
const standingOf = (
  { isChecked }: EarningsRecord,
  standing: Standing | undefined,
): Partial<EarningsRecord> =>
  !standing || isChecked
    ? {}
    : {
        paidNano: BigInt(standing.paid),
        ...(standing.free !== undefined && { freeNano: BigInt(standing.free) }),
      }

function detailOf(error: unknown): StopDetail {
  if (!(error instanceof AppError)) throw error
  const { code } = error
  if (code === 'voucher.invalid' || code === 'voucher.domain' || code === 'voucher.sig') return code
  throw error
}

const keyOf = ({ job, attempt }: { job: JobId; attempt: number }): string =>
  `${job}.${String(attempt)}`
