/** @module The end of the release log that this process writes: the next entry's place, and the heads that are still to be signed. */
import { randomBytes } from 'node:crypto'
import {
  headHash,
  type LogHead,
  NO_HASH,
  type ReleaseEntry,
  releaseHash,
} from '../tee/keys/release-log.ts'

/** What a release says of itself; its place in the chain is added here. */
type ReleaseFacts = Omit<ReleaseEntry, 'net' | 'chain' | 'seq' | 'prev'>

/** How far a chain has come. */
type ChainEnd = Pick<LogHead, 'chain' | 'seq' | 'hash'>

interface PlacedEntry {
  readonly chain: string
  readonly seq: number
  readonly prev: string
  readonly hash: string
}

export interface ReleaseChain {
  /** The entry at the next place. It takes the place only by `advance`. */
  place(facts: ReleaseFacts): PlacedEntry
  /** The entry is in its row. */
  advance(entry: PlacedEntry): void
  /** Whether the last entry was written is unknown: a new chain begins, so that no place is used twice. */
  restart(): void
  /** Ends of chains that no signature tells of yet, oldest first; begins a new chain when this one is a day old. */
  unsigned(nowMs: number): readonly ChainEnd[]
  /** Those just given by `unsigned` are signed and in their rows; nothing may have been placed in between. */
  signed(): void
}

/** Whole chains are forgotten together, so none may grow for ever. */
const maxAgeMs = 86_400_000

export function createReleaseChain(net: string, startedAtMs: number): ReleaseChain {
  const ended: ChainEnd[] = []
  let chain = newChain()
  let began = startedAtMs
  let seq = 0
  let prev = NO_HASH
  let signedSeq = -1

  const end = (): void => {
    if (seq - 1 > signedSeq) ended.push({ chain, seq: seq - 1, hash: prev })
    chain = newChain()
    seq = 0
    prev = NO_HASH
    signedSeq = -1
  }
  return {
    place: (facts) => {
      const hash = releaseHash({ net, chain, seq, prev, ...facts })
      return { chain, seq, prev, hash }
    },
    advance: (entry) => {
      seq = entry.seq + 1
      prev = entry.hash
    },
    restart: end,
    unsigned: (nowMs) => {
      if (nowMs - began >= maxAgeMs) {
        end()
        began = nowMs
      }
      return seq - 1 > signedSeq ? [...ended, { chain, seq: seq - 1, hash: prev }] : [...ended]
    },
    signed: () => {
      ended.length = 0
      signedSeq = seq - 1
    },
  }
}

const newChain = (): string => randomBytes(16).toString('hex')

/** The heads as they are signed: each cites the one before. */
export function linkHeads(
  ends: readonly ChainEnd[],
  by: { net: string; aud: string; at: number; prev: string },
): LogHead[] {
  let { prev } = by
  return ends.map(({ chain, seq, hash }, place) => {
    const head: LogHead = { net: by.net, aud: by.aud, chain, seq, hash, prev, at: by.at + place }
    prev = headHash(head)
    return head
  })
}
