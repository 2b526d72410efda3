/** @module The loopback door of a running system for `try` and `doctor`: content-free facts, behind a token in the data folder. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { z } from 'zod'
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
}

/** Opens the door on a free loopback port and writes `<data>/control.json` (0600). `close` removes both. */
export async function openControl({
  dataDir,
  facts,
}: ControlDeps): Promise<{ close: () => Promise<void> }> {
  const token = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    answer(request, response, { token, facts })
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

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { token, facts }: { token: string; facts: ControlDeps['facts'] },
): void {
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  if (!sameText(request.headers.authorization ?? '', `Bearer ${token}`)) {
    send(401, { ok: false })
    return
  }
  const job = /^\/jobs\/([0-9a-f]{32})$/.exec(request.url ?? '')?.[1] ?? ''
  const found = isJobId(job) ? facts(job) : undefined
  send(found === undefined ? 404 : 200, found ?? { ok: false })
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
