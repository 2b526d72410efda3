/** @module Files over HTTP: the Bot API's links with ranges, and the page's own links. */
import type { ServerResponse } from 'node:http'
import { sendJson } from './bot-api.ts'
import { fileByPath } from './files.ts'
import type { Sim } from './sim.ts'
import type { StoredFile } from './world.ts'

const notFound = { ok: false, error_code: 404, description: 'Not Found' }

/** `/file/bot<token>/<path>`: valid for an hour after `getFile`, with one byte range. */
export function serveBotFile(
  sim: Sim,
  response: ServerResponse,
  it: { path: string; range: string | undefined },
): void {
  const found = /^\/file\/bot([^/]+)\/(.+)$/.exec(it.path)
  const known = sim.world.bots.values().some((bot) => bot.token === found?.[1])
  const file = known ? fileByPath(sim, found?.[2] ?? '') : undefined
  if (file === undefined) {
    sendJson(response, 404, notFound)
    return
  }
  const fault = sim.faults.take('file', undefined)
  if (fault?.kind === 'error' || fault?.kind === 'html') {
    sendJson(response, fault.errorCode, { ok: false, error_code: fault.errorCode })
    return
  }
  if (fault?.kind === 'truncate-file' || fault?.kind === 'close-after') {
    response.writeHead(200, { 'content-length': file.bytes.length, 'content-type': file.type })
    response.write(file.bytes.subarray(0, Math.floor(file.bytes.length / 2)), () =>
      response.destroy(),
    )
    return
  }
  sendBytes(response, file, it.range)
}

/** What a browser may show in place; everything else is only offered for saving, so that no sent page runs here. */
const inline = /^(audio|video)\/[\w.+-]+$|^image\/(png|jpeg|gif|webp)$/

/** `/sim/files/<id>`: for the page and outside tests. */
export function serveSimFile(
  sim: Sim,
  response: ServerResponse,
  it: { id: string; range: string | undefined },
): void {
  const file = sim.world.files.get(it.id)
  if (file === undefined) {
    sendJson(response, 404, notFound)
    return
  }
  const disposition = inline.test(file.type) ? 'inline' : 'attachment'
  response.setHeader(
    'content-disposition',
    `${disposition}; filename*=UTF-8''${encodeURIComponent(file.name).replaceAll("'", '%27')}`,
  )
  response.setHeader('content-security-policy', "sandbox; default-src 'none'")
  sendBytes(response, file, it.range)
}

function sendBytes(response: ServerResponse, file: StoredFile, range: string | undefined): void {
  const total = file.bytes.length
  response.setHeader('content-type', file.type)
  response.setHeader('accept-ranges', 'bytes')
  const found = /^bytes=(\d*)-(\d*)$/.exec(range ?? '')
  if (found === null || (found[1] === '' && found[2] === '')) {
    response.writeHead(200, { 'content-length': total })
    response.end(file.bytes)
    return
  }
  const start = found[1] === '' ? Math.max(0, total - Number(found[2])) : Number(found[1])
  const end = found[1] === '' || found[2] === '' ? total - 1 : Math.min(total - 1, Number(found[2]))
  if (start > end || start >= total) {
    response.writeHead(416, { 'content-range': `bytes */${total}` })
    response.end()
    return
  }
  const part = file.bytes.subarray(start, end + 1)
  response.writeHead(206, {
    'content-range': `bytes ${start}-${end}/${total}`,
    'content-length': part.length,
  })
  response.end(part)
}
