/** @module The chat page's own files, served from disk with a strict content security policy. */
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { sendPageFile } from '../../core/page-file.ts'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Own resources only; recordings are played from blobs. Nothing inline, no frames, no forms elsewhere. */
const policy =
  "default-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"

/** `/` and `/page/<name>`; anything else is 404. Names hold no path, so nothing outside the folder is read. */
export async function servePage(response: ServerResponse, path: string): Promise<void> {
  const name =
    path === '/' ? 'index.html' : (/^\/page\/([a-z-]+\.(?:js|css|svg))$/.exec(path)?.[1] ?? '')
  const type = types[name.split('.').at(-1) ?? '']
  const bytes = name === '' ? undefined : await read(name)
  if (bytes === undefined || type === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' })
    response.end('Not found')
    return
  }
  sendPageFile(response, { type, bytes }, policy)
}

async function read(name: string): Promise<Buffer | undefined> {
  try {
    return await readFile(new URL(`page/${name}`, import.meta.url))
  } catch {
    return undefined
  }
}
