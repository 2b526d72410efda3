/** @module The loopback door of a running system for `try` and `doctor`: content-free facts, behind a token in the data folder. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError, type ErrorDetails, isErrorCode } from '../core/app-error.ts'
import { isJobId, type JobId } from '../core/ids.ts'

const controlSchema = z.object({
  url: z.url(),
  token: z.string().min(20),
  pid: z.number().int(),
})
export type ControlFile = z.infer<typeof controlSchema>

const fileOf = (dataDir: string): string => join(dataDir, 'control.json')

export interface ControlDeps {
  readonly dataDir: string
  /** Facts of a delivered job as JSON-ready value, or undefined when it is unknown. */
  readonly facts: (job: JobId) => unknown
  /** What commands may ask of the running system, by name: JSON in, JSON out, no content. */
  readonly calls?: Readonly<Record<string, ControlCall>>
}

/** Throws an AppError where there is no answer. Sums are decimal text on the wire. */
export type ControlCall = (args: unknown) => Promise<unknown>

/** Opens the door on a free loopback port and writes `<data>/control.json` (0600). `close` removes both. */
export async function openControl({
  dataDir,
  facts,
  calls = {},
}: ControlDeps): Promise<{ close: () => Promise<void> }> {
  const token = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    void answer(request, response, { token, facts, calls }) // never rejects
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const file: ControlFile = { url: `http://127.0.0.1:${String(port)}`, token, pid: process.pid }
  writeFileSync(fileOf(dataDir), JSON.stringify(file), { mode: 0o600 })
  return {
    close: async () => {
      rmSync(fileOf(dataDir), { force: true })
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** The door of the system that runs on this data folder; undefined when none does. */
export function readControl(dataDir: string): ControlFile | undefined {
  try {
    return controlSchema.parse(JSON.parse(readFileSync(fileOf(dataDir), 'utf8')))
  } catch {
    return undefined
  }
}

/** Longest body of a call. */
const maxBodyBytes = 65_536

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  deps: Required<Omit<ControlDeps, 'dataDir'>> & { readonly token: string },
): Promise<void> {
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(jsonText(body))
  }
  if (!sameText(request.headers.authorization ?? '', `Bearer ${deps.token}`)) {
    send(401, { ok: false })
    return
  }
  const name = /^\/calls\/([a-z][a-z.-]{0,63})$/.exec(request.url ?? '')?.[1] ?? ''
  const call = Object.hasOwn(deps.calls, name) ? deps.calls[name] : undefined
  if (call && request.method === 'POST') {
    try {
      send(200, { answer: await call(await readBody(request)) })
    } catch (error) {
      send(500, failureOf(error))
    }
    return
  }
  const job = /^\/jobs\/([0-9a-f]{32})$/.exec(request.url ?? '')?.[1] ?? ''
  const found = isJobId(job) ? deps.facts(job) : undefined
  send(found === undefined ? 404 : 200, found ?? { ok: false })
}

/** JSON with sums as decimal text. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_key, it: unknown) => (typeof it === 'bigint' ? it.toString() : it)) ??
  'null'

const failureOf = (error: unknown): { code: string; details: ErrorDetails } =>
  error instanceof AppError
    ? { code: error.code, details: error.details }
    : { code: 'internal.error', details: {} }

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue
    size += part.length
    if (size > maxBodyBytes) throw new AppError('input.too-large', { max: maxBodyBytes })
    parts.push(part)
  }
  const text = Buffer.concat(parts).toString('utf8')
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    throw new AppError('input.invalid')
  }
}

const failureSchema = z.object({
  code: z.string().refine(isErrorCode),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
})

/** Asks the system behind `control`. Throws what the call threw there; `stores.down` when nobody answers. */
export async function callControl(
  control: ControlFile,
  { name, args }: { readonly name: string; readonly args?: unknown },
): Promise<unknown> {
  const response = await fetch(`${control.url}/calls/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${control.token}`, 'content-type': 'application/json' },
    body: jsonText(args ?? null),
  }).catch((cause: unknown) => {
    throw new AppError('stores.down', {}, { cause })
  })
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return z.object({ answer: z.unknown() }).parse(body).answer
  const failure = failureSchema.safeParse(body)
  if (!failure.success) throw new AppError('internal.error')
  throw new AppError(failure.data.code, failure.data.details)
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
