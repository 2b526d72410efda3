/** @module A local chain's file: one line a block, appended before anybody is told of it, so that a killed process loses nothing it answered for. */
import { mkdir, open, readFile, rename, rm, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import type { Block } from './state.ts'

/** What stands in a line beside a block: how far chain time is ahead of the clock, and the config from then on. */
export interface Entry {
  readonly block: Block
  readonly offsetMs: number
  readonly config?: string
}

export interface Journal {
  /** Handed to the system before it resolves: outlives the process, not a power cut. */
  append(entry: Entry): Promise<void>
  /** Puts these in the place of all that is there, whole or not at all. */
  replace(entries: readonly Entry[]): Promise<void>
  close(): Promise<void>
}

const lineSchema = z.strictObject({
  n: z.int().nonnegative(),
  ms: z.int().nonnegative(),
  lt: z.string().regex(/^\d{1,20}$/),
  o: z.int(),
  t: z.array(z.string()),
  a: z.record(z.string(), z.string()),
  q: z.array(z.strictObject({ m: z.string(), n: z.int().nonnegative() })),
  c: z.string().optional(),
})
const headSchema = z.strictObject({ v: z.literal(1), chain: z.literal('localnet') })
const head = `${JSON.stringify({ v: 1, chain: 'localnet' })}\n`

/** Above it a start writes the file anew, without what later blocks replaced. */
const compactAboveBytes = 32 * 1024 * 1024

/**
 * Opens or makes `file`. A last line without its end is what a killed process was writing: it is cut off. Throws
 * `localnet.damaged` for anything else that does not read.
 */
export async function openJournal(file: string): Promise<{
  readonly journal: Journal
  readonly entries: readonly Entry[]
  readonly isLarge: boolean
}> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const bytes = await readFile(file).catch(() => Buffer.alloc(0))
  const whole = bytes.lastIndexOf(0x0a) + 1
  const [first, ...lines] = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1)
  if (whole < bytes.length) await truncate(file, whole)
  if (first !== undefined && !headSchema.safeParse(parsed(first)).success) throw damaged(1)
  const entries = lines.map((line, index) => entryOf(line, index + 2))
  let handle = await open(file, 'a', 0o600)
  if (first === undefined) await handle.appendFile(head)
  return {
    entries,
    isLarge: whole > compactAboveBytes,
    journal: {
      append: (entry) => handle.appendFile(lineOf(entry)),
      replace: async (all) => {
        const part = `${file}.part`
        await rm(part, { force: true })
        const next = await open(part, 'a', 0o600)
        await next.appendFile(head + all.map(lineOf).join(''))
        await next.sync()
        await rename(part, file)
        await handle.close()
        handle = next
      },
      close: () => handle.close(),
    },
  }
}

/** For chains that live as long as their process. */
export const noJournal: Journal = {
  append: async () => {},
  replace: async () => {},
  close: async () => {},
}

function lineOf({ block, offsetMs, config }: Entry): string {
  const line: z.input<typeof lineSchema> = {
    n: block.seqno,
    ms: block.ms,
    lt: block.lt.toString(),
    o: offsetMs,
    t: [...block.transactions],
    a: Object.fromEntries(block.accounts),
    q: block.pending.map(({ boc, notBefore }) => ({ m: boc, n: notBefore })),
    ...(config !== undefined && { c: config }),
  }
  return `${JSON.stringify(line)}\n`
}

function entryOf(text: string, number: number): Entry {
  const { success, data } = lineSchema.safeParse(parsed(text))
  if (!success) throw damaged(number)
  const block: Block = {
    seqno: data.n,
    ms: data.ms,
    lt: BigInt(data.lt),
    transactions: data.t,
    accounts: new Map(Object.entries(data.a)),
    pending: data.q.map(({ m, n }) => ({ boc: m, notBefore: n })),
  }
  return { block, offsetMs: data.o, ...(data.c !== undefined && { config: data.c }) }
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

const damaged = (line: number): AppError => new AppError('localnet.damaged', { line })
