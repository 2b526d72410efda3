/** @module What is kept of an update until it has been handled, and the store of it as the bot sees it. */

export interface KeptUpdate {
  readonly updateId: number
  readonly kind: string
  readonly chatId?: number
  readonly userId?: number
  readonly messageId?: number
  /** The update, sealed. */
  readonly sealed: Uint8Array
}

export interface OpenUpdate {
  readonly updateId: number
  readonly kind: string
  readonly receivedAt: number
  readonly sealed: Uint8Array
}

export interface InboxStore {
  /** Writes all rows at once; gives back the ids that were not known. Known ones are left alone: that is the duplicate check. */
  keep(rows: readonly KeptUpdate[]): Promise<ReadonlySet<number>>
  /** Rows not yet handled, oldest first. */
  open(): Promise<readonly OpenUpdate[]>
  /** Handled: the sealed update is deleted, the id stays for 48 h. */
  close(updateIds: readonly number[]): Promise<void>
  /** Counts a replay of an open row; gives back how many there were. */
  replayed(updateId: number): Promise<number>
  /** Deletes rows received before `time` that are closed. */
  sweep(time: number): Promise<void>
  forget(userId: number): Promise<number>
}
