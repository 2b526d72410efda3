/** @module Moves the open batch of a vault one arrow at a time; whoever is killed in between continues where the row stands (PAY §7). */
import type { Address } from '@ton/core'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Tx as DbTx } from '../../db/database.ts'
import type { ChainPort, Tx } from '../chain/port.ts'
import { compareAccount } from '../chain/witness.ts'
import type { Batch, Signed } from './batch.ts'
import type { BatchStore } from './batch-store.ts'
import { type Failure, maxFailures } from './failure.ts'
import type { Payloads } from './payloads.ts'
import type { SenderLease } from './sender-lease.ts'
import { checkSeqno, isClosable, nextMove, verdictOf } from './step.ts'
import { lookAtVault } from './vault-sight.ts'
import type { VaultProgress, VaultStore } from './vault-store.ts'
import { lookAtWallet, type Wallet } from './wallet.ts'
import type { Watcher } from './watcher.ts'

export interface OutboxDeps {
  readonly chain: ChainPort
  /** Another provider, asked whether it sees the same vault and wallet before much is paid; absent: nobody is asked. */
  readonly witness?: ChainPort
  readonly vault: { readonly id: string; readonly address: Address }
  readonly relayer: Wallet
  readonly payloads: Payloads
  readonly batches: BatchStore
  readonly vaults: VaultStore
  readonly watcher: Watcher
  /** Undefined: another process sends for this wallet. */
  readonly lease: () => Promise<SenderLease | undefined>
  readonly bookFees: (tx: DbTx, batch: Batch) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

/** `waiting`: for the chain, for another process, or for a person. */
export type Step = 'none' | 'moved' | 'waiting' | 'halted' | 'ended'

/** By the chain's clock; the vault's payload lives longer, so that it is never the first to end. */
const messageLifeS = 120
const payloadLifeS = 600
/** What the relayer keeps for its own gas and rent. */
const walletReserveNano = 50_000_000n
/** Above this no single provider is believed. */
const witnessedNano = 100_000_000_000n

/** One step. Throws `chain.unavailable` and the like, with nothing half done. */
export async function stepOutbox(deps: OutboxDeps): Promise<Step> {
  const batch = await deps.batches.open(deps.vault.id)
  if (!batch) return 'none'
  const progress = await deps.vaults.progress(deps.vault.id)
  switch (batch.state) {
    case 'planned':
      return progress.halt ? 'halted' : sign(deps, batch, progress)
    case 'signed':
    case 'broadcast':
      return batch.signed ? send(deps, { ...batch, signed: batch.signed }, progress) : 'waiting'
    case 'seen':
      return batch.signed ? track(deps, { ...batch, signed: batch.signed }, progress) : 'waiting'
    case 'finalized':
      return close(deps, batch)
    case 'closed':
    case 'expired':
    case 'failed':
      return 'none'
  }
}

type SignedBatch = Batch & { readonly signed: Signed }

async function sign(deps: OutboxDeps, batch: Batch, progress: VaultProgress): Promise<Step> {
  const { chain, relayer, batches, vault, log } = deps
  const lease = await deps.lease()
  if (!lease) return 'waiting'
  const sight = await lookAtVault(chain, vault.address)
  if (!deps.payloads.isOurKey(sight.key)) return halt(deps, 'vault.signature')
  const wallet = await lookAtWallet(chain, relayer.address)
  const expected = Math.max((await batches.nextSeqno(relayer.id)) ?? 0, progress.seqnoFloor ?? 0)
  const decision = checkSeqno(wallet.seqno, expected)
  if (decision === 'foreign') return halt(deps, 'settlement.foreign_use')
  if (decision === 'wait') return 'waiting'
  const value = batch.chunks.reduce((sum, it) => sum + it.valueNano, 0n)
  if (wallet.balanceNano < value + walletReserveNano) {
    log.error('relayer.low', { haveNano: wallet.balanceNano, needNano: value + walletReserveNano })
    return 'waiting'
  }
  await askWitness(deps, batch)
  const { utime } = await chain.head()
  const messages = await deps.payloads.messages(batch, {
    epoch: sight.epoch,
    validUntil: utime + payloadLifeS,
  })
  const validUntil = utime + messageLifeS
  const order = { seqno: expected, validUntil, messages, isNew: wallet.isNew }
  const signed = await relayer.sign(order)
  if (!lease.isHeld()) return 'waiting'
  const isStored = await batches.sign(batch.id, {
    ...signed,
    wallet: relayer.id,
    fence: lease.fence,
    seqno: expected,
    validUntil: BigInt(validUntil),
    walletLt: wallet.lastLt,
  })
  if (isStored)
    log.info('batch.signed', { batch: batch.id, seqno: expected, lines: batch.lines.length })
  return isStored ? 'moved' : 'waiting'
}

/** Throws `chain.disagree`, with nothing signed; the next step asks again. */
async function askWitness(
  { chain, witness, vault, relayer, clock }: OutboxDeps,
  { lines }: Batch,
): Promise<void> {
  const paysNano = lines.reduce((sum, { target, paidBefore }) => sum + target - paidBefore, 0n)
  if (!witness || paysNano <= witnessedNano) return
  for (const address of [vault.address, relayer.address])
    await compareAccount(address, { first: chain, second: witness, clock })
}

async function send(deps: OutboxDeps, batch: SignedBatch, progress: VaultProgress): Promise<Step> {
  const { chain, relayer, batches, clock, log } = deps
  const { signed } = batch
  const { utime } = await chain.head()
  const wallet = await lookAtWallet(chain, relayer.address)
  // The port reads without holes up to what the provider has; whether that is as far as the account above is the question.
  const since = await chain.transactions(relayer.address, { afterLt: signed.walletLt })
  const found = since.find((tx) => tx.in?.normHash === signed.normHash)
  const readTo = since.at(-1)?.lt ?? signed.walletLt
  const sight = {
    chainTime: utime,
    seqno: wallet.seqno,
    isFound: found !== undefined,
    isComplete: readTo >= wallet.lastLt && wallet.lastLt >= signed.walletLt,
  }
  const move = nextMove(batch, { sight, nowMs: clock.now() })
  switch (move.do) {
    case 'wait':
      return 'waiting'
    case 'halt':
      return halt(deps, move.code)
    case 'expire':
      log.warn('batch.expired', { batch: batch.id, tries: batch.tries })
      await batches.end(batch.id, {
        state: 'expired',
        reason: 'settlement.expired',
        atMs: clock.now(),
      })
      return 'ended'
    case 'see':
      if (!found) return 'waiting'
      await batches.see(batch.id, { walletLt: found.lt, walletTx: found.hash })
      log.info('batch.seen', { batch: batch.id, tries: batch.tries })
      return 'moved'
    case 'send':
      if (progress.halt) return 'halted'
      if (!(await deps.lease())) return 'waiting'
      if (!(await batches.broadcast(batch.id, clock.now()))) return 'halted'
      if (batch.tries > 0) log.warn('batch.resent', { batch: batch.id, tries: batch.tries })
      return (await hand(deps, signed)) ? 'moved' : 'waiting'
  }
}

/** What the provider answers says nothing about the chain; that it refused is worth a line. */
async function hand({ chain, log }: OutboxDeps, { message }: Signed): Promise<boolean> {
  try {
    await chain.send(Buffer.from(message))
    return true
  } catch {
    log.warn('batch.unsent')
    return false
  }
}

async function track(deps: OutboxDeps, batch: SignedBatch, progress: VaultProgress): Promise<Step> {
  const { chain, relayer, vault, batches, clock } = deps
  const { walletLt, normHash } = batch.signed
  const taken = await chain.findByNormHash(relayer.address, normHash, walletLt - 1n)
  if (!taken) return 'waiting'
  const sent = deps.payloads.chunksIn(taken)
  const chunks: Batch['chunks'][number][] = []
  for (const chunk of batch.chunks) {
    const message = sent.get(chunk.chunk)
    if (chunk.vaultLt !== undefined || !message) {
      chunks.push(chunk)
      continue
    }
    const result = await chain.resultOf(relayer.address, vault.address, message.createdLt)
    if (!result) return 'waiting'
    const outcome = outcomeOf(result)
    await batches.outcome(batch.id, chunk.chunk, outcome)
    chunks.push({ ...chunk, ...outcome })
  }
  const verdict = verdictOf({ chunks })
  if (verdict.state === 'failed') {
    await learn(deps, verdict.failure, { batch, progress })
    await batches.end(batch.id, {
      state: 'failed',
      reason: verdict.failure.code,
      atMs: clock.now(),
    })
    return 'ended'
  }
  await batches.finalize(batch.id, await deps.payloads.feesOf(taken, batch.id))
  return 'moved'
}

const outcomeOf = ({ lt, exitCode, actionCode, out }: Tx) => ({
  vaultLt: lt,
  ...(exitCode !== undefined && { exitCode }),
  ...(actionCode !== undefined && { actionCode }),
  outMessages: out.length,
})

async function close(deps: OutboxDeps, batch: Batch): Promise<Step> {
  const { chain, vault, batches, vaults, clock, log } = deps
  const { cursorLt } = await deps.watcher.catchUp()
  const { paidTo } = await lookAtVault(chain, vault.address)
  if (!isClosable(batch, { paidTo, cursorLt })) return 'waiting'
  await vaults.learn(vault.id, { failures: 0, wait: null })
  await batches.close(batch.id, clock.now(), (tx) => deps.bookFees(tx, batch))
  const paidNano = batch.lines.reduce((sum, it) => sum + it.target - it.paidBefore, 0n)
  const openMs = clock.now() - batch.plannedAtMs
  log.info('batch.closed', { batch: batch.id, payees: batch.lines.length, paidNano, openMs })
  return 'ended'
}

/** Before the batch ends: killed in between, the lesson is learned twice, which costs a smaller message at most. */
async function learn(
  { vaults, vault, clock, log }: OutboxDeps,
  { code, remedy }: Failure,
  { batch, progress }: { batch: Batch; progress: VaultProgress },
): Promise<void> {
  const failures = progress.failures + 1
  log.warn('batch.failed', { batch: batch.id, failures })
  const change = { failures }
  switch (remedy.do) {
    case 'plan-again':
      await vaults.learn(vault.id, change)
      break
    case 'smaller-chunks':
      await vaults.learn(vault.id, {
        ...change,
        chunkSize: Math.max(1, Math.floor(progress.chunkSize / 2)),
      })
      break
    case 'more-value':
      await vaults.learn(vault.id, { ...change, valueFactor: progress.valueFactor + 50 })
      break
    case 'wait':
      if (remedy.alert) log.error('vault.waiting', { batch: batch.id })
      await vaults.learn(vault.id, {
        // Waiting for others is no failing of ours that only a person could end.
        wait: { untilMs: clock.now() + remedy.forMs, code },
      })
      return
    case 'halt':
      await vaults.halt(vault.id, code, clock.now())
      return
  }
  if (failures >= maxFailures) await vaults.halt(vault.id, code, clock.now())
}

async function halt(deps: OutboxDeps, code: string): Promise<Step> {
  await deps.vaults.halt(deps.vault.id, code, deps.clock.now())
  if (code === 'settlement.foreign_use')
    deps.log.error('settlement.halted', { code: 'settlement.foreign_use' })
  else deps.log.error('settlement.halted', { code: 'vault.signature' })
  return 'halted'
}
