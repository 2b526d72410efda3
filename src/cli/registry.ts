/** @module `chrysalis registry`: what is believed on a network, and the orders of its owner, guardian and pricing role; each shown and asked for first (PAY §6). */
import { readFileSync } from 'node:fs'
import { AppError } from '../core/app-error.ts'
import type { Environment } from '../core/config.ts'
import { planDeployment, writeTerms } from '../payments/admin/deployment.ts'
import { type AdminGround, chainFileOf, contractAddresses } from '../payments/admin/ground.ts'
import type { Order } from '../payments/admin/order.ts'
import { priceChange, priceDelayS } from '../payments/admin/price-change.ts'
import {
  entryFields,
  gatewayFields,
  priceFields,
  vaultFields,
} from '../payments/admin/registry-actions.ts'
import {
  cancelProposal,
  executeProposal,
  lookAtRegistryNow,
  newestVersion,
  proposalFields,
  propose,
  type RegistryNow,
  revoke,
  setPrices,
} from '../payments/admin/registry-orders.ts'
import type { RegistryAction } from '../payments/contracts/registry-messages.ts'
import { readStoredTable } from '../payments/prices/stored-table.ts'
import type { PriceTable } from '../payments/prices/table.ts'
import { readAddress } from '../payments/wallets/address.ts'
import {
  type AdminCommand,
  checkThere,
  fieldLines,
  fieldsJson,
  giveOrder,
  orderOptions,
  withAdminGround,
} from './order-words.ts'
import { dataFolder } from './paths.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

type Address = Order['to']

const options = {
  ...orderOptions,
  json: { type: 'boolean', default: false },
  source: { type: 'string' },
  build: { type: 'string' },
  for: { type: 'string', default: 'worker' },
  from: { type: 'string' },
  until: { type: 'string' },
  deprecated: { type: 'boolean', default: false },
  identity: { type: 'string' },
  url: { type: 'string' },
  previous: { type: 'string' },
} as const

type Values = ReturnType<typeof parse>['values']
const parse = (args: readonly string[]) => parseOptions(args, options, 'positionals')

interface Wish {
  readonly does: string
  readonly make: (now: RegistryNow, vault: Address) => Order
}

/** Exit codes: 0 it is so now, 1 refused, not agreed to or not seen, 2 a wrong command line. */
export async function runRegistry(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { data, run } = registryCommand(args, terminal)
  return withAdminGround({ dataDir: dataFolder(data, env), env }, run)
}

/** A command line that was understood, before any chain is opened for it. Throws UsageError, `price.invalid`. */
export function registryCommand(args: readonly string[], terminal: Terminal): AdminCommand {
  const { values, positionals } = parse(args)
  const { data } = values
  const [step, ...given] = positionals
  if (step === 'show' || step === 'deploy') {
    if (given.length > 0) throw new UsageError(usage)
    return {
      data,
      run: (ground) =>
        step === 'show' ? show(ground, terminal, values.json) : deploy(ground, terminal, values),
    }
  }
  const { does, make } = wishOf(step, given, values)
  const run = async (ground: AdminGround): Promise<number> => {
    const file = chainFileOf(ground)
    const { globalId } = file
    const { vault, registry: address } = contractAddresses(file)
    await checkThere(ground, address)
    const now = await lookAtRegistryNow(ground.chain, address)
    const order = make(now, vault)
    return giveOrder(ground, { order, does, values, terminal, globalId })
  }
  return { data, run }
}

async function deploy(ground: AdminGround, terminal: Terminal, values: Values): Promise<number> {
  const plan = await planDeployment(ground, { contract: 'registry', fundsNano: 0n })
  if (!plan.order) {
    terminal.out('There is a registry already.')
    return show(ground, terminal, values.json)
  }
  return giveOrder(ground, {
    order: plan.order,
    does: 'Puts an empty registry on chain. Nothing is believed until it is proposed and its delay is over.',
    values,
    terminal,
    globalId: plan.file.globalId,
    onAgreed: () => writeTerms(ground, plan),
  })
}

function wishOf(step: string | undefined, given: readonly string[], values: Values): Wish {
  const [what, second, ...more] = given
  if (more.length > 0 && step !== 'propose') throw new UsageError(usage)
  switch (step ?? '') {
    case 'propose':
      return proposal(given, values)
    case 'execute': {
      const id = numberIn(what)
      return {
        does: `Carries out proposal ${String(id)}. Anybody may, after its delay and within seven days of it.`,
        make: (now) => executeProposal(now, id),
      }
    }
    case 'cancel': {
      const id = numberIn(what)
      return { does: `Drops proposal ${String(id)}.`, make: (now) => cancelProposal(now, id) }
    }
    case 'revoke': {
      const revoked = what === 'gateway' ? { id: numberIn(second) } : { key: hashIn(second) }
      if (what !== 'gateway' && what !== 'image' && what !== 'model') throw new UsageError(usage)
      return {
        does: `Revokes a ${what} at once: from the next reading on nobody works with it.`,
        make: (now) => revoke(now, revoked),
      }
    }
    case 'prices': {
      if (what === undefined || second !== undefined) throw new UsageError(usage)
      return prices(what, values)
    }
    default:
      throw new UsageError(usage)
  }
}

const usage =
  'registry takes show, deploy, propose image|model|gateway|vault|policy|owner|guardian|pricing …, execute N, cancel N, revoke image|model HASH, revoke gateway N, or prices FILE.'

const yearS = 365 * 86_400

const wish = (
  name: string,
  action: (now: RegistryNow, vault: Address) => RegistryAction,
): Wish => ({
  does: `Proposes ${name}. Everybody sees it while it waits; it acts when somebody carries it out.`,
  make: (now, vault) => propose(now, action(now, vault)),
})

const roleWish = (kind: 'owner' | 'guardian' | 'pricing', address: Address): Wish =>
  wish(`another ${kind}`, () => ({ kind, address }))

function proposal(given: readonly string[], values: Values): Wish {
  const [kind, what, third, ...more] = given
  if (more.length > 0) throw new UsageError(usage)
  const status = values.deprecated ? ('deprecated' as const) : ('active' as const)
  const times = (now: RegistryNow) => {
    const validFrom = timeIn(values.from) ?? now.time
    return { validFrom, validUntil: timeIn(values.until) ?? validFrom + yearS }
  }
  switch (kind ?? '') {
    case 'image':
    case 'model': {
      const key = hashIn(what)
      const sourceHash = hashIn(values.source)
      const buildHash = hashIn(values.build)
      const of = values.for === 'gateway' ? ('gateway-image' as const) : ('worker-image' as const)
      const entryKind = kind === 'model' ? ('model' as const) : of
      return wish(`a ${kind} to be believed`, (now) => ({
        kind: 'entry',
        key,
        entry: { kind: entryKind, status, ...times(now), sourceHash, buildHash },
      }))
    }
    case 'gateway': {
      const id = numberIn(what)
      const identity = hashIn(values.identity)
      const { url } = values
      if (url === undefined || !URL.canParse(url))
        throw new UsageError('registry propose gateway needs --url URL.')
      return wish('a gateway to be believed', (now) => ({
        kind: 'gateway',
        id,
        gateway: { status, ...times(now), identity, url },
      }))
    }
    case 'vault': {
      const id = numberIn(what)
      const named = third === undefined ? undefined : addressIn(third)
      return wish('a vault to be believed', (now, vault) => ({
        kind: 'vault',
        id,
        vault: { vault: named ?? vault, validFrom: times(now).validFrom },
      }))
    }
    case 'policy': {
      const hash = hashIn(what)
      return wish('another policy', () => ({ kind: 'policy', hash }))
    }
    case 'owner':
      return roleWish('owner', addressIn(what))
    case 'guardian':
      return roleWish('guardian', addressIn(what))
    case 'pricing':
      return roleWish('pricing', addressIn(what))
    default:
      throw new UsageError(usage)
  }
}

/** The flags are computed, never typed: readers refuse a version whose flags lie. */
function prices(file: string, values: Values): Wish {
  const next = tableOf(file)
  const previous = values.previous === undefined ? undefined : tableOf(values.previous)
  return {
    does: 'Publishes the hash of a table of prices. It waits 24 h when customers pay more and 72 h when workers earn less.',
    make: (now) => {
      const change = changeFrom(now, previous, next)
      const earliest = now.time + priceDelayS(change)
      // Some minutes, since the message takes its time.
      const validFrom = timeIn(values.from) ?? earliest + (earliest > now.time ? 600 : 0)
      return setPrices(now, { version: next.version, hash: next.hash, validFrom, ...change })
    },
  }
}

function changeFrom({ data }: RegistryNow, previous: PriceTable | undefined, next: PriceTable) {
  const version = newestVersion(data.content)
  if (version === undefined) return { customerUp: false, workerDown: false }
  const hash = data.content.prices.get(version)?.hash
  if (previous?.hash !== hash || !previous)
    throw new UsageError(
      `Name the table of version ${String(version)} (hash ${hash ?? ''}) to compare with: --previous FILE.`,
    )
  return priceChange(previous, next)
}

function tableOf(file: string): PriceTable {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new UsageError(`There is no file ${file}.`)
  }
  try {
    return readStoredTable(text)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('price.invalid', { reason: 'json' }, { cause: error })
  }
}

function hashIn(text: string | undefined): string {
  if (text === undefined || !/^[0-9a-f]{64}$/i.test(text))
    throw new UsageError('A hash or key is 64 hex characters.')
  return text.toLowerCase()
}

function numberIn(text: string | undefined): number {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new UsageError('A number, please.')
  return Number(text)
}

function timeIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new UsageError('A time looks like 2026-12-24T18:00:00Z.')
  return Math.floor(ms / 1000)
}

function addressIn(text: string | undefined): Address {
  const address = text === undefined ? undefined : readAddress(text)?.address
  if (address?.workChain !== 0) throw new UsageError('That is no address of the base chain.')
  return address
}

async function show(ground: AdminGround, terminal: Terminal, isJson: boolean): Promise<number> {
  const file = chainFileOf(ground)
  const address = contractAddresses(file).registry
  await checkThere(ground, address)
  const { data, balanceNano } = await lookAtRegistryNow(ground.chain, address)
  const { roles, content } = data
  const facts = {
    registry: { text: file.registry },
    balance: { nano: balanceNano },
    registryVersion: { text: data.registryVersion.toString() },
    contentHash: { text: data.contentHash },
    previousHash: { text: data.prevHash },
    policyHash: { text: content.policyHash },
    owner: { text: roles.owner.toRawString() },
    guardian: { text: roles.guardian.toRawString() },
    pricing: { text: roles.pricing.toRawString() },
    addDelay: { seconds: roles.addDelay },
  }
  const lists = {
    entries: [...content.entries].map(([key, entry]) => entryFields(key, entry)),
    gateways: [...content.gateways].map(([id, gateway]) => gatewayFields(id, gateway)),
    vaults: [...content.vaults].map(([id, vault]) => vaultFields(id, vault)),
    prices: [...content.prices].map(([version, row]) => priceFields(version, row)),
    proposals: [...data.proposals.keys()].map((id) => proposalFields(data, id)),
  }
  if (isJson) {
    const inJson = Object.entries(lists).map(([name, rows]) => [name, rows.map(fieldsJson)])
    terminal.out(JSON.stringify({ ...fieldsJson(facts), ...Object.fromEntries(inJson) }))
    return EXIT.ok
  }
  terminal.out(fieldLines(facts).join('\n'))
  for (const [name, rows] of Object.entries(lists))
    for (const row of rows) terminal.out([name, ...fieldLines(row)].join('\n'))
  return EXIT.ok
}
