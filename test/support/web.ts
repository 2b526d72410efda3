/** @module A small web server on this machine for tests of links. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Site {
  readonly port: number
  /** `http://127.0.0.1:port` */
  readonly root: string
  /** Requests that reached the server: method, path and headers. */
  readonly seen: readonly IncomingMessage[]
  close(): Promise<void>
}

/** Serves `answer` on a free port of 127.0.0.1. */
export async function startSite(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Site> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    root: `http://127.0.0.1:${String(port)}`,
    seen,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
