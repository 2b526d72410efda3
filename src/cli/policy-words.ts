/** @module What `chrysalis policy` says about a document: its contents, what looks wrong, what changes. */
import { canonicalText } from '../core/canonical.ts'
import { entryName, policyChanges } from '../tee/policy/changes.ts'
import type { Policy } from '../tee/verify/policy/document.ts'
import type { PolicyEntry } from '../tee/verify/policy/entry.ts'
import { neededSignatures } from '../tee/verify/policy/signatures.ts'

export interface ShownSignature {
  readonly key: string
  readonly isRight: boolean
}

const dayS = 86_400
/** A gateway that hears of no newer policy works on until the document ends: 90 days are long enough. */
const longLifeS = 90 * dayS

const dateOf = (seconds: number): string => {
  const ms = seconds * 1000
  return ms > 253_402_300_799_000 ? 'never' : new Date(ms).toISOString().replace('.000Z', 'Z')
}
const line = (name: string, value: string): string => `${name.padEnd(14)}${value}`
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** The whole document for people. `trusted`: keys that the reader named. */
export function policyLines({
  policy,
  sha256,
  signatures,
  trusted,
}: {
  policy: Policy
  sha256: string
  signatures: readonly ShownSignature[]
  trusted: readonly string[]
}): string[] {
  const { deny, tcb } = policy
  const days = tcb.outOfDateDays === 0 ? 'never' : `for ${counted(tcb.outOfDateDays, 'day')}`
  return [
    line('network', `${policy.net}, epoch ${policy.epoch}`),
    line('sha256', sha256),
    line('previous', policy.epoch === 1 ? 'none: the first one' : policy.prev),
    line('valid', `${dateOf(policy.notBefore)} to ${dateOf(policy.notAfter)}`),
    line('signatures', signatures.length === 0 ? 'none' : counted(signatures.length, 'signature')),
    ...signatures.map(({ key, isRight }) => `  ${key}  ${wordOf({ key, isRight }, trusted)}`),
    line(
      'Intel',
      `collateral from evaluation number ${policy.minEvalNumber} on; out of date: ${days}`,
    ),
    ...tcb.advisories.map((it) => `  tolerated advisory ${it}`),
    line(
      'entries',
      policy.entries.length === 0 ? 'none: nobody may work' : String(policy.entries.length),
    ),
    ...policy.entries.flatMap(entryLines),
    line('denied', deniedText(deny)),
    ...[...deny.kids, ...deny.hw, ...deny.measurements].map((it) => `  ${it}`),
  ]
}

function wordOf({ key, isRight }: ShownSignature, trusted: readonly string[]): string {
  if (!isRight) return 'WRONG'
  if (trusted.length === 0) return 'right (whose key this is, you must know: --key)'
  return trusted.includes(key) ? 'right' : 'RIGHT, BUT NOT OF A KEY YOU NAMED'
}

function deniedText({ kids, hw, measurements }: Policy['deny']): string {
  const parts = [
    [kids.length, 'worker'],
    [hw.length, 'machine'],
    [measurements.length, 'measurement'],
  ] as const
  const named = parts.filter(([count]) => count > 0).map(([count, what]) => counted(count, what))
  return named.length === 0 ? 'nothing' : named.join(', ')
}

function entryLines(entry: PolicyEntry): string[] {
  const models =
    entry.models === 'any'
      ? ['    any model']
      : entry.models.map((it) => `    ${it.id}  ${it.weights}`)
  const gpu = entry.gpu
    ? [
        `    GPU: drivers ${entry.gpu.drivers.join(', ')}; VBIOS ${entry.gpu.vbios.join(', ')}; ${counted(Object.keys(entry.gpu.golden).length, 'golden digest')}; NRAS ${entry.gpu.nras}`,
      ]
    : []
  return [
    `  ${entryName(entry)}`,
    `    image ${entry.image}; ${dateOf(entry.from)} to ${dateOf(entry.until)}`,
    ...models,
    ...gpu,
  ]
}

/** What is allowed but hardly meant. */
export function warningsOf(
  policy: Policy,
  signatures: readonly ShownSignature[],
  nowMs: number,
): string[] {
  const { entries, notBefore, notAfter } = policy
  const need = neededSignatures(policy.net)
  const texts = entries.map(canonicalText)
  const found: (string | false)[] = [
    entries.length === 0 && 'the list of entries is empty: nobody may work',
    new Set(texts).size < texts.length && 'an entry stands in the list twice',
    notAfter * 1000 < nowMs && 'the document has ended',
    notAfter - notBefore > longLifeS &&
      'it is valid for more than 90 days: so long works a gateway that hears of no newer one',
    signatures.some(({ isRight }) => !isRight) &&
      'a signature is wrong: the document will be refused',
    signatures.length < need && `${signatures.length} of ${need} needed signatures`,
  ]
  return [
    ...found.filter((it) => it !== false),
    ...entries.flatMap((entry) =>
      entryWarnings(entry, policy).map((it) => `${entryName(entry)}: ${it}`),
    ),
  ]
}

function entryWarnings(entry: PolicyEntry, policy: Policy): string[] {
  const { models, gpu, role } = entry
  const registers =
    entry.tee === 'tdx'
      ? [entry.mrtd, entry.rtmr0, entry.rtmr1, entry.rtmr2, entry.rtmr3]
      : [entry.snp.measurement, entry.hostData]
  const found: (string | false | undefined)[] = [
    role === 'worker' && models.length === 0 && 'no model is listed, so it serves none',
    models === 'any' && 'any model counts, whatever its weights',
    entry.until < policy.notBefore && 'it ends before the document begins',
    entry.from > policy.notAfter && 'it begins after the document ends',
    registers.some((it) => it !== undefined && policy.deny.measurements.includes(it)) &&
      'the deny list names it: it can never work',
    entry.tee === 'tdx' &&
      entry.tdAttributes !== '0000001000000000' &&
      'attributes beyond the usual',
    gpu && gpu.drivers.length === 0 && 'no driver is listed, so no GPU is accepted',
    gpu && gpu.vbios.length === 0 && 'no VBIOS is listed, so no GPU is accepted',
    gpu &&
      Object.keys(gpu.golden).length === 0 &&
      'no golden digest is listed, so no GPU is accepted',
    gpu?.nras === 'off' && 'firmware revocation of its GPUs is not asked for (nras: off)',
  ]
  return found.filter((it) => typeof it === 'string')
}

/** What a new document changes, apart by when it acts. */
export function changeLines(old: Policy, next: Policy): string[] {
  const changes = policyChanges(old, next)
  const part = (title: string, waits: boolean): string[] => {
    const words = changes.filter((it) => it.waits === waits).map((it) => `  ${it.words}`)
    return words.length === 0 ? [] : [title, ...words]
  }
  const wait =
    next.net === 'devnet'
      ? 'waits for the registry’s time:'
      : 'waits for the time lock (24 h or more):'
  return [
    `epoch ${old.epoch} to ${next.epoch}; valid until ${dateOf(old.notAfter)}, then until ${dateOf(next.notAfter)}`,
    ...part('acts at once:', false),
    ...part(wait, true),
    ...(changes.length === 0 ? ['nothing that is allowed changes'] : []),
  ]
}
