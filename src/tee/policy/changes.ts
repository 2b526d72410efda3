/** @module What one policy changes about another, in words, and whether it acts at once or waits for the time lock (CONF §12). */
import { type Canonical, canonicalText } from '../../core/canonical.ts'
import type { Policy } from '../verify/policy/document.ts'
import type { PolicyEntry } from '../verify/policy/entry.ts'

export interface PolicyChange {
  readonly words: string
  /** True for whatever allows more than before. */
  readonly waits: boolean
}

interface Pair<T> {
  readonly old: T
  readonly next: T
}

/** All changes from `old` to `next`. Only what allows more waits; dates and the image's name change nothing that is allowed. */
export function policyChanges(old: Policy, next: Policy): PolicyChange[] {
  const pair = <T extends Canonical>(member: (policy: Policy) => T): Pair<T> => ({
    old: member(old),
    next: member(next),
  })
  return [
    ...entryChanges({ old: old.entries, next: next.entries }),
    ...ofLists(
      'denial of worker',
      'narrows',
      pair((it) => it.deny.kids),
    ),
    ...ofLists(
      'denial of machine',
      'narrows',
      pair((it) => it.deny.hw),
    ),
    ...ofLists(
      'denial of measurement',
      'narrows',
      pair((it) => it.deny.measurements),
    ),
    ...ofLists(
      'tolerated advisory',
      'widens',
      pair((it) => it.tcb.advisories),
    ),
    ...ofNumbers(
      'days out of date that are tolerated',
      'widens',
      pair((it) => it.tcb.outOfDateDays),
    ),
    ...ofNumbers(
      'lowest evaluation number',
      'narrows',
      pair((it) => it.minEvalNumber),
    ),
  ]
}

/** `mrTd 0101…` of an entry, and what it is for. */
export function entryName(entry: PolicyEntry): string {
  const register =
    entry.tee === 'tdx'
      ? `mrtd ${entry.mrtd.slice(0, 12)}…, rtmr0 ${entry.rtmr0.slice(0, 12)}…`
      : `${entry.snp.product} ${entry.snp.measurement.slice(0, 12)}…`
  return `${entry.role} ${entry.tee} (${register}${entry.gpu ? ', with GPU' : ''})`
}

/** What more of it does to what is allowed. */
type Effect = 'widens' | 'narrows'

function ofLists(
  what: string,
  effect: Effect,
  { old, next }: Pair<readonly string[]>,
): PolicyChange[] {
  const before = new Set(old)
  const after = new Set(next)
  const added = [...after].filter((it) => !before.has(it)).map((it) => `adds ${what} ${it}`)
  const removed = [...before].filter((it) => !after.has(it)).map((it) => `removes ${what} ${it}`)
  return [
    ...added.map((words) => ({ words, waits: effect === 'widens' })),
    ...removed.map((words) => ({ words, waits: effect === 'narrows' })),
  ]
}

function ofNumbers(what: string, effect: Effect, { old, next }: Pair<number>): PolicyChange[] {
  if (old === next) return []
  const waits = next > old === (effect === 'widens')
  return [{ words: `changes ${what} from ${old} to ${next}`, waits }]
}

function entryChanges({ old, next }: Pair<readonly PolicyEntry[]>): PolicyChange[] {
  const before = new Set(old.map(canonicalText))
  const after = new Set(next.map(canonicalText))
  const gone = old.filter((entry) => !after.has(canonicalText(entry)))
  const changes: PolicyChange[] = []
  for (const entry of next.filter((it) => !before.has(canonicalText(it)))) {
    // An entry for the same machine state is that entry, changed; each is paired once.
    const at = gone.findIndex((it) => identityOf(it) === identityOf(entry))
    const [earlier] = at < 0 ? [] : gone.splice(at, 1)
    if (earlier) changes.push(...changesWithin({ old: earlier, next: entry }))
    else changes.push({ words: `adds ${entryName(entry)}`, waits: true })
  }
  return [...changes, ...gone.map((it) => ({ words: `removes ${entryName(it)}`, waits: false }))]
}

/** What an entry is about, without what may be more or less of it. */
function identityOf(entry: PolicyEntry): string {
  const { models: _models, gpu, from: _from, until: _until, image: _image, ...rest } = entry
  const parts = { ...rest, gpu: gpu !== undefined }
  if (!('snp' in parts)) return canonicalText(parts)
  const { minTcb: _minTcb, ...snp } = parts.snp
  return canonicalText({ ...parts, snp })
}

function changesWithin({ old, next }: Pair<PolicyEntry>): PolicyChange[] {
  const name = entryName(next)
  const pair = <T>(member: (entry: PolicyEntry) => T): Pair<T> => ({
    old: member(old),
    next: member(next),
  })
  const found = [
    ...ofLists('model', 'widens', pair(modelNames)),
    ...ofLists(
      'driver',
      'widens',
      pair(({ gpu }) => gpu?.drivers ?? []),
    ),
    ...ofLists(
      'vbios',
      'widens',
      pair(({ gpu }) => gpu?.vbios ?? []),
    ),
    ...ofLists('golden digest of block', 'narrows', pair(goldenNames)),
    ...ofLists(
      'check by',
      'narrows',
      pair(({ gpu }) => (gpu?.nras === 'required' ? ['NRAS'] : [])),
    ),
    ...ofNumbers(
      'until',
      'widens',
      pair(({ until }) => until),
    ),
    ...ofNumbers(
      'from',
      'narrows',
      pair(({ from }) => from),
    ),
    ...ofTcb(pair((it) => (it.tee === 'snp' ? it.snp.minTcb : {}))),
  ]
  const image = old.image === next.image ? [] : [{ words: 'names another image', waits: false }]
  return [...found, ...image].map(({ words, waits }) => ({ words: `${name}: ${words}`, waits }))
}

const modelNames = ({ models }: PolicyEntry): string[] =>
  models === 'any' ? ['any'] : models.map(({ id, weights }) => `${id} ${weights}`)

const goldenNames = ({ gpu }: PolicyEntry): string[] =>
  Object.entries(gpu?.golden ?? {}).map(([index, digest]) => `${index} ${digest}`)

function ofTcb({ old, next }: Pair<Readonly<Record<string, number | undefined>>>): PolicyChange[] {
  return Object.keys({ ...old, ...next }).flatMap((part) =>
    ofNumbers(`lowest ${part} version`, 'narrows', { old: old[part] ?? 0, next: next[part] ?? 0 }),
  )
}
