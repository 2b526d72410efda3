/** @module What owner and guardian may do, when, and what stops them. */
import { beginCell, type Cell } from '@ton/core'
import { expect } from 'vitest'
import {
  EXIT,
  PENDING,
  type PendingKind,
  VAULT_OPS,
} from '../../../src/payments/contracts/opcodes.ts'
import { storageReserve } from '../../../src/payments/contracts/reserve.ts'
import {
  capsCell,
  DEFAULT_CAPS,
  type VaultCaps,
} from '../../../src/payments/contracts/vault-config.ts'
import {
  acceptOwnerBody,
  cancelBody,
  executeBody,
  lowerCapsBody,
  pauseBody,
  requestCapsBody,
  requestCodeBody,
  requestKeyBody,
  requestRolesBody,
  requestWithdrawBody,
  unpauseBody,
} from '../../../src/payments/contracts/vault-messages.ts'
import { payeeAt } from '../../support/big-vault.ts'
import { coins, DAY, HOUR, party } from '../../support/contract-world.ts'
import { keyOf, type VaultOptions, type VaultWorld } from '../../support/vault-world.ts'
import { rotate } from './claim.ts'
import { expectDone, expectRefused, type Scenario } from './scenario.ts'

/** A caps request that the wrapper would not make. */
const rawCaps = (caps: Partial<VaultCaps>): Cell =>
  beginCell()
    .storeUint(VAULT_OPS.RequestCaps, 32)
    .storeUint(0, 64)
    .storeRef(capsCell({ ...DEFAULT_CAPS, ...caps }))
    .endCell()

const unlockOf = async (vault: VaultWorld, kind: PendingKind): Promise<number> =>
  ((await vault.read()).pending.get(kind)?.unlockAt ?? 0) - vault.now()

export const OWNER: readonly Scenario<VaultWorld, VaultOptions>[] = [
  {
    title:
      'guardian and owner may pause for up to 72 hours, and again 24 hours after the last pause',
    run: async (make) => {
      const vault = await make()
      const pause = (seconds: number, from = vault.guardian) =>
        vault.send(from, pauseBody(vault.now() + seconds))

      await expectRefused(vault, EXIT.BadParameter, () => pause(72 * HOUR + 1))
      await expectRefused(vault, EXIT.BadParameter, () => pause(0))
      const outcome = await pause(72 * HOUR)
      expectDone(outcome)
      expect(outcome.events).toEqual([{ kind: 'paused', until: vault.now() + 72 * HOUR }])
      await expectRefused(vault, EXIT.PauseNotAllowed, () => pause(1))
      vault.pass(96 * HOUR - 1)
      await expectRefused(vault, EXIT.PauseNotAllowed, () => pause(1))
      vault.pass(1)
      expectDone(await pause(1, vault.owner))
      expect((await vault.read()).pausedUntil).toBe(vault.now() + 1)
    },
  },
  {
    title: 'only the owner ends a pause early, and only one that runs',
    run: async (make) => {
      const vault = await make()
      await expectRefused(vault, EXIT.PauseNotAllowed, () => vault.send(vault.owner, unpauseBody()))
      await vault.send(vault.guardian, pauseBody(vault.now() + HOUR))

      const outcome = await vault.send(vault.owner, unpauseBody())

      expectDone(outcome)
      expect(outcome.events).toEqual([{ kind: 'paused', until: vault.now() }])
      expectDone(await vault.settle([{ payee: payeeAt(0), total: 1n }]), 1n)
      await expectRefused(vault, EXIT.PauseNotAllowed, () => vault.send(vault.owner, unpauseBody()))
      vault.pass(DAY - 1)
      await expectRefused(vault, EXIT.PauseNotAllowed, () =>
        vault.send(vault.guardian, pauseBody(vault.now() + HOUR)),
      )
      vault.pass(1)
      expectDone(await vault.send(vault.guardian, pauseBody(vault.now() + HOUR)))
    },
  },
  {
    title: 'caps go down at once and never up; claims never below the floor',
    run: async (make) => {
      const vault = await make()
      const { batchCap, dayCap, claimDayCap, claimFloor } = DEFAULT_CAPS
      const same = { batchCap, dayCap, claimDayCap }
      const lower = (caps: Partial<typeof same>, from = vault.guardian) =>
        vault.send(from, lowerCapsBody({ ...same, ...caps }))

      await expectRefused(vault, EXIT.BadParameter, () => lower({ batchCap: batchCap + 1n }))
      await expectRefused(vault, EXIT.BadParameter, () => lower({ dayCap: dayCap + 1n }))
      await expectRefused(vault, EXIT.BadParameter, () => lower({ claimDayCap: claimDayCap + 1n }))
      await expectRefused(vault, EXIT.BadParameter, () => lower({ claimDayCap: claimFloor - 1n }))
      expectDone(await lower({}))
      const outcome = await lower({ batchCap: 0n, dayCap: 0n, claimDayCap: claimFloor })
      expectDone(outcome)
      expect(outcome.events).toEqual([
        { kind: 'caps-lowered', batchCap: 0n, dayCap: 0n, claimDayCap: claimFloor },
      ])
      expect((await vault.read()).caps).toEqual({
        ...DEFAULT_CAPS,
        batchCap: 0n,
        dayCap: 0n,
        claimDayCap: claimFloor,
      })
      expectDone(
        await vault.claim({ payee: payeeAt(0), total: coins(100) }),
        DEFAULT_CAPS.claimFloor,
      )
      await expectRefused(vault, EXIT.BadParameter, () => lower({}, vault.owner))
    },
  },
  {
    title: 'caps lowered below what was spent already refuse and do not break',
    run: async (make) => {
      const vault = await make()
      await vault.claim({ payee: payeeAt(0), total: coins(100) })
      await vault.settle([{ payee: payeeAt(1), total: coins(100) }])

      expectDone(
        await vault.send(
          vault.guardian,
          lowerCapsBody({ batchCap: coins(10), dayCap: coins(10), claimDayCap: coins(20) }),
        ),
      )

      await expectRefused(vault, EXIT.Cap, () => vault.claim({ payee: payeeAt(2), total: 1n }))
      await expectRefused(vault, EXIT.Cap, () => vault.settle([{ payee: payeeAt(2), total: 1n }]))
    },
  },
  {
    title:
      'a withdrawal waits 48 hours, needs a commitment made meanwhile, and leaves rent and liabilities',
    run: async (make) => {
      const vault = await make({ balance: coins(100) })
      await vault.settle([{ payee: payeeAt(0), total: coins(10) }])
      await vault.commit(coins(30))
      vault.pass(1)
      const reserve = storageReserve(vault.fees, 1)
      // 30 owed, of which 10 are paid: 20 stay.
      const most = coins(90) - coins(20) - reserve
      const ask = (amount: bigint) => vault.send(vault.owner, requestWithdrawBody(amount))

      await expectRefused(vault, EXIT.BadParameter, () => ask(0n))
      const asked = await ask(most)
      expectDone(asked)
      expect(asked.events).toMatchObject([
        { kind: 'requested', what: 'withdraw', unlockAt: vault.now() + 48 * HOUR },
      ])
      vault.pass(48 * HOUR - 1)
      await expectRefused(vault, EXIT.Locked, () => vault.execute('withdraw'))
      vault.pass(1)
      await expectRefused(vault, EXIT.Locked, () => vault.execute('withdraw'))
      await vault.commit(coins(30))
      vault.setBalance(coins(90) - 1n)
      await expectRefused(vault, EXIT.Funds, () => vault.execute('withdraw'))
      vault.setBalance(coins(90))
      const outcome = await vault.execute('withdraw')
      expectDone(outcome, most)
      expect(outcome.events).toMatchObject([
        { kind: 'withdrawal', amount: most },
        { kind: 'executed', what: 'withdraw' },
      ])
      expect(vault.balance()).toBe(reserve + coins(20))
      await expectRefused(vault, EXIT.NothingPending, () => vault.execute('withdraw'))
    },
  },
  {
    title: 'liabilities below what was paid count as none, never as money to take',
    run: async (make) => {
      const vault = await make({ balance: coins(100) })
      await vault.settle([{ payee: payeeAt(0), total: coins(50) }])
      const free = coins(50) - storageReserve(vault.fees, 1)
      await vault.send(vault.owner, requestWithdrawBody(free))
      await vault.commit(coins(1))
      vault.pass(48 * HOUR)

      vault.setBalance(coins(50) - 1n)
      await expectRefused(vault, EXIT.Funds, () => vault.execute('withdraw'))
      vault.setBalance(coins(50))
      expectDone(await vault.execute('withdraw'), free)
    },
  },
  {
    title: 'a pause stops withdrawals and raised caps, not a new key',
    run: async (make) => {
      const vault = await make()
      await vault.send(vault.owner, requestWithdrawBody(coins(1)))
      await vault.send(vault.owner, requestCapsBody({ ...DEFAULT_CAPS, dayCap: coins(2000) }))
      await vault.send(vault.owner, requestKeyBody({ key: keyOf(2).publicKey, overlap: 7 * DAY }))
      vault.pass(48 * HOUR)
      await vault.commit(0n)
      await vault.send(vault.guardian, pauseBody(vault.now() + HOUR))

      await expectRefused(vault, EXIT.Paused, () => vault.execute('withdraw'))
      await expectRefused(vault, EXIT.Paused, () => vault.execute('caps'))
      expectDone(await vault.execute('key'))
      vault.pass(HOUR)
      expectDone(await vault.execute('withdraw'), coins(1))
      expectDone(await vault.execute('caps'))
      expect((await vault.read()).caps.dayCap).toBe(coins(2000))
    },
  },
  {
    title: 'raised caps wait a day, a changed floor or delay seven',
    run: async (make) => {
      const vault = await make()
      const slow: Partial<VaultCaps>[] = [
        { claimFloor: coins(10) },
        { withdrawDelay: 49 * HOUR },
        { capsDelay: 25 * HOUR },
        { keyDelay: 25 * HOUR },
        { codeDelay: 8 * DAY },
        { minOverlap: 8 * DAY },
      ]

      await vault.send(vault.owner, requestCapsBody({ ...DEFAULT_CAPS, claimDayCap: coins(500) }))
      expect(await unlockOf(vault, 'caps')).toBe(DAY)
      for (const caps of slow) {
        await vault.send(vault.owner, requestCapsBody({ ...DEFAULT_CAPS, ...caps }))
        expect(await unlockOf(vault, 'caps')).toBe(7 * DAY)
      }
      vault.pass(7 * DAY)
      expectDone(await vault.execute('caps'))
      expect((await vault.read()).caps).toEqual({ ...DEFAULT_CAPS, minOverlap: 8 * DAY })
    },
  },
  {
    title: 'delays and caps out of bounds are refused when asked for',
    once: true,
    run: async (make) => {
      const vault = await make()
      const bad: Partial<VaultCaps>[] = [
        { claimFloor: 0n },
        { claimDayCap: DEFAULT_CAPS.claimFloor - 1n },
        { withdrawDelay: 48 * HOUR - 1 },
        { withdrawDelay: 90 * DAY + 1 },
        { capsDelay: 24 * HOUR - 1 },
        { capsDelay: 90 * DAY + 1 },
        { keyDelay: 24 * HOUR - 1 },
        { keyDelay: 72 * HOUR },
        { codeDelay: 7 * DAY - 1 },
        { codeDelay: 90 * DAY + 1 },
        { minOverlap: 7 * DAY - 1 },
        { minOverlap: 30 * DAY + 1 },
      ]
      const good: Partial<VaultCaps>[] = [
        { claimFloor: 1n, claimDayCap: 1n },
        { withdrawDelay: 90 * DAY, capsDelay: 90 * DAY, codeDelay: 90 * DAY },
        { keyDelay: 72 * HOUR - 1, minOverlap: 30 * DAY },
      ]

      for (const caps of bad) {
        await expectRefused(vault, EXIT.BadParameter, () => vault.send(vault.owner, rawCaps(caps)))
      }
      for (const caps of good) expectDone(await vault.send(vault.owner, rawCaps(caps)))
    },
  },
  {
    title: 'a long caps delay holds for slow changes as well',
    run: async (make) => {
      const vault = await make({ caps: { capsDelay: 20 * DAY } })

      await vault.send(
        vault.owner,
        requestCapsBody({ ...DEFAULT_CAPS, capsDelay: 20 * DAY, claimFloor: 1n }),
      )

      expect(await unlockOf(vault, 'caps')).toBe(20 * DAY)
    },
  },
  {
    title: 'a new key waits a day, raises the epoch, and leaves the old one its overlap',
    run: async (make) => {
      const vault = await make()
      const ask = (key: Buffer, overlap: number) =>
        vault.send(vault.owner, requestKeyBody({ key, overlap }))

      await expectRefused(vault, EXIT.BadParameter, () => ask(Buffer.alloc(32), 7 * DAY))
      await expectRefused(vault, EXIT.BadParameter, () => ask(keyOf(1).publicKey, 7 * DAY))
      await expectRefused(vault, EXIT.BadParameter, () => ask(keyOf(2).publicKey, 7 * DAY - 1))
      await expectRefused(vault, EXIT.BadParameter, () => ask(keyOf(2).publicKey, 30 * DAY + 1))
      expectDone(await ask(keyOf(2).publicKey, 30 * DAY))
      vault.pass(DAY - 1)
      await expectRefused(vault, EXIT.Locked, () => vault.execute('key'))
      vault.pass(1)
      const outcome = await vault.execute('key')
      expectDone(outcome)
      const prevValidUntil = vault.now() + 30 * DAY
      expect(outcome.events).toMatchObject([
        {
          kind: 'key-changed',
          key: keyOf(2).publicKey.toString('hex'),
          epoch: 2,
          prevValidUntil,
        },
        { kind: 'executed', what: 'key' },
      ])
      const { keys } = await vault.read()
      expect(keys.epoch).toBe(2)
      expect(keys.key.equals(keyOf(2).publicKey)).toBe(true)
      expect(keys.prevKey.equals(keyOf(1).publicKey)).toBe(true)
      expect(keys.prevValidUntil).toBe(prevValidUntil)
    },
  },
  {
    title: 'no second rotation while vouchers of the key before are honoured',
    run: async (make) => {
      const vault = await make()
      await rotate(vault)
      const until = vault.now() + 7 * DAY
      vault.pass(6 * DAY)
      await vault.send(vault.owner, requestKeyBody({ key: keyOf(3).publicKey, overlap: 7 * DAY }))
      vault.pass(until - vault.now())

      await expectRefused(vault, EXIT.Locked, () => vault.execute('key'))
      vault.pass(1)
      expectDone(await vault.execute('key'))
      expect((await vault.read()).keys.epoch).toBe(3)
      await expectRefused(vault, EXIT.KeyEpoch, () =>
        vault.claim({ payee: payeeAt(0), total: 1n }, { epoch: 1 }),
      )
      expectDone(await vault.claim({ payee: payeeAt(0), total: 1n }, { epoch: 2 }), 1n)
    },
  },
  {
    title: 'roles wait 72 hours; the new owner takes over by its own message',
    run: async (make) => {
      const vault = await make()
      const next = party('next owner')
      const watcher = party('next guardian')
      await vault.send(vault.owner, requestRolesBody({ owner: next, guardian: watcher }))
      await vault.send(vault.owner, requestWithdrawBody(coins(1)))
      vault.pass(72 * HOUR - 1)
      await expectRefused(vault, EXIT.Locked, () => vault.execute('roles'))
      await expectRefused(vault, EXIT.NothingPending, () => vault.send(next, acceptOwnerBody()))
      vault.pass(1)

      expectDone(await vault.execute('roles'))
      const between = await vault.read()
      expect(between.owner.equals(vault.owner)).toBe(true)
      expect(between.guardian.equals(watcher)).toBe(true)
      await expectRefused(vault, EXIT.Sender, () => vault.send(vault.owner, acceptOwnerBody()))
      await expectRefused(vault, EXIT.BadParameter, () => vault.execute('owner'))
      const accepted = await vault.send(next, acceptOwnerBody())
      expectDone(accepted)
      expect(accepted.events).toMatchObject([{ kind: 'executed', what: 'owner' }])
      const after = await vault.read()
      expect(after.owner.equals(next)).toBe(true)
      // What the old owner asked for is gone.
      expect(after.pending.size).toBe(0)
      await expectRefused(vault, EXIT.Sender, () =>
        vault.send(vault.owner, requestWithdrawBody(coins(1))),
      )
      await expectRefused(vault, EXIT.NothingPending, () => vault.send(next, acceptOwnerBody()))
    },
  },
  {
    title: 'an invitation to own the vault lapses after seven days and can be cancelled',
    run: async (make) => {
      const vault = await make()
      const next = party('next owner')
      const invite = async () => {
        await vault.send(vault.owner, requestRolesBody({ owner: next, guardian: vault.guardian }))
        vault.pass(72 * HOUR)
        expectDone(await vault.execute('roles'))
      }
      await invite()
      vault.pass(7 * DAY + 1)
      await expectRefused(vault, EXIT.Expired, () => vault.send(next, acceptOwnerBody()))
      await invite()
      expectDone(await vault.send(vault.guardian, cancelBody('owner')))
      await expectRefused(vault, EXIT.NothingPending, () => vault.send(next, acceptOwnerBody()))
      await invite()
      vault.pass(7 * DAY)
      expectDone(await vault.send(next, acceptOwnerBody()))
    },
  },
  {
    title: 'a change of the guardian alone invites no new owner',
    run: async (make) => {
      const vault = await make()
      await vault.send(
        vault.owner,
        requestRolesBody({ owner: vault.owner, guardian: party('next guardian') }),
      )
      vault.pass(72 * HOUR)

      expectDone(await vault.execute('roles'))

      const state = await vault.read()
      expect(state.guardian.equals(party('next guardian'))).toBe(true)
      expect(state.pending.size).toBe(0)
    },
  },
  {
    title: 'roles outside the base chain are refused',
    run: async (make) => {
      const vault = await make()
      const { Address } = await import('@ton/core')
      const away = new Address(-1, Buffer.alloc(32, 5))

      await expectRefused(vault, EXIT.BadParameter, () =>
        vault.send(vault.owner, requestRolesBody({ owner: away, guardian: vault.guardian })),
      )
      await expectRefused(vault, EXIT.BadParameter, () =>
        vault.send(vault.owner, requestRolesBody({ owner: vault.owner, guardian: away })),
      )
      const none = beginCell()
        .storeUint(VAULT_OPS.RequestRoles, 32)
        .storeUint(0, 64)
        .storeAddress(null)
        .storeAddress(vault.guardian)
        .endCell()
      await expectRefused(vault, 9, () => vault.send(vault.owner, none))
    },
  },
  {
    title: 'new code waits seven days and must be the code that was announced',
    run: async (make) => {
      const vault = await make()
      const code = beginCell().storeUint(0xc0de, 16).endCell()
      await vault.send(vault.owner, requestCodeBody(code.hash()))
      vault.pass(7 * DAY - 1)
      await expectRefused(vault, EXIT.Locked, () => vault.execute('code', code))
      vault.pass(1)

      await expectRefused(vault, EXIT.BadParameter, () => vault.execute('code'))
      await expectRefused(vault, EXIT.BadParameter, () =>
        vault.execute('code', beginCell().endCell()),
      )
      expectDone(await vault.execute('code', code))
      expect((await vault.code()).hash().equals(code.hash())).toBe(true)
    },
  },
  {
    title: 'what nobody executes within seven days of its time lapses',
    run: async (make) => {
      const vault = await make()
      const ask = () =>
        vault.send(vault.owner, requestKeyBody({ key: keyOf(2).publicKey, overlap: 7 * DAY }))
      await ask()
      vault.pass(8 * DAY + 1)

      await expectRefused(vault, EXIT.Expired, () => vault.execute('key'))
      await ask()
      vault.pass(8 * DAY)
      expectDone(await vault.execute('key'))
    },
  },
  {
    title: 'a second request of a kind replaces the first and starts its notice anew',
    run: async (make) => {
      const vault = await make()
      await vault.send(vault.owner, requestWithdrawBody(coins(1)))
      vault.pass(40 * HOUR)
      await vault.send(vault.owner, requestWithdrawBody(coins(2)))
      await vault.commit(0n)
      vault.pass(8 * HOUR)

      await expectRefused(vault, EXIT.Locked, () => vault.execute('withdraw'))
      vault.pass(40 * HOUR)
      expectDone(await vault.execute('withdraw'), coins(2))
    },
  },
  {
    title: 'owner and guardian may cancel what waits, and only that',
    run: async (make) => {
      const vault = await make()
      await expectRefused(vault, EXIT.NothingPending, () =>
        vault.send(vault.owner, cancelBody('withdraw')),
      )
      for (const from of [vault.owner, vault.guardian]) {
        await vault.send(vault.owner, requestWithdrawBody(coins(1)))
        await vault.send(vault.owner, requestCodeBody(Buffer.alloc(32, 1)))
        const outcome = await vault.send(from, cancelBody('withdraw'))
        expectDone(outcome)
        expect(outcome.events).toMatchObject([{ kind: 'cancelled', what: 'withdraw' }])
        expect([...(await vault.read()).pending.keys()]).toEqual(['code'])
      }
    },
  },
  {
    title: 'a kind that does not exist is not pending',
    run: async (make) => {
      const vault = await make()
      const unknown = (op: number, tail: number) => {
        const body = beginCell().storeUint(op, 32).storeUint(0, 64).storeUint(77, 8)
        return tail ? body.storeBit(false).endCell() : body.endCell()
      }

      expect(Object.values(PENDING)).not.toContain(77)
      await expectRefused(vault, EXIT.NothingPending, () =>
        vault.send(vault.owner, unknown(VAULT_OPS.Execute, 1)),
      )
      await expectRefused(vault, EXIT.NothingPending, () =>
        vault.send(vault.owner, unknown(VAULT_OPS.Cancel, 0)),
      )
      await expectRefused(vault, EXIT.NothingPending, () =>
        vault.send(vault.owner, executeBody({ kind: 'roles' })),
      )
    },
  },
]
