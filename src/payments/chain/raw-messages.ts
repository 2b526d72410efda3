/** @module The message cells of a transaction as they are in it, bit for bit: stored anew, their hashes would differ. */
import { beginCell, type Cell, Dictionary, type Message } from '@ton/core'

/** `in`: null for a transaction nobody sent a message for; `out` in the order they were sent. */
export function rawMessages(transaction: Cell): {
  readonly in: Cell | null
  readonly out: readonly Cell[]
} {
  const [holder] = transaction.refs
  if (!holder) return { in: null, out: [] }
  const slice = holder.beginParse()
  const incoming = slice.loadMaybeRef()
  const out = slice.loadDict(Dictionary.Keys.Uint(15), Dictionary.Values.Cell())
  return { in: incoming, out: out.values() }
}

/**
 * TEP-467: the hash of an external message without what a relay may change: no source, no import fee, no init, the body
 * always as a reference. 64 hex characters. Undefined for other messages.
 */
export function normHash(message: Message): string | undefined {
  if (message.info.type !== 'external-in') return undefined
  return beginCell()
    .storeUint(0b10, 2)
    .storeUint(0, 2)
    .storeAddress(message.info.dest)
    .storeCoins(0)
    .storeBit(false)
    .storeBit(true)
    .storeRef(message.body)
    .endCell()
    .hash()
    .toString('hex')
}
