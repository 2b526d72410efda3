/** @module An account's transactions from newer to older, held together by what each says of the one before it. */
import type { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Tx } from './port.ts'

/** Names one transaction. `hash`: 64 hex characters. */
interface Mark {
  readonly lt: bigint
  readonly hash: string
}

/** One page, newest first, beginning with `from` (absent: with the newest), of transactions above `aboveLt`. */
export type ReadPage = (page: {
  readonly address: Address
  readonly from: Mark | undefined
  readonly aboveLt: bigint
  readonly limit: number
}) => Promise<readonly Tx[]>

/** What public servers give at once. */
const pageSize = 100
/** Places to begin a walk at, so that catching up does not begin at the newest each time. */
const maxMarks = 2000

export interface History {
  /** Each page checked against the one before. Throws `chain.gap`. Ends when the last one's predecessor is at or below `aboveLt`. */
  walk(address: Address, aboveLt: bigint, from?: Mark): AsyncGenerator<readonly Tx[]>
  /** The oldest `limit` above `afterLt`, ascending. */
  oldest(address: Address, afterLt: bigint, limit: number): Promise<readonly Tx[]>
}

export function createHistory(readPage: ReadPage): History {
  /** By account: where pages began, ascending by lt. */
  const marks = new Map<string, Mark[]>()

  const walk = async function* (
    address: Address,
    aboveLt: bigint,
    from?: Mark,
  ): AsyncGenerator<readonly Tx[]> {
    let next = from
    for (;;) {
      const page = await readPage({ address, from: next, aboveLt, limit: pageSize })
      const last = checked(page, next)
      if (!last) return
      yield page
      if (last.prevLt <= aboveLt) return
      next = { lt: last.prevLt, hash: last.prevHash }
    }
  }

  const oldest = async (address: Address, afterLt: bigint, limit: number): Promise<Tx[]> => {
    const key = address.toRawString()
    const known = (marks.get(key) ?? []).filter(({ lt }) => lt > afterLt)
    marks.set(key, known)
    // High enough as a rule: a walk from there brings `limit` rows without the newest ones.
    const from = known[Math.ceil(limit / pageSize)]
    const met: Mark[] = []
    const rows = async (start: Mark | undefined): Promise<readonly Tx[]> => {
      let found: readonly Tx[] = []
      for await (const page of walk(address, afterLt, start)) {
        const [first] = page
        if (first && page.length === pageSize) met.push({ lt: first.lt, hash: first.hash })
        found = [...found, ...page].slice(-limit)
      }
      return found
    }
    // A place that the provider no longer knows is no reason to stop: the newest is always there.
    const near = from && (await rows(from).catch(() => undefined))
    const found = near && near.length === limit ? near : await rows(undefined)
    const all = new Map([...known, ...met].map((mark) => [mark.lt, mark]))
    const ascending = [...all.values()].toSorted((a, b) => (a.lt < b.lt ? -1 : 1))
    marks.set(key, ascending.slice(0, maxMarks))
    return found.toReversed()
  }
  return { walk, oldest }
}

/** The page's last transaction; undefined for an empty page that may be empty. */
function checked(page: readonly Tx[], expected: Mark | undefined): Tx | undefined {
  let next = expected
  for (const tx of page) {
    if (next && (tx.lt !== next.lt || tx.hash !== next.hash)) throw gap(next)
    next = { lt: tx.prevLt, hash: tx.prevHash }
  }
  if (page.length === 0 && expected) throw gap(expected)
  return page.at(-1)
}

const gap = ({ lt }: Mark): AppError => new AppError('chain.gap', { lt: lt.toString() })
