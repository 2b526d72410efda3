/** @module Settlement of one vault: plans who is due, moves the outbox on, reconciles, and tells what it did (PAY §7). */
import { AppError } from '../../core/app-error.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Tx } from '../../db/database.ts'
import type { Batch } from './batch.ts'
import type { CommitStore } from './commit-store.ts'
import { type Owed, whyNotDue } from './due.ts'
import type { LostDecision, LostPay } from './lost-pay.ts'
import { type OutboxDeps, type Step, stepOutbox } from './outbox.ts'
import { chunkValue, commitValue } from './payloads.ts'
import { type Plan, planBatch } from './plan.ts'
import { type ReconcileDeps, reconcile } from './reconcile.ts'
import { dayLeftNano, freeNano, type VaultSight } from './vault-sight.ts'

/** `--json` of `chrysalis settle`. Amounts are decimal strings of nano. */
interface SettleReport {
  readonly batches: number
  readonly payees: number
  readonly paidNano: string
  readonly feesNano: string
  /** Somebody is due still: the vault has too little, or may pay no more today. */
  readonly why?: 'funds' | 'cap'
}

interface PlanReport {
  readonly payees: number
  readonly paidNano: bigint
  /** What it may cost at most; most of it comes back. */
  readonly feesNano: bigint
  readonly leftPayees: number
  readonly leftNano: bigint
  /** What held the rest back, or everything. */
  readonly why?: string
}

export interface Settlement {
  /** What the next batch would pay; nothing is written. */
  preview(isAll: boolean): Promise<PlanReport>
  /** Batches until nobody is due or can be paid, each to its end. Throws `settlement.halted` with the reason. */
  settleNow(options: {
    readonly isAll: boolean
    readonly signal: AbortSignal
  }): Promise<SettleReport>
  /** One round of the process: reads, moves what is open, plans what is due. Never waits. */
  round(): Promise<Step>
  reconcile(): Promise<void>
  halt(code: ErrorCode): Promise<void>
  /** From the end of the transaction on, nothing new is signed or sent. */
  haltIn(tx: Tx, code: ErrorCode): Promise<void>
  /** Signed totals above the books, which a person has to decide about. */
  lost(): Promise<readonly LostPay[]>
  /**
   * A person has looked: accepts the wallet's number as it is. Throws `settlement.halted` (`ledger.rollback`) while lost
   * pay is left that `decision` is not about; what it is about is done.
   */
  resume(decision?: LostDecision): Promise<void>
  status(): Promise<SettlementStatus>
}

interface SettlementStatus {
  readonly unpaidNano: bigint
  readonly unpaidPayees: number
  readonly open?: Batch
  readonly halt?: string
  readonly wait?: string
  readonly isReconciled: boolean
}

export interface SettlementDeps extends OutboxDeps, Pick<ReconcileDeps, 'commits'> {
  readonly commits: CommitStore
  /** All payees of this vault and those that have none yet. */
  readonly payees: () => Promise<readonly Owed[]>
  /** Those of them who have earned more than they were paid. */
  readonly unpaid: () => Promise<readonly Owed[]>
  /** Binds the payees that have no vault to this one. */
  readonly bindNew: () => Promise<void>
  /** Makes the day's commitment when it is time; its row is then waiting in `commits`. */
  readonly closeEpoch?: (isNow: boolean) => Promise<void>
  /** How far `settleNow` looks between two steps: half a block on the localnet. */
  readonly pauseMs?: number
  readonly walletSeqno: () => Promise<number>
  readonly lost: () => Promise<readonly LostPay[]>
  /** Lifts the halt; false when lost pay is left. */
  readonly resume: (resumed: {
    readonly decision?: LostDecision
    readonly seqnoFloor: number
  }) => Promise<boolean>
}

/** Longer than a message lives: by then it is taken or given up. */
const maxWaitMs = 240_000

/** Batches that one call can end. */
const reported = 1000

/** A node that is further behind tells nothing that a batch may be planned by. */
const maxLagS = 60

export function createSettlement(deps: SettlementDeps): Settlement {
  const { batches, vaults, commits, chain, vault, clock, log } = deps
  let isReconciled = false
  /** What kept the last plan empty although somebody was due. */
  let heldBy: SettleReport['why']
  /** Steps of one process never overlap: rounds, `settleNow` and commands take turns. */
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work)
    turn = next.catch(() => undefined)
    return next
  }

  const halt = async (code: ErrorCode): Promise<void> => {
    await vaults.halt(vault.id, code, clock.now())
    log.error('settlement.halted')
  }

  const reconcileNow = async (): Promise<VaultSight | undefined> => {
    const found = await reconcile({ ...deps, owed: deps.payees })
    switch (found.kind) {
      case 'unseen':
        return undefined
      case 'drift':
        log.error('ledger.drifted', { driftNano: found.driftNano })
        await halt(found.code)
        return undefined
      case 'agreed':
        isReconciled = true
        return found.sight
    }
  }

  const plan = async (sight: VaultSight, isAll: boolean): Promise<Plan> => {
    const fees = await chain.fees()
    const { utime } = await chain.head()
    const { chunkSize, valueFactor } = await vaults.progress(vault.id)
    return planBatch(await deps.unpaid(), {
      isAll,
      nowMs: clock.now(),
      limits: {
        chunkSize,
        batchCapNano: sight.data.caps.batchCap,
        dayLeftNano: dayLeftNano(sight, utime),
        freeNano: await freeNano(chain, { address: vault.address, sight }),
        valueFor: (lines) => chunkValue(fees, { lines, factor: valueFactor }),
      },
    })
  }

  const isAnythingDue = async (isAll: boolean): Promise<boolean> => {
    // Before an epoch is closed: its trees hold the payees of this vault.
    await deps.bindNew()
    await deps.closeEpoch?.(isAll)
    if (await commits.waiting(vault.id)) return true
    return (await deps.unpaid()).some((it) => whyNotDue(it, clock.now(), isAll) === undefined)
  }

  const haltedOrWaiting = async (): Promise<Step> =>
    (await vaults.progress(vault.id)).halt ? 'halted' : 'waiting'

  /** A new batch, where one may be and somebody is due. */
  const planNext = async (isAll: boolean): Promise<Step> => {
    const progress = await vaults.progress(vault.id)
    if (progress.halt) return 'halted'
    if (progress.wait && progress.wait.untilMs > clock.now() && !isAll) return 'waiting'
    if (!(await deps.lease())) return 'waiting'
    const { utime } = await chain.head()
    if (clock.now() / 1000 - utime > maxLagS) return 'waiting'
    // An older database closes no epoch that the vault has from another one.
    const first = isReconciled ? undefined : await reconcileNow()
    if (!isReconciled) return haltedOrWaiting()
    const isDue = await isAnythingDue(isAll)
    heldBy = undefined
    if (!isDue) return 'none'
    // Before any new batch the rows are compared with the chain.
    const sight = first ?? (await reconcileNow())
    if (!sight) return haltedOrWaiting()
    if (sight.data.pausedUntil > utime) return 'waiting'
    const { lines, chunks, left } = await plan(sight, isAll)
    heldBy = left.why
    const commitment = await commits.waiting(vault.id)
    if (lines.length === 0 && !commitment) {
      if (left.why === 'funds') await waitForFunds()
      return 'none'
    }
    const { valueFactor } = progress
    const commit = commitment && {
      chunk: chunks.length,
      kind: 'commit' as const,
      valueNano: commitValue(await chain.fees(), valueFactor),
    }
    const batch = await batches.plan(
      vault.id,
      {
        lines,
        chunks: commit ? [...chunks, commit] : chunks,
        ...(commitment && { commitEpoch: commitment.epoch }),
      },
      clock.now(),
    )
    if (!batch) return 'waiting'
    log.info('batch.planned', {
      batch: batch.id,
      payees: lines.length,
      chunks: batch.chunks.length,
    })
    return 'moved'
  }

  const waitForFunds = async (): Promise<void> => {
    log.error('vault.underfunded')
    await vaults.learn(vault.id, { wait: { untilMs: clock.now() + 60_000, code: 'vault.funds' } })
  }

  /** The open batch first; then, when there is none, the next one. */
  const advance = async (isAll: boolean): Promise<Step> => {
    const open = await batches.open(vault.id)
    const step = await stepOutbox(deps)
    if (step === 'ended' && open && (await batches.find(open.id))?.state !== 'closed')
      isReconciled = false
    return step === 'none' ? planNext(isAll) : step
  }

  return {
    preview: (isAll) =>
      inTurn(async () => {
        const progress = await vaults.progress(vault.id)
        if (progress.halt) throw halted(progress.halt.code)
        const sight = await reconcileNow()
        if (!sight)
          throw halted((await vaults.progress(vault.id)).halt?.code ?? 'chain.unavailable')
        const { lines, chunks, paidNano, left } = await plan(sight, isAll)
        return {
          payees: lines.length,
          paidNano,
          feesNano: chunks.reduce((sum, it) => sum + it.valueNano, 0n),
          leftPayees: left.payees,
          leftNano: left.nano,
          ...(left.why && { why: left.why }),
        }
      }),
    settleNow: async ({ isAll, signal }) => {
      // Whichever turn moves them, this one's or a round's: what was open at the beginning and all that came after it.
      const first =
        (await batches.open(vault.id))?.id ?? ((await batches.recent(1))[0]?.id ?? 0n) + 1n
      let movedMs = clock.now()
      for (;;) {
        signal.throwIfAborted()
        const { step, why } = await inTurn(async () => ({
          step: await advance(isAll),
          why: heldBy,
        }))
        const ended = async (held: SettleReport['why']): Promise<SettleReport> => ({
          ...reportOf((await batches.recent(reported)).filter(({ id }) => id >= first)),
          ...(held && { why: held }),
        })
        if (step === 'none') return ended(why)
        if (step === 'halted')
          throw halted((await vaults.progress(vault.id)).halt?.code ?? 'settlement.halted')
        if (step === 'waiting') {
          const { wait } = await vaults.progress(vault.id)
          // For the chain it waits a little; for a person or a later day it does not.
          if (wait && wait.untilMs > clock.now() && !(await batches.open(vault.id))) {
            if (wait.code === 'vault.funds') return ended('funds')
            throw halted(wait.code)
          }
          if (clock.now() - movedMs > maxWaitMs) throw halted('chain.unavailable')
          await clock.sleep(deps.pauseMs ?? 200, signal)
        } else movedMs = clock.now()
      }
    },
    round: () =>
      inTurn(async () => {
        await deps.watcher.catchUp()
        return advance(false)
      }),
    reconcile: () =>
      inTurn(async () => {
        await reconcileNow()
      }),
    halt,
    haltIn: (tx, code) => vaults.haltIn(tx, vault.id, { code, atMs: clock.now() }),
    lost: () => deps.lost(),
    resume: (decision) =>
      inTurn(async () => {
        isReconciled = false
        const seqnoFloor = await deps.walletSeqno()
        const isResumed = await deps.resume({ seqnoFloor, ...(decision && { decision }) })
        if (!isResumed) throw halted('ledger.rollback')
        log.info('settlement.resumed')
      }),
    status: async () => {
      const open = await batches.open(vault.id)
      const { halt: stopped, wait } = await vaults.progress(vault.id)
      const unpaid = await deps.unpaid()
      return {
        unpaidNano: unpaid.reduce((sum, it) => sum + it.earnedNano - it.paidNano, 0n),
        unpaidPayees: unpaid.length,
        isReconciled,
        ...(open && { open }),
        ...(stopped && { halt: stopped.code }),
        ...(wait && wait.untilMs > clock.now() && { wait: wait.code }),
      }
    },
  }
}

const halted = (reason: string): AppError => new AppError('settlement.halted', { reason })

function reportOf(batches: readonly Batch[]): SettleReport {
  const closed = batches.filter(({ state }) => state === 'closed')
  const lines = closed.flatMap((batch) => batch.lines)
  return {
    batches: closed.length,
    payees: new Set(lines.map(({ payee }) => payee)).size,
    paidNano: lines.reduce((sum, it) => sum + it.target - it.paidBefore, 0n).toString(),
    feesNano: closed.reduce((sum, it) => sum + it.feesNano, 0n).toString(),
  }
}
