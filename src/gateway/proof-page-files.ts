/** @module The proof page: its files, ours and one library's, made once from the sources of this checkout by taking their types away, and served from this origin alone (API B5). */
import { readdir, readFile } from 'node:fs/promises'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { canonicalText } from '../core/canonical.ts'
import { type PageFile, sendPageFile } from '../core/page-file.ts'
import { sha256Hex, utf8 } from '../tee/crypto/binary.ts'
import { type Exchange, type Route, sendJson } from './http.ts'

/** Path under `/proof/` → file. */
type PageFiles = ReadonlyMap<string, PageFile>

const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
} as const

/** Own files only, and nothing inline: whoever serves a script decides what the page shows. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"

const source = new URL('../', import.meta.url)
const library = '@noble/hashes/'
const libraryFiles = ['sha2.js', '_md.js', '_u64.js', 'utils.js'] as const
const home = 'gateway/proof-page/index.html'

/** `/proof`, its files below it, and `/proof/files.json`: their list with one hash over all. Made at the first visit. */
export function createProofPage(): Route {
  let made: Promise<PageFiles> | undefined
  return async ({ request, response, path }) => {
    if (path !== '/proof' && !path.startsWith('/proof/')) return false
    made ??= collect()
    const files = await made
    if (request.method !== 'GET') response.writeHead(405).end()
    else if (path === '/proof/files.json') sendJson(response, 200, { text: listing(files) })
    else send(response, files.get(path === '/proof' ? home : path.slice('/proof/'.length)))
    return true
  }
}

function send(response: Exchange['response'], file: PageFile | undefined): void {
  if (!file) {
    response.writeHead(404, { 'cache-control': 'no-store' }).end()
    return
  }
  sendPageFile(response, file, policy)
}

async function collect(): Promise<PageFiles> {
  const own = [
    'core/bytes.ts',
    'core/canonical.ts',
    ...(await namesIn('gateway/proof-page/')),
    ...(await namesIn('tee/verify/')),
  ]
  const files = new Map<string, PageFile>()
  for (const name of own) files.set(name, await ownFile(name))
  // Only the first is a name that the package lets others import; it imports the rest from beside itself.
  const entry = pathToFileURL(createRequire(import.meta.url).resolve(`${library}sha2.js`))
  for (const name of libraryFiles) {
    const bytes = await readFile(new URL(name, entry))
    files.set(`noble/${name}`, { type: types.js, bytes })
  }
  return files
}

async function namesIn(folder: string): Promise<string[]> {
  const found = await readdir(new URL(folder, source), { recursive: true, withFileTypes: true })
  const root = fileURLToPath(source)
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replace(root, '').replaceAll('//', '/'))
    .toSorted()
}

async function ownFile(name: string): Promise<PageFile> {
  const text = await readFile(new URL(name, source), 'utf8')
  if (name.endsWith('.html')) return { type: types.html, bytes: Buffer.from(text) }
  if (name.endsWith('.css')) return { type: types.css, bytes: Buffer.from(text) }
  const script = name.endsWith('.ts') ? stripTypeScriptTypes(text) : text
  // A browser knows no package names.
  return { type: types.js, bytes: Buffer.from(script.replaceAll(`'${library}`, "'/proof/noble/")) }
}

/** What can be compared with a release: every file's hash, and one over the canonical list. */
function listing(files: PageFiles): string {
  const list = [...files].map(([path, { bytes }]) => ({ path, sha256: sha256Hex(bytes) }))
  const sha256 = sha256Hex(utf8(canonicalText(list)))
  return canonicalText({ files: list, sha256 })
}
