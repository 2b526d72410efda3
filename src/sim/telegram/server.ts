/** @module The simulator's HTTP server on this machine: Bot API, admin side, page and live events on one port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError } from '../../core/app-error.ts'
import { describe } from '../../core/describe.ts'
import { createSnapshots } from './admin/rule.ts'
import { adminRoutes, serveAdmin } from './admin/serve.ts'
import { isBotPath, sendJson, serveBotApi } from './bot-api.ts'
import { serveBotFile, serveSimFile } from './downloads.ts'
import { servePage } from './page-files.ts'
import type { Sim } from './sim.ts'

export interface SimServer {
  /** `http://127.0.0.1:<port>` */
  readonly base: string
  readonly port: number
  close(): Promise<void>
}

/** Binds 127.0.0.1 only; port 0 takes any. Throws `config.port-in-use`. */
export async function startServer(sim: Sim, port: number): Promise<SimServer> {
  const routes = adminRoutes(createSnapshots())
  const server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => {
      sim.log.failure('request.failed', describe(error))
      response.destroy()
    })
  })
  // Longer than any client keeps an idle connection: otherwise both ends decide at once, and a call is lost on a busy machine.
  server.keepAliveTimeout = 70_000
  await listen(server, port)
  const bound = portOf(server)
  const base = `http://127.0.0.1:${bound}`

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-content-type-options', 'nosniff')
    const url = parseUrl(request.url ?? '/')
    const { pathname } = url
    const refusal = url.pathname === '' ? 'bad path' : trespass(request, bound)
    if (refusal !== undefined) {
      sendJson(response, 403, { ok: false, error_code: 403, description: `Forbidden: ${refusal}` })
    } else if (isBotPath(pathname)) await serveBotApi(sim, { request, response, url })
    else if (pathname.startsWith('/file/')) {
      serveBotFile(sim, response, { path: decodeURI(pathname), range: request.headers.range })
    } else if (pathname === '/sim/events') serveEvents(sim, response)
    else if (pathname.startsWith('/sim/files/')) {
      const id = pathname.slice('/sim/files/'.length)
      serveSimFile(sim, response, { id, range: request.headers.range })
    } else if (pathname.startsWith('/sim/')) {
      await serveAdmin(sim, routes, { request, response, url, base })
    } else await servePage(response, pathname)
  }

  return {
    base,
    port: bound,
    close: async () => {
      sim.mail.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new AppError('config.port-in-use', { port }) : error)
    })
    server.listen(port, '127.0.0.1', () => resolve())
  })
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const parseUrl = (path: string): URL =>
  URL.parse(path, 'http://127.0.0.1') ?? new URL('http://127.0.0.1/404')

/**
 * Why a request must not be served: a foreign `Host` (DNS rebinding) or, from a browser, a foreign origin
 * (another site's page calling this machine). Programs send no origin and pass.
 */
function trespass(request: IncomingMessage, port: number): string | undefined {
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`)
  const host = request.headers.host ?? ''
  if (!hosts.includes(host)) return 'unknown host'
  const { origin } = request.headers
  if (origin !== undefined && !hosts.some((it) => origin === `http://${it}`))
    return 'foreign origin'
  const site = request.headers['sec-fetch-site']
  const navigates = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET'
  if (site === 'cross-site' && !navigates) return 'foreign site'
  return undefined
}

const maxUnreadBytes = 16 * 1024 * 1024

/** Server-sent events: everything that happens, one JSON object an event, and a comment every 20 s to keep it open. */
function serveEvents(sim: Sim, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(': hello\n\n')
  const stopListening = sim.events.listen((event) => {
    // A page that no longer reads is let go; it comes back and loads everything anew.
    if (response.writableLength > maxUnreadBytes) response.destroy()
    response.write(`data: ${JSON.stringify(event)}\n\n`)
  })
  const stopBeat = sim.clock.every(20_000, () => response.write(': beat\n\n'))
  response.on('close', () => {
    stopListening()
    stopBeat()
  })
}
