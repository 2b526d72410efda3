/** @module Deletes everything kept about one person. */
import type { StarsDesk } from '../../payments/stars/stars-desk-port.ts'
import type { Desk } from '../../queue/desk-port.ts'
import type { Channels } from '../channels/channels.ts'
import type { CopyStore } from '../delivery/copies.ts'
import type { DeliveryStore } from '../delivery/delivery.ts'
import type { InboxStore } from '../intake/inbox.ts'
import type { UnreachableStore } from '../telegram/chats.ts'
import type { UserStore } from './user-store.ts'

export interface ForgetDeps {
  readonly desk: Desk
  readonly deliveries: DeliveryStore
  readonly users: UserStore
  readonly copies: CopyStore
  readonly inbox: InboxStore
  readonly channels: Pick<Channels, 'forget'>
  readonly unreachable: Pick<UnreachableStore, 'remove'>
  readonly money?: Pick<StarsDesk, 'forget'>
  /** Machines, tokens and linked address of an owner. */
  readonly machines?: { forget(userId: number): Promise<number> }
}

/** Cancels what still runs, then deletes settings, copies, deliveries, kept updates, the channels they set up, and what links payments to them; gives back the number of rows. Safe to repeat. */
export async function forgetPerson(deps: ForgetDeps, userId: number): Promise<number> {
  const { desk, deliveries, users, copies, inbox, channels, unreachable } = deps
  for (const { job } of await deliveries.openOf({ userId })) await desk.cancel(job)
  await unreachable.remove(userId)
  const counts = [
    await users.forget(userId),
    await copies.forget(userId),
    await deliveries.forget(userId),
    await inbox.forget(userId),
    await channels.forget(userId),
    (await deps.money?.forget(userId)) ?? 0,
    (await deps.machines?.forget(userId)) ?? 0,
  ]
  return counts.reduce((sum, count) => sum + count, 0)
}
