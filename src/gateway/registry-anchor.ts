/** @module The chain's registry as what a policy hangs on: its hash names the document, its lists narrow it (CONF §12, PAY §6). */
import type { RegistryReader } from '../payments/registry/reader.ts'
import { sha256Hex } from '../tee/crypto/binary.ts'
import type { ReadAnchor } from '../tee/policy/anchor.ts'
import type { PolicyFolder } from '../tee/policy/folder.ts'
import type { PolicyGate } from '../tee/policy/store.ts'
import { TeeError } from '../tee/verify/codes.ts'
import type { Policy } from '../tee/verify/policy/document.ts'
import type { PolicyEntry } from '../tee/verify/policy/entry.ts'

/** The part of the registry's reader that admission needs. */
export type Registry = Pick<RegistryReader, 'view'>
type View = ReturnType<Registry['view']>

/** The contract itself lets a hash wait two days before it names it: nothing waits again here. */
const waited = { anchoredAt: 0, activeFrom: 2 * 86_400 } as const

/** The registry knows a hash and no epoch: that is the document's which has this hash. Throws `POL_ANCHOR` without a fresh reading. */
export function registryAnchor(registry: Registry | undefined, folder: PolicyFolder): ReadAnchor {
  let known: { readonly sha256: string; readonly epoch: number } | undefined
  return async () => {
    const view = viewOf(registry)
    if (!view) throw new TeeError('POL_ANCHOR')
    const sha256 = view.policyHash
    if (known?.sha256 === sha256) return { ...known, ...waited }
    const documents = await folder.documents(1)
    const named = documents.find(({ bytes }) => sha256Hex(bytes) === sha256)
    if (named) known = { sha256, epoch: named.epoch }
    // A document that is not here is another one than ours, whatever its epoch is.
    const newest = Math.max((await folder.seen())?.epoch ?? 1, documents.at(-1)?.epoch ?? 1)
    return { sha256, epoch: named?.epoch ?? newest, ...waited }
  }
}

/**
 * Lets a policy count while the last reading is fresh and names the newest document. Images and models of it that the
 * registry does not list, or has revoked, are taken out as the next document would: the one in force stays what is cited.
 */
export const registryGate =
  (registry: Registry | undefined): PolicyGate =>
  (found, newest) => {
    const view = viewOf(registry)
    if (!view || view.policyHash !== newest) return undefined
    const asked = found.pending ?? found.current
    const entries = asked.entries.flatMap((entry) => narrowed(entry, view))
    return isSame(entries, asked) ? found : { ...found, pending: { ...asked, entries } }
  }

function narrowed(entry: PolicyEntry, view: View): PolicyEntry[] {
  const kind = entry.role === 'gateway' ? 'gateway-image' : 'worker-image'
  if (!view.lists(kind, keyOf(entry.image))) return []
  if (entry.models === 'any') return [entry]
  const models = entry.models.filter(({ weights }) => view.lists('model', keyOf(weights)))
  return models.length === entry.models.length ? [entry] : [{ ...entry, models }]
}

const isSame = (entries: readonly PolicyEntry[], { entries: all }: Policy): boolean =>
  entries.length === all.length && entries.every((entry, at) => entry === all[at])

/** `sha256:<64 hex>` as the registry's key; any other text is a key that nobody has. */
const keyOf = (digest: string): string => digest.replace(/^sha256:/, '')

function viewOf(registry: Registry | undefined): View | undefined {
  try {
    return registry?.view()
  } catch {
    // Too old, or never read: the reader says so itself.
    return undefined
  }
}
