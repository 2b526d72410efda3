/** @module Evidence from the kernel: one folder per question under configfs (Linux 6.7 on, Documentation/ABI/testing/configfs-tsm). */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readFile, rmdir } from 'node:fs/promises'
import { TeeError } from '../verify/codes.ts'
import { derInTable } from '../verify/snp/certificate-table.ts'
import type { GpuPort } from './gpu-command.ts'
import type { QuoteEvidence, RawSource } from './source.ts'

/** The four operations the interface consists of; paths are absolute. */
export interface TsmFiles {
  readonly mkdir: (path: string) => Promise<void>
  readonly write: (path: string, bytes: Uint8Array) => Promise<void>
  readonly read: (path: string) => Promise<Uint8Array>
  readonly rmdir: (path: string) => Promise<void>
}

export const nodeTsmFiles: TsmFiles = {
  mkdir: async (path) => {
    await mkdir(path)
  },
  // Attributes are written whole by one open, write and close; creating or reading them is refused.
  write: async (path, bytes) => {
    const file = await open(path, constants.O_WRONLY)
    try {
      await file.writeFile(bytes)
    } finally {
      await file.close()
    }
  },
  read: (path) => readFile(path),
  rmdir: (path) => rmdir(path),
}

export const TSM_ROOT = '/sys/kernel/config/tsm/report'
/** What the kernel itself allows. */
const MAX_OUTPUT_BYTES = 32_768
/** The guest wrote one attribute, once; another number means that somebody else wrote into the same folder. */
const GENERATION = '1'
const providers = { tdx_guest: 'tdx', sev_guest: 'snp' } as const

interface TsmOptions {
  readonly files: TsmFiles
  readonly root: string
  readonly gpu: GpuPort
}

/** Throws `SRC_ABSENT` when the kernel has no such interface, or for a provider that is neither TDX nor SNP. */
export async function openConfigfsTsm({ files, root, gpu }: TsmOptions): Promise<RawSource> {
  const tee = await inFolder(files, root, async (folder) => providerOf(files, folder))
  return {
    kind: 'configfs-tsm',
    tee,
    quote: (reportData) =>
      inFolder(files, root, async (folder): Promise<QuoteEvidence> => {
        await files.write(`${folder}/inblob`, reportData)
        const quote = await whileAlone(() => files.read(`${folder}/outblob`))
        if (quote.length === 0 || quote.length > MAX_OUTPUT_BYTES) throw new TeeError('SRC_IO')
        if ((await providerOf(files, folder)) !== tee) throw new TeeError('SRC_RACE')
        const certs = tee === 'snp' ? { certs: await certificatesOf(files, folder) } : {}
        if (textOf(await files.read(`${folder}/generation`)) !== GENERATION)
          throw new TeeError('SRC_RACE')
        return { quote, ...certs }
      }),
    gpu,
  }
}

/** A folder of our own name for one question, gone afterwards whatever happens. */
async function inFolder<T>(
  files: TsmFiles,
  root: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = `${root}/chrysalis-${randomBytes(8).toString('hex')}`
  try {
    await files.mkdir(folder)
  } catch (error) {
    throw new TeeError(isAbsent(error) ? 'SRC_ABSENT' : 'SRC_IO')
  }
  try {
    return await use(folder)
  } finally {
    await files.rmdir(folder)
  }
}

async function providerOf(files: TsmFiles, folder: string): Promise<'tdx' | 'snp'> {
  const name = textOf(await files.read(`${folder}/provider`))
  if (name === 'tdx_guest' || name === 'sev_guest') return providers[name]
  throw new TeeError('SRC_ABSENT')
}

/** A host need not hand out certificates, and a kernel need not have the attribute. */
async function certificatesOf(files: TsmFiles, folder: string): Promise<readonly Uint8Array[]> {
  try {
    return derInTable(await files.read(`${folder}/auxblob`))?.chain ?? []
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

/** The kernel answers EWOULDBLOCK when its inputs changed between write and read. */
async function whileAlone<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw hasCode(error, ['EAGAIN', 'EWOULDBLOCK', 'EBUSY']) ? new TeeError('SRC_RACE') : error
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1').trim()

const isAbsent = (error: unknown): boolean => hasCode(error, ['ENOENT', 'ENXIO', 'ENODEV'])

const hasCode = (error: unknown, codes: readonly string[]): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  codes.includes(error.code)
