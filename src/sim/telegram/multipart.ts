/** @module Multipart bodies, split by hand: the Bot API's clients write file names that general parsers cut or drop. */
import { badRequest } from './refusal.ts'

/** A file as it came in: `field` is its part's name, `fileName` what the client called it. */
export interface Upload {
  readonly field: string
  readonly fileName: string
  readonly type: string
  readonly bytes: Buffer
}

export interface Form {
  readonly fields: Record<string, string>
  readonly files: Map<string, Upload>
}

/**
 * Splits a multipart body. File names may stand unquoted and hold spaces, quotes and any letters: an unquoted
 * name ends at `;` or at the line's end, as in the server's own reader (td, HttpReader.cpp); a quoted one ends at
 * the quote before `;` or the line's end, with `%22` for a quote inside, as browsers write it.
 * Throws a 400 for a body without its closing boundary.
 */
export function parseMultipart(body: Buffer, contentType: string): Form {
  const found = /boundary=(?:"([^"]+)"|([^;]+))/i.exec(contentType)
  const boundary = (found?.[1] ?? found?.[2] ?? '').trim()
  if (boundary === '') throw badRequest('boundary not found')
  const form: Form = { fields: {}, files: new Map() }
  const mark = Buffer.from(`--${boundary}`)
  let at = body.indexOf(mark)
  while (at >= 0) {
    const start = at + mark.length
    if (body.toString('latin1', start, start + 2) === '--') return form
    const end = body.indexOf(Buffer.from(`\r\n--${boundary}`), start)
    if (end < 0) break
    readPart(body.subarray(start + 2, end), form)
    at = end + 2
  }
  throw badRequest("can't parse multipart request")
}

function readPart(part: Buffer, form: Form): void {
  const split = part.indexOf('\r\n\r\n')
  if (split < 0) throw badRequest("can't parse multipart part headers")
  const head = part.toString('utf8', 0, split)
  const bytes = part.subarray(split + 4)
  const disposition = headerOf(head, 'content-disposition')
  const name = attribute(disposition, 'name')
  if (name === undefined) throw badRequest('multipart part without a name')
  const fileName = attribute(disposition, 'filename')
  if (fileName === undefined) {
    form.fields[name] = bytes.toString('utf8')
    return
  }
  const type = headerOf(head, 'content-type').split(';')[0]?.trim() ?? ''
  form.files.set(name, { field: name, fileName, type, bytes: Buffer.from(bytes) })
}

function headerOf(head: string, wanted: string): string {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':')
    if (line.slice(0, colon).trim().toLowerCase() === wanted) return line.slice(colon + 1).trim()
  }
  return ''
}

function attribute(header: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|;)\\s*${name}=`, 'i').exec(header)
  if (found === null) return undefined
  const rest = header.slice(found.index + found[0].length)
  const quoted = /^"(.*?)"\s*(?:;|$)/s.exec(rest)
  if (quoted !== null) return (quoted[1] ?? '').replaceAll('%22', '"').replaceAll('\\"', '"')
  return (rest.split(';')[0] ?? '').trim()
}
