/** @module HTTP servers for this machine alone: bound to loopback, closed to other sites' pages and to rebound names. */
import type { IncomingMessage, Server } from 'node:http'
import { AppError } from './app-error.ts'

/** Binds 127.0.0.1 and gives the bound port; port 0 takes any. Throws `config.port-in-use`. */
export function listenOnLoopback(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new AppError('config.port-in-use', { port }) : error)
    })
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

/**
 * Why a request must not be served: a foreign `Host` (DNS rebinding) or, from a browser, a foreign origin
 * (another site's page calling this machine). Programs send no origin and pass.
 */
export function trespass(request: IncomingMessage, port: number): string | undefined {
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

/** Stops listening and lets go of every connection, idle or not. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
