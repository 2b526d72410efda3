/** @module Stand-ins for the guest agents: Confidential Containers' on a loopback port, dstack's on a unix socket. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AgentAddress } from '../../src/tee/sources/http.ts'

export interface FakeAgent {
  readonly address: AgentAddress
  /** Method and path of each question, without the query's value. */
  readonly asked: string[]
  close(): Promise<void>
}

export interface AgentAnswer {
  readonly status?: number
  /** Text, or JSON of anything else; `hang`: no answer at all. */
  readonly body: unknown
}
type Answering = (question: {
  readonly method: string
  readonly url: URL
  readonly body: string
}) => AgentAnswer | 'hang' | Promise<AgentAnswer>

interface CocoWish {
  readonly tee: 'tdx' | 'snp'
  readonly quoteOf: (reportData: Uint8Array) => Uint8Array
  /** JSON of an SNP report, where it is not base64. */
  readonly reportOf?: (reportData: Uint8Array) => unknown
  readonly certChain?: unknown
  readonly eventlog?: string
  /** Builds before `encoding` quote the text itself, cut to 64 bytes. */
  readonly isOld?: boolean
  readonly gpus?: (nonce: Uint8Array) => readonly unknown[]
}

/** The attestation agent's `/aa/evidence` and `/aa/additional-evidence` as its API names them. */
export const startCoco = (wish: CocoWish): Promise<FakeAgent> =>
  startAgent(({ method, url }) => {
    const text = url.searchParams.get('runtime_data') ?? ''
    if (method !== 'GET') return { status: 405, body: '' }
    if (url.pathname === '/aa/additional-evidence') {
      const list = wish.gpus?.(Buffer.from(text, 'base64url'))
      return { body: list ? { nvidia: { device_evidence_list: list } } : {} }
    }
    if (url.pathname !== '/aa/evidence') return { status: 404, body: '' }
    const bytes = wish.isOld ? Buffer.from(text) : Buffer.from(text, 'base64url')
    const reportData = Buffer.alloc(64)
    bytes.copy(reportData)
    if (wish.tee === 'snp')
      return {
        body: {
          attestation_report:
            wish.reportOf?.(reportData) ?? Buffer.from(wish.quoteOf(reportData)).toString('base64'),
          cert_chain: wish.certChain ?? null,
        },
      }
    return {
      body: {
        quote: Buffer.from(wish.quoteOf(reportData)).toString('base64'),
        cc_eventlog: wish.eventlog ?? null,
      },
    }
  })

/** dstack's `/Info` and `/GetQuote`. */
export const startDstack = (quoteOf: (reportData: Uint8Array) => Uint8Array): Promise<FakeAgent> =>
  startAgent(({ method, url, body }) => {
    if (url.pathname === '/Info') return { body: { app_id: 'a0', instance_id: 'b1' } }
    if (method !== 'POST' || url.pathname !== '/GetQuote') return { status: 404, body: '' }
    const { report_data: asked } = JSON.parse(body) as { report_data: string }
    return {
      body: {
        quote: Buffer.from(quoteOf(Buffer.from(asked, 'hex'))).toString('hex'),
        event_log: '[{"imr":3,"event":"compose-hash"}]',
        report_data: asked,
        vm_config: '{}',
      },
    }
  }, 'socket')

/** Any answers, on a port or a socket. */
export async function startAgent(
  answering: Answering,
  at: 'port' | 'socket' = 'port',
): Promise<FakeAgent> {
  const asked: string[] = []
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const url = new URL(request.url ?? '/', 'http://agent')
    const { method = '' } = request
    asked.push(`${method} ${url.pathname}`)
    const answer = await answering({ method, url, body })
    if (answer === 'hang') return
    response.writeHead(answer.status ?? 200)
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
  }
  const server = createServer((request, response) => {
    void respond(request, response)
  })
  const folder = await mkdtemp(join(tmpdir(), 'agent-'))
  const socketPath = join(folder, 'agent.sock')
  const address = at === 'socket' ? { socketPath } : { port: 0 }
  await new Promise<void>((resolve) => {
    if (at === 'socket') server.listen(socketPath, resolve)
    else server.listen(0, '127.0.0.1', resolve)
  })
  return {
    address: 'port' in address ? { port: portOf(server) } : address,
    asked,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
