/** @module What several sources together say that a coin costs: their median, without those that are old or far off (PAY §2). */

/** One source's word. */
export interface Quote {
  readonly name: string
  /** Millionths of a US dollar for one coin, above 0. */
  readonly coinMicroUsd: bigint
  readonly atMs: number
}

const oldMs = 60_000
/** Per cent. */
const farOff = 5n
const fewest = 2

/** The good ones and their median; undefined when fewer than two are good. */
export function agree(
  quotes: readonly Quote[],
  nowMs: number,
): { readonly coinMicroUsd: bigint; readonly feeds: readonly Quote[] } | undefined {
  const fresh = quotes.filter(({ atMs }) => nowMs - atMs <= oldMs && atMs - nowMs <= oldMs)
  if (fresh.length < fewest) return undefined
  const middle = medianOf(fresh)
  const feeds = fresh.filter(
    ({ coinMicroUsd }) => distance(coinMicroUsd, middle) * 100n <= middle * farOff,
  )
  return feeds.length < fewest ? undefined : { coinMicroUsd: medianOf(feeds), feeds }
}

/** Of an even number the mean of the middle two, rounded down. */
function medianOf(quotes: readonly Quote[]): bigint {
  const sorted = quotes
    .map(({ coinMicroUsd }) => coinMicroUsd)
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0n
  const high = sorted[Math.floor(sorted.length / 2)] ?? 0n
  return (low + high) / 2n
}

export const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b)

/** From `now` towards `target`, by at most 2 % of `now`. */
export function step(now: bigint, target: bigint): bigint {
  const most = now / 50n
  if (distance(now, target) <= most) return target
  return target > now ? now + most : now - most
}
