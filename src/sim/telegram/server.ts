/** @module The simulator's HTTP server on this machine: Bot API, admin side, page and live events on one port. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe } from '../../core/describe.ts'
import { closeServer, listenOnLoopback, trespass } from '../../core/loopback.ts'
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
  const bound = await listenOnLoopback(server, port)
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
      await closeServer(server)
    },
  }
}

const parseUrl = (path: string): URL =>
  URL.parse(path, 'http://127.0.0.1') ?? new URL('http://127.0.0.1/404')

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
