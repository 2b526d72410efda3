/** @module Which policy the registry names: the port to read it, agreement between readers, and the dev network's file (CONF §12). */
import { readFile } from 'node:fs/promises'
import { parseStrictJson } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import { TeeError } from '../verify/codes.ts'
import { hex, integer, object } from '../verify/shape.ts'

/** Times in unix seconds, as the registry has them. */
export interface Anchor {
  readonly epoch: number
  /** Digest of the whole document, hex. */
  readonly sha256: string
  /** When the registry took it. */
  readonly anchoredAt: number
  /** From when on its additions count. */
  readonly activeFrom: number
}

/** Reads the newest anchor; throws when it cannot. */
export type ReadAnchor = () => Promise<Anchor>

const seconds = integer(0, 2 ** 42)
const anchorShape = object({
  epoch: integer(1, 2 ** 31 - 1),
  sha256: hex(32),
  anchoredAt: seconds,
  activeFrom: seconds,
})

/** Readers of which so many must say the same: one that lies or lags changes nothing. */
const agreeing = 2

/** Asks all readers; throws `POL_ANCHOR` unless two agree, and where two and two others disagree. */
export function agreedAnchor(readers: readonly ReadAnchor[]): ReadAnchor {
  return async () => {
    const answers = await Promise.allSettled(readers.map(async (read) => read()))
    const votes = new Map<string, { anchor: Anchor; count: number }>()
    for (const answer of answers) {
      const anchor = answer.status === 'fulfilled' ? anchorShape(answer.value) : undefined
      if (!anchor) continue
      const { epoch, sha256, anchoredAt, activeFrom } = anchor
      const name = [epoch, sha256, anchoredAt, activeFrom].join()
      votes.set(name, { anchor, count: (votes.get(name)?.count ?? 0) + 1 })
    }
    const agreed = [...votes.values()].filter(({ count }) => count >= agreeing)
    const [first] = agreed
    if (!first || agreed.length !== 1) throw new TeeError('POL_ANCHOR')
    return first.anchor
  }
}

/** The dev network's registry: a file. Throws `DEV_FORBIDDEN` for another network; reading throws `POL_ANCHOR`. */
export function fileAnchor(net: Net, path: string): ReadAnchor {
  if (net !== 'devnet') throw new TeeError('DEV_FORBIDDEN')
  return async () => {
    try {
      const anchor = anchorShape(parseStrictJson(await readFile(path, 'utf8')))
      if (anchor) return anchor
    } catch {
      // Absent, unreadable, not JSON: all the same to the reader.
    }
    throw new TeeError('POL_ANCHOR')
  }
}

/** Seconds between anchoring and the first moment at which additions count: time to notice a stolen signature. */
const timeLockS = { mainnet: 86_400, testnet: 86_400, devnet: 0 } as const

/** From when on (unix s) a document with additions counts; `isEarly` when the anchor wanted it sooner than the time lock lets it. */
export function additionsFrom(anchor: Anchor, net: Net): { at: number; isEarly: boolean } {
  const earliest = anchor.anchoredAt + timeLockS[net]
  return { at: Math.max(anchor.activeFrom, earliest), isEarly: anchor.activeFrom < earliest }
}
