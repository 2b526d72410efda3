import { Address, Cell } from '@ton/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createHistory, type ReadPage } from '../../../src/payments/chain/history.ts'
import type { Tx } from '../../../src/payments/chain/port.ts'

const address = new Address(0, Buffer.alloc(32, 1))
const hashOf = (lt: bigint): string => lt.toString(16).padStart(64, '0')

/** Transactions at these logical times, each naming the one before. */
const chainOf = (lts: readonly bigint[]): Tx[] =>
  lts.map((lt, index) => {
    const prevLt = lts[index - 1] ?? 0n
    return {
      account: address,
      lt,
      hash: hashOf(lt),
      prevLt,
      prevHash: hashOf(prevLt),
      utime: 0,
      gasUsed: 0n,
      ok: true,
      totalFeesNano: 0n,
      in: null,
      out: [],
      raw: Cell.EMPTY,
    }
  })

/** A provider of these transactions; `asked` counts the pages it gave. */
function providerOf(all: readonly Tx[], pageSize = 100) {
  const counts = { asked: 0 }
  const readPage: ReadPage = async ({ from, aboveLt, limit }) => {
    counts.asked++
    const end = from ? all.findIndex(({ lt }) => lt === from.lt) + 1 : all.length
    return all
      .slice(0, end)
      .filter(({ lt }) => lt > aboveLt)
      .toReversed()
      .slice(0, Math.min(limit, pageSize))
  }
  return { readPage, counts }
}

const steps = fc.array(fc.bigInt(1n, 1000n), { maxLength: 400 })
const ltsOf = (gaps: readonly bigint[]): bigint[] => {
  let lt = 0n
  return gaps.map((gap) => (lt += gap))
}

describe('an account’s history', () => {
  test('followed by a cursor it is seen whole, once and in order, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 100 }),
        async (gaps, limit, pageSize) => {
          const all = chainOf(ltsOf(gaps))
          const history = createHistory(providerOf(all, pageSize).readPage)
          const seen: bigint[] = []
          for (let cursor = 0n; ; ) {
            const part = await history.oldest(address, cursor, limit)
            const last = part.at(-1)
            if (!last) break
            expect(part.length).toBe(Math.min(limit, all.length - seen.length))
            seen.push(...part.map(({ lt }) => lt))
            cursor = last.lt
          }
          expect(seen).toEqual(all.map(({ lt }) => lt))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('whatever one transaction a provider leaves out, changes or swaps, nothing is given', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.bigInt(1n, 1000n), { minLength: 3, maxLength: 250 }),
        fc.nat(),
        fc.constantFrom('left out', 'changed'),
        async (gaps, where, how) => {
          const all = chainOf(ltsOf(gaps))
          // Leaving out the newest cannot be seen: a node may be behind.
          const at = where % (all.length - 1)
          const told = all.flatMap((tx, index) => {
            if (index !== at) return [tx]
            return how === 'changed' ? [{ ...tx, hash: hashOf(tx.lt + 1n) }] : []
          })
          const history = createHistory(providerOf(told).readPage)
          await expect(history.oldest(address, 0n, 1000)).rejects.toMatchObject({
            code: 'chain.gap',
          })
        },
      ),
      { numRuns: 100 },
    )
  })

  test('catching up does not read the newest pages again and again', async () => {
    const all = chainOf(ltsOf(Array.from({ length: 5000 }, () => 1n)))
    const { readPage, counts } = providerOf(all)
    const history = createHistory(readPage)
    let cursor = 0n
    for (let last: Tx | undefined; ; cursor = last.lt) {
      last = (await history.oldest(address, cursor, 100)).at(-1)
      if (!last) break
    }

    expect(cursor).toBe(5000n)
    // 50 pages to find the oldest, then about three for each of the 50 parts; without marks it would be 1275.
    expect(counts.asked).toBeLessThan(260)
  })

  test('a place that the provider no longer knows does not stop it', async () => {
    const all = chainOf(ltsOf(Array.from({ length: 900 }, () => 1n)))
    const { readPage } = providerOf(all)
    let continued: bigint | undefined
    const history = createHistory(async (page) => {
      if (page.from && page.from.lt !== continued) throw new Error('cannot locate transaction')
      const given = await readPage(page)
      continued = given.at(-1)?.prevLt
      return given
    })
    const seen: bigint[] = []
    for (let cursor = 0n; cursor < 900n; cursor = seen.at(-1) ?? 0n)
      seen.push(...(await history.oldest(address, cursor, 90)).map(({ lt }) => lt))

    expect(seen).toEqual(all.map(({ lt }) => lt))
  })
})
