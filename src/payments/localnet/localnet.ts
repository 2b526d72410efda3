/** @module A TON network of this machine: real TVM, toncenter's HTTP API, a page to look at it, and no money in it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { closeServer, listenOnLoopback, trespass } from '../../core/loopback.ts'
import { type FeeTableName, feeConfig } from '../contracts/fee-tables.ts'
import { createAdmin } from './admin.ts'
import { LocalChain } from './chain.ts'
import { createExplorer } from './explorer.ts'
import { serveExplorer } from './explorer-files.ts'
import { createFaults, type FaultBook } from './faults.ts'
import { noJournal, openJournal } from './journal.ts'
import { createJsonRpc, sendJson } from './json-rpc.ts'
import { openVmSoon, type Vm } from './vm.ts'

/** The id of local networks: what is signed for one is void on mainnet (−239) and testnet (−3). */
export const LOCALNET_GLOBAL_ID = -217

export interface LocalnetSetup {
  readonly net: Net
  readonly clock: Clock
  readonly log: Log
  /** 0 takes any. */
  readonly port: number
  /** `auto`: every 400 ms by the clock. `manual`: only `mine` and `advance` make blocks and time. */
  readonly blocks: 'auto' | 'manual'
  /** Where the chain outlives the process. Absent: it does not. */
  readonly folder?: string
  /** Prices at the start; a chain with a past keeps its own. */
  readonly fees?: FeeTableName
  /** One that was opened before: tests share it, since it holds nothing of a chain. */
  readonly vm?: Vm
}

export interface Localnet {
  /** The endpoint for `TonClient`. */
  readonly url: string
  readonly explorerUrl: string
  readonly port: number
  readonly globalId: number
  readonly chain: LocalChain
  readonly faults: FaultBook
  setFees(name: FeeTableName): Promise<void>
  close(): Promise<void>
}

/** Throws `localnet.forbidden` off devnet, `localnet.damaged` for a file that does not read, `config.port-in-use`. */
export async function startLocalnet(setup: LocalnetSetup): Promise<Localnet> {
  if (setup.net !== 'devnet') throw new AppError('localnet.forbidden', { net: setup.net })
  const { clock, log } = setup
  const base = await emulatorConfig()
  const configOf = (name: FeeTableName): string =>
    feeConfig(base, name, LOCALNET_GLOBAL_ID).toBoc().toString('base64')
  const chain = await openChain(setup, configOf(setup.fees ?? 'august-2026'))
  const faults = createFaults()
  const setFees = (name: FeeTableName): Promise<void> => chain.setConfig(configOf(name))
  const rpc = createJsonRpc({ chain, faults, clock })
  const admin = createAdmin({ chain, faults, setFees })
  const explorer = createExplorer(chain, LOCALNET_GLOBAL_ID)

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '/', query] = (request.url ?? '/').split('?')
    const refusal = trespass(request, port)
    if (refusal !== undefined) sendJson(response, 403, { ok: false, error: refusal })
    else if (path === '/jsonRPC' || path === '/api/v2/jsonRPC') await rpc(request, response)
    else if (path.startsWith('/sim/')) await admin(request, response, path.slice('/sim/'.length))
    else if (path === '/explorer' || path.startsWith('/explorer/')) {
      const name = path.slice('/explorer/'.length)
      await serveExplorer(response, explorer, { name, query: new URLSearchParams(query) })
    } else if (path === '/') response.writeHead(302, { location: '/explorer' }).end()
    else sendJson(response, 404, { ok: false, error: 'not found' })
  }
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      log.failure('localnet.unserved', describe(error))
      response.destroy()
    })
  })
  server.keepAliveTimeout = 70_000
  const port = await listenOnLoopback(server, setup.port)
  const origin = `http://127.0.0.1:${String(port)}`
  log.info('localnet.started', { port, seqno: chain.head().seqno })
  return {
    url: `${origin}/jsonRPC`,
    explorerUrl: `${origin}/explorer`,
    port,
    globalId: LOCALNET_GLOBAL_ID,
    chain,
    faults,
    setFees,
    close: async () => {
      await closeServer(server)
      await chain.close()
    },
  }
}

async function openChain(setup: LocalnetSetup, fresh: string): Promise<LocalChain> {
  const { clock, log, blocks, folder } = setup
  const vm = setup.vm ?? openVmSoon()
  if (folder === undefined)
    return new LocalChain({ vm, clock, log, blocks, config: fresh, journal: noJournal })
  const { journal, entries, isLarge } = await openJournal(join(folder, 'chain.jsonl'))
  const kept = entries.findLast((it) => it.config !== undefined)?.config
  const last = entries.at(-1)
  const past = last && { blocks: entries.map((it) => it.block), offsetMs: last.offsetMs }
  const config = kept ?? fresh
  const chain = new LocalChain({ vm, clock, log, blocks, config, journal, ...(past && { past }) })
  // The first line of all says at which prices and since when this chain runs.
  if (kept === undefined) await chain.setConfig(config)
  if (isLarge) await chain.compact()
  return chain
}

/** The emulator's short configuration: what decides a transaction, without the validators' lists that take a second to read. */
async function emulatorConfig(): Promise<string> {
  const { slimConfig } = await import('@ton/sandbox/dist/config/slimConfig.js')
  return slimConfig
}
