/** @module The explorer page: its own files and its JSON, under a policy that lets it load nothing else. */
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { sendPageFile } from '../../core/page-file.ts'
import type { createExplorer } from './explorer.ts'
import { sendJson } from './json-rpc.ts'

const types: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'dom.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
}
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** `/explorer` and what is below it. `name`: the path after `/explorer/`, empty for the page itself. */
export async function serveExplorer(
  response: ServerResponse,
  explorer: ReturnType<typeof createExplorer>,
  { name, query }: { readonly name: string; readonly query: URLSearchParams },
): Promise<void> {
  if (name === 'state.json') sendJson(response, 200, explorer.overview())
  else if (name === 'account.json') {
    const found = explorer.account(query.get('address') ?? '')
    sendJson(response, found ? 200 : 404, found ?? { ok: false })
  } else await sendFile(response, name === '' ? 'index.html' : name)
}

async function sendFile(response: ServerResponse, name: string): Promise<void> {
  const type = Object.hasOwn(types, name) ? types[name] : undefined
  if (type === undefined) {
    sendJson(response, 404, { ok: false, error: 'not found' })
    return
  }
  const bytes = await readFile(new URL(`explorer-page/${name}`, import.meta.url))
  sendPageFile(response, { type, bytes }, policy)
}
