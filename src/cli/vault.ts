/** @module `chrysalis vault`: what the contract with the money holds, and the orders of its owner and guardian; each shown and asked for first (PAY §5). */
import { parseCoin } from '../core/coin.ts'
import type { Environment } from '../core/config.ts'
import { planDeployment, writeTerms } from '../payments/admin/deployment.ts'
import { type AdminGround, chainFileOf, contractAddresses } from '../payments/admin/ground.ts'
import type { Order } from '../payments/admin/order.ts'
import { capsFields } from '../payments/admin/vault-changes.ts'
import {
  acceptOwner,
  cancel,
  EXECUTABLE,
  execute,
  lookAtVaultNow,
  pause,
  pendingFields,
  requestKey,
  requestRoles,
  requestWithdraw,
  roleFields,
  setCaps,
  topUp,
  unpause,
  type VaultNow,
} from '../payments/admin/vault-orders.ts'
import { PENDING, type PendingKind } from '../payments/contracts/opcodes.ts'
import { readAddress } from '../payments/wallets/address.ts'
import {
  type AdminCommand,
  checkThere,
  fieldLines,
  fieldsJson,
  giveOrder,
  type OrderValues,
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
  batch: { type: 'string' },
  day: { type: 'string' },
  claim: { type: 'string' },
  overlap: { type: 'string' },
  owner: { type: 'string' },
  guardian: { type: 'string' },
  fund: { type: 'string', default: '10' },
} as const

interface Wish {
  readonly does: string
  readonly make: (now: VaultNow) => Order
}

/** Exit codes: 0 it is so now, 1 refused, not agreed to or not seen, 2 a wrong command line. */
export async function runVault(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { data, run } = vaultCommand(args, terminal)
  return withAdminGround({ dataDir: dataFolder(data, env), env }, run)
}

/** A command line that was understood, before any chain is opened for it. Throws UsageError, `input.amount`. */
export function vaultCommand(args: readonly string[], terminal: Terminal): AdminCommand {
  const { values, positionals } = parseOptions(args, options, 'positionals')
  const { data } = values
  const [step, given, ...more] = positionals
  if (more.length > 0) throw new UsageError(usage)
  if (step === 'show' || (step === 'roles' && !values.owner && !values.guardian)) {
    none(given)
    return { data, run: (ground) => show(ground, { terminal, isJson: values.json, only: step }) }
  }
  if (step === 'deploy') {
    none(given)
    const fundsNano = parseCoin(values.fund)
    const roles = { owner: addressIn(values.owner), guardian: addressIn(values.guardian) }
    return { data, run: (ground) => deploy(ground, { terminal, values, fundsNano, roles }) }
  }
  const { does, make } = wishOf(step, given, values)
  const run = async (ground: AdminGround): Promise<number> => {
    const file = chainFileOf(ground)
    const { globalId } = file
    const address = contractAddresses(file).vault
    await checkThere(ground, address)
    const order = make(await lookAtVaultNow(ground.chain, address))
    return giveOrder(ground, { order, does, values, terminal, globalId })
  }
  return { data, run }
}

async function deploy(
  ground: AdminGround,
  given: {
    readonly terminal: Terminal
    readonly values: OrderValues & { readonly json: boolean }
    readonly fundsNano: bigint
    readonly roles: { readonly owner: Address | undefined; readonly guardian: Address | undefined }
  },
): Promise<number> {
  const { terminal, values, fundsNano, roles } = given
  const plan = await planDeployment(ground, { contract: 'vault', fundsNano, ...roles })
  if (!plan.order) {
    terminal.out('There is a vault already.')
    return show(ground, { terminal, isJson: values.json, only: 'show' })
  }
  return giveOrder(ground, {
    order: plan.order,
    does: 'Puts a new vault on chain, with its first money. Its terms are written to chain.json before it is sent.',
    values,
    terminal,
    globalId: plan.file.globalId,
    onAgreed: () => writeTerms(ground, plan),
  })
}

interface Values {
  readonly batch?: string | undefined
  readonly day?: string | undefined
  readonly claim?: string | undefined
  readonly overlap?: string | undefined
  readonly owner?: string | undefined
  readonly guardian?: string | undefined
}

function wishOf(step: string | undefined, given: string | undefined, values: Values): Wish {
  switch (step ?? '') {
    case 'topup': {
      const nano = parseCoin(needed(given))
      return { does: 'Adds money to the vault.', make: (now) => topUp(now, nano) }
    }
    case 'pause': {
      const hours = wholeIn(needed(given), { least: 1, most: 72 })
      return {
        does: 'Pauses the vault: no batch is paid, no withdrawal and no change of caps is carried out. Claims of payees go on.',
        make: (now) => pause(now, hours),
      }
    }
    case 'unpause':
      none(given)
      return {
        does: 'Ends the pause. The next one can begin 24 h later.',
        make: (now) => unpause(now),
      }
    case 'caps':
      none(given)
      return capsWish(values)
    case 'withdraw': {
      const nano = parseCoin(needed(given))
      return {
        does: 'Gives notice of a withdrawal to the owner. It needs a commitment published after this, and what is owed stays.',
        make: (now) => requestWithdraw(now, nano),
      }
    }
    case 'key': {
      const hex = needed(given)
      if (!/^[0-9a-f]{64}$/i.test(hex)) throw new UsageError('A key is 64 hex characters.')
      const days = wholeIn(values.overlap ?? '7', { least: 7, most: 30 })
      const change = { key: Buffer.from(hex, 'hex'), overlap: days * 86_400 }
      return {
        does: 'Requests another settlement key. Vouchers of the present one stay good for the overlap.',
        make: (now) => requestKey(now, change),
      }
    }
    case 'roles': {
      none(given)
      const wanted = { owner: addressIn(values.owner), guardian: addressIn(values.guardian) }
      return {
        does: 'Requests other roles. A new owner must then say so itself: vault accept.',
        make: (now) => requestRoles(now, wanted),
      }
    }
    case 'accept':
      none(given)
      return {
        does: 'Takes over the vault as its new owner. What the old owner requested is dropped.',
        make: (now) => acceptOwner(now),
      }
    case 'execute': {
      const kind = EXECUTABLE.find((name) => name === given)
      if (!kind) throw new UsageError(`vault execute takes ${EXECUTABLE.join('|')}.`)
      return {
        does: `Carries out the requested change: ${kind}.`,
        make: (now) => execute(now, kind),
      }
    }
    case 'cancel': {
      const kind = kinds.find((name) => name === given)
      if (!kind) throw new UsageError(`vault cancel takes ${kinds.join('|')}.`)
      return { does: `Drops the requested change: ${kind}.`, make: (now) => cancel(now, kind) }
    }
    default:
      throw new UsageError(usage)
  }
}

const usage =
  'vault takes show, roles, deploy, topup AMOUNT, pause HOURS, unpause, caps, withdraw AMOUNT, key PUBLICKEY, execute KIND, cancel KIND, or accept.'

const isKind = (name: string): name is PendingKind => name in PENDING
const kinds = Object.keys(PENDING).filter(isKind)

function capsWish({ batch, day, claim }: Values): Wish {
  if (batch === undefined && day === undefined && claim === undefined)
    throw new UsageError('vault caps takes --batch, --day or --claim with an AMOUNT.')
  const wanted = {
    ...(batch !== undefined && { batchCap: parseCoin(batch) }),
    ...(day !== undefined && { dayCap: parseCoin(day) }),
    ...(claim !== undefined && { claimDayCap: parseCoin(claim) }),
  }
  return {
    does: 'Changes what the vault may pay: lower caps hold at once; as soon as one rises, all of them wait.',
    make: (now) => setCaps(now, wanted),
  }
}

const needed = (given: string | undefined): string => {
  if (given === undefined) throw new UsageError(usage)
  return given
}

function none(given: string | undefined): void {
  if (given !== undefined) throw new UsageError(usage)
}

function wholeIn(text: string, { least, most }: { least: number; most: number }): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (!(number >= least && number <= most))
    throw new UsageError(`A whole number from ${String(least)} to ${String(most)}, please.`)
  return number
}

function addressIn(text: string | undefined): Address | undefined {
  if (text === undefined) return undefined
  const address = readAddress(text)?.address
  if (address?.workChain !== 0) throw new UsageError('That is no address of the base chain.')
  return address
}

async function show(
  ground: AdminGround,
  { terminal, isJson, only }: { terminal: Terminal; isJson: boolean; only: 'show' | 'roles' },
): Promise<number> {
  const file = chainFileOf(ground)
  const address = contractAddresses(file).vault
  await checkThere(ground, address)
  const { sight } = await lookAtVaultNow(ground.chain, address)
  const { data, balanceNano } = sight
  const roles = roleFields(data)
  if (only === 'roles') {
    terminal.out(isJson ? JSON.stringify(fieldsJson(roles)) : fieldLines(roles).join('\n'))
    return EXIT.ok
  }
  const { stack } = await ground.chain.get(address, 'getReserve')
  const reserve = stack.readBigNumber()
  const facts = {
    vault: { text: file.vault },
    balance: { nano: balanceNano },
    reserve: { nano: reserve },
    totalPaid: { nano: data.totalPaid },
    payees: { text: String(data.payees) },
    pausedUntil: { at: data.pausedUntil },
    nextPauseFrom: { at: data.pauseAllowedAt },
    paidThisDay: { nano: data.windowSpent },
    claimedThisDay: { nano: data.claimSpent },
    settlementKey: { text: data.keys.key.toString('hex') },
    keyEpoch: { text: String(data.keys.epoch) },
    previousKeyUntil: { at: data.keys.prevValidUntil },
    committed: { nano: data.commit.total },
    committedAt: { at: data.commit.at },
    ...roles,
    ...capsFields(data.caps),
  }
  const waiting = [...data.pending.keys()].map((kind) => ({
    kind,
    fields: pendingFields(data, kind),
  }))
  if (isJson) {
    const pending = waiting.map(({ kind, fields }) => ({ kind, ...fieldsJson(fields) }))
    terminal.out(JSON.stringify({ ...fieldsJson(facts), pending }))
    return EXIT.ok
  }
  terminal.out(fieldLines(facts).join('\n'))
  for (const { kind, fields } of waiting)
    terminal.out([`waits: ${kind}`, ...fieldLines(fields)].join('\n'))
  return EXIT.ok
}
