/** @module Sources of the coin's price: which ones an operator trusts, and how a price is read from an answer without floats. */
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import type { Quote } from './median.ts'

const pattern = z
  .string()
  .max(200)
  .transform((text, context) => {
    try {
      return new RegExp(text)
    } catch {
      context.addIssue({ code: 'custom', message: 'no regular expression' })
      return z.NEVER
    }
  })

/**
 * `price` finds a decimal number of US dollars in the answer's text by its first group; `at`, the same for seconds or
 * milliseconds since 1970; without it the answer's `Date` header counts.
 */
const feedSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,31}$/),
  url: z.url({ protocol: /^https?$/ }),
  price: pattern,
  at: pattern.optional(),
})
export type Feed = Readonly<z.infer<typeof feedSchema>>

/** Fewer than three sources are no median. */
const feedsSchema = z.strictObject({
  v: z.literal(1),
  /** What one coin cost when the starting values were chosen, decimal US dollars. */
  chosenAtUsd: z.string(),
  feeds: z.array(feedSchema).min(3).max(16),
})

/** Throws `price.invalid` with `reason: 'feeds'`. */
export function readFeeds(text: string): {
  readonly feeds: readonly Feed[]
  readonly chosenAtMicroUsd: bigint
} {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError('price.invalid', { reason: 'feeds' }, { cause })
  }
  const parsed = feedsSchema.safeParse(value)
  const chosenAtMicroUsd = parsed.success ? microOf(parsed.data.chosenAtUsd) : undefined
  if (!parsed.success || chosenAtMicroUsd === undefined)
    throw new AppError('price.invalid', { reason: 'feeds' })
  return { feeds: parsed.data.feeds, chosenAtMicroUsd }
}

/** Decimal US dollars as whole millionths, the rest cut off; undefined for anything else, and for 0. */
export function microOf(text: string): bigint | undefined {
  const match = /^(?<whole>\d{1,9})(?:\.(?<part>\d{1,18}))?$/.exec(text)
  if (!match?.groups) return undefined
  const part = (match.groups['part'] ?? '').slice(0, 6).padEnd(6, '0')
  const micro = BigInt(`${match.groups['whole'] ?? ''}${part}`)
  return micro > 0n ? micro : undefined
}

/** Largest answer of a source. */
const maxChars = 65_536

/** What a source says now; undefined when it does not answer, or says nothing that can be read. */
export async function askFeed(
  feed: Feed,
  { fetch, signal }: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<Quote | undefined> {
  try {
    const response = await fetch(feed.url, { signal, redirect: 'error' })
    if (!response.ok) return undefined
    const text = (await response.text()).slice(0, maxChars)
    const coinMicroUsd = microOf(feed.price.exec(text)?.[1] ?? '')
    const atMs = feed.at
      ? sinceEpoch(feed.at.exec(text)?.[1] ?? '')
      : Date.parse(response.headers.get('date') ?? '')
    if (coinMicroUsd === undefined || atMs === undefined || !Number.isSafeInteger(atMs))
      return undefined
    return { name: feed.name, coinMicroUsd, atMs }
  } catch {
    return undefined
  }
}

/** Seconds or milliseconds, told apart by their size. */
function sinceEpoch(text: string): number | undefined {
  if (!/^\d{9,14}$/.test(text)) return undefined
  const value = Number(text)
  return value < 10 ** 11 ? value * 1000 : value
}
