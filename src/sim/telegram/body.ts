/** @module Reads a request's parameters from wherever the Bot API allows them: query, form, JSON or multipart. */
import type { IncomingMessage } from 'node:http'
import { parseMultipart, type Upload } from './multipart.ts'
import { badRequest, Refusal } from './refusal.ts'

/** 50 MB is the largest upload of the Bot API; the rest is room for the other fields. */
const maxBodyBytes = 52 * 1024 * 1024

export interface Body {
  readonly values: Record<string, unknown>
  readonly files: Map<string, Upload>
}

/** Reads and parses the whole body. Throws Refusals: 413 for more than 52 MiB, 400 for what cannot be parsed. */
export async function readBody(request: IncomingMessage, query: URLSearchParams): Promise<Body> {
  const values: Record<string, unknown> = Object.fromEntries(query)
  const raw = await readAll(request)
  const type = request.headers['content-type'] ?? ''
  if (raw.length === 0) return { values, files: new Map() }
  if (/^multipart\/form-data/i.test(type)) {
    const { fields, files } = parseMultipart(raw, type)
    return { values: { ...values, ...fields }, files }
  }
  if (/^application\/json/i.test(type)) {
    return { values: { ...values, ...parseObject(raw.toString('utf8')) }, files: new Map() }
  }
  const form = new URLSearchParams(raw.toString('utf8'))
  return { values: { ...values, ...Object.fromEntries(form) }, files: new Map() }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size > maxBodyBytes) throw new Refusal(413, 'Request Entity Too Large')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

function parseObject(text: string): Record<string, unknown> {
  const value = parseJson(text)
  if (!isRecord(value)) throw badRequest('object expected as JSON body')
  return value
}

/** Parses JSON; gives `undefined` for what is not JSON, because the parser's own message repeats the text. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
