/** @module A file of one of our pages, sent so that nobody guesses its type, learns where its reader came from, or keeps an old one. */
import type { ServerResponse } from 'node:http'

export interface PageFile {
  readonly type: string
  readonly bytes: Uint8Array
}

/** `policy`: what the page may load and who may frame it (Content-Security-Policy). */
export function sendPageFile(
  response: ServerResponse,
  { type, bytes }: PageFile,
  policy: string,
): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': bytes.length,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  })
  response.end(bytes)
}
