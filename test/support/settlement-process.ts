/** A settling process that ends by SIGKILL at the point it is told: started early, so that the next one is ready when one dies. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Address } from '@ton/core'
import type { Clock } from '../../src/core/clock.ts'
import { createLog, stderrSink } from '../../src/core/log.ts'
import { openDatabase } from '../../src/db/database.ts'
import { createTonChain } from '../../src/payments/chain/ton-client.ts'
import { cellSigner } from '../../src/payments/contracts/sign.ts'
import { createBatchStore } from '../../src/payments/settlement/batch-store.ts'
import { openSettlement } from '../../src/payments/settlement/open-settlement.ts'
import { createVaultStore } from '../../src/payments/settlement/vault-store.ts'
import { openWallet } from '../../src/payments/settlement/wallet.ts'
import type { KillPoint, SettlementOrder } from './settlement-points.ts'

const [line] = (await once(createInterface({ input: process.stdin }), 'line')) as [string]
const order = JSON.parse(line) as SettlementOrder

const dieAt = (point: KillPoint): void => {
  if (order.point !== point) return
  process.kill(process.pid, 'SIGKILL')
  throw new Error('killed')
}

/** Waiting makes the chain's next block, which is all that time is here. */
let nowMs = order.nowMs
const mine = new URL('/sim/block', order.endpoint)
const clock: Clock = {
  now: () => nowMs,
  sleep: async () => {
    nowMs += 400
    await fetch(mine, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"count":1}',
    })
  },
  every: () => () => undefined,
  after: () => () => undefined,
}
const log = createLog('settlement', stderrSink, () => nowMs)
const db = await openDatabase({ url: order.databaseUrl, clock })
const provider = { endpoint: order.endpoint }
const chain = createTonChain({ provider, clock })
const batches = createBatchStore(db)
const vaults = createVaultStore(db)
const settlement = openSettlement({
  db,
  chain: {
    ...chain,
    send: async (boc) => {
      try {
        await chain.send(boc)
      } finally {
        dieAt('sent')
      }
    },
  },
  net: order.globalId,
  vault: Address.parseRaw(order.vault),
  key: cellSigner(Buffer.alloc(32, 1)),
  relayer: openWallet(cellSigner(Buffer.alloc(32, 2)), order.globalId),
  clock,
  log,
  batches: {
    ...batches,
    plan: async (...args) => {
      dieAt('planning')
      const batch = await batches.plan(...args)
      dieAt('planned')
      return batch
    },
    sign: async (...args) => {
      dieAt('signing')
      const isStored = await batches.sign(...args)
      dieAt('signed')
      return isStored
    },
    broadcast: async (...args) => {
      const isWritten = await batches.broadcast(...args)
      dieAt('broadcast')
      return isWritten
    },
    see: async (...args) => {
      await batches.see(...args)
      dieAt('seen')
    },
    finalize: async (...args) => {
      await batches.finalize(...args)
      dieAt('finalized')
    },
    close: async (...args) => {
      await batches.close(...args)
      dieAt('closed')
    },
  },
  vaults: {
    ...vaults,
    advance: async (step) => {
      const isBooked = await vaults.advance(step)
      if (step.payouts.length > 0) dieAt('booked')
      return isBooked
    },
  },
})
const report = await settlement.settleNow({ isAll: true, signal: new AbortController().signal })
await settlement.close()
await db.close()
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
