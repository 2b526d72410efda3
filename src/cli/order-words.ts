/** @module An order to a contract, before and after: the plan in plain words, the question, and what is true now. */
import { AppError } from '../core/app-error.ts'
import { systemClock } from '../core/clock.ts'
import { showCoin } from '../core/coin.ts'
import type { Environment } from '../core/config.ts'
import { Lifetime } from '../core/lifetime.ts'
import { createLog } from '../core/log.ts'
import { type AdminGround, giveOnLocalnet, openAdminGround } from '../payments/admin/ground.ts'
import { carryOut, type Fields, type Order, type Value } from '../payments/admin/order.ts'
import { type Signer, signerOf } from '../payments/admin/signer.ts'
import { REGISTRY_OPS, VAULT_OPS } from '../payments/contracts/opcodes.ts'
import { isAgreed } from './consent.ts'
import { refusalSentence } from './refusals.ts'
import { runningControl } from './running.ts'
import { EXIT, type Terminal } from './terminal.ts'

export const orderOptions = {
  yes: { type: 'boolean', default: false },
  print: { type: 'boolean', default: false },
  key: { type: 'string' },
  data: { type: 'string' },
} as const

export interface OrderValues {
  readonly yes: boolean
  readonly print: boolean
  readonly key?: string | undefined
}

export interface AdminCommand {
  /** The data folder named on the command line. */
  readonly data: string | undefined
  /** Gives the exit code. */
  readonly run: (ground: AdminGround) => Promise<number>
}

/** Runs `use` on the chain of a data folder and closes what was opened for it. */
export async function withAdminGround(
  { dataDir, env }: { readonly dataDir: string; readonly env: Environment },
  use: (ground: AdminGround) => Promise<number>,
): Promise<number> {
  const log = createLog(
    'admin',
    () => undefined,
    () => systemClock.now(),
  )
  const life = new Lifetime({ log, clock: systemClock })
  const isRunning = runningControl(dataDir) !== undefined
  try {
    return await use(
      await openAdminGround({ dataDir, env, isRunning, clock: systemClock, log, life }),
    )
  } finally {
    await life.close()
  }
}

export interface Giving {
  readonly order: Order
  /** One sentence: what it does. */
  readonly does: string
  readonly values: OrderValues
  readonly terminal: Terminal
  /** The chain's global id. */
  readonly globalId: number
  /** Once the person agreed, before anything is sent. */
  readonly onAgreed?: () => void
}

/**
 * Shows the plan, asks, sends, reads back. Exit codes: 0 only when the chain says that it is so now; 1 refused, not
 * agreed to, or not seen. Throws `admin.signer`, `admin.key-missing`, `funds.insufficient`, `chain.*`.
 */
export async function giveOrder(ground: AdminGround, giving: Giving): Promise<number> {
  const { order, values, terminal, globalId } = giving
  const key = { dataDir: ground.dataDir, globalId, keyFile: values.key }
  const signer = values.print ? undefined : signerOf(order, key)
  terminal.out(planLines(giving, signer).join('\n'))
  if (order.refusal) {
    terminal.err(`The ${order.contract} would refuse it now. ${refusalSentence(order.refusal)}`)
    return EXIT.failed
  }
  if (!signer) return EXIT.ok
  const asked = { yes: values.yes, question: 'Send it?', refused: 'Nothing was sent.' }
  if (!(await isAgreed(terminal, asked))) return EXIT.failed
  giving.onAgreed?.()
  await giveOnLocalnet(ground, { signer, order, globalId })
  const outcome = await carryOut(order, { ...ground, wallet: signer.wallet })
  switch (outcome.kind) {
    case 'done':
      terminal.out(['Done. Now, as the chain says:', ...fieldLines(outcome.now)].join('\n'))
      return EXIT.ok
    case 'not-seen':
      terminal.err(
        ['Sent, but the chain does not say that it is so:', ...fieldLines(outcome.now)].join('\n'),
      )
      return EXIT.failed
    case 'refused': {
      const why = outcome.name
        ? refusalSentence(outcome.name)
        : `Its code ended with exit ${String(outcome.exit)}.`
      terminal.err(`The ${order.contract} refused it; nothing has changed. ${why}`)
      return EXIT.failed
    }
  }
}

function planLines({ order, does, globalId }: Giving, signer: Signer | undefined): string[] {
  const { before, after, waitsUntil } = order
  const opcode = (order.contract === 'vault' ? vaultOps : registryOps)[order.op] ?? 0
  const may = order.signers.map(({ role }) => (role === 'anyone' ? 'anybody' : `the ${role}`))
  return [
    does,
    `to        the ${order.contract}, ${order.to.toRawString()}`,
    `signs     ${signer ? `${signer.wallet.address.toRawString()}, by ${signer.keyFile}` : 'another wallet'} (may: ${may.join(' or ')})`,
    `message   ${order.op} (0x${opcode.toString(16)})`,
    ...fieldLines(order.fields),
    ...(Object.keys(before).length > 0 ? ['now', ...fieldLines(before)] : []),
    ...(Object.keys(after).length > 0 ? ['then', ...fieldLines(after)] : []),
    `when      ${waitsUntil === undefined ? 'at once' : `from ${time(waitsUntil)}, when it is carried out by another order (execute)`}`,
    `costs     ${costOf(order)}`,
    ...(signer ? [] : messageLines(order, globalId)),
  ]
}

const vaultOps: Readonly<Record<string, number>> = VAULT_OPS
const registryOps: Readonly<Record<string, number>> = REGISTRY_OPS

const costOf = ({ op, valueNano }: Order): string =>
  op === 'TopUp'
    ? `${showCoin(valueNano)}, which stay there, and a little gas`
    : `at most ${showCoin(valueNano)} of gas and the wallet's own fees; what is not needed comes back`

/** For a wallet that is not here: a multisig, a hardware wallet. */
function messageLines(order: Order, globalId: number): string[] {
  const to = order.to.toString({ bounceable: !order.init, testOnly: globalId !== mainnetId })
  const body = order.body.toBoc()
  const link = `ton://transfer/${to}?amount=${order.valueNano.toString()}&bin=${body.toString('base64url')}`
  return [
    `amount    ${showCoin(order.valueNano)}`,
    `body      ${body.toString('base64')}`,
    ...(order.init ? [] : [`link      ${link}`]),
  ]
}

const mainnetId = -239

/** One line a field, indented. */
export const fieldLines = (fields: Fields): string[] =>
  Object.entries(fields).map(([name, value]) => `  ${wordsOf(name).padEnd(18)} ${shown(value)}`)

const wordsOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

function shown(value: Value): string {
  if ('nano' in value) return showCoin(value.nano)
  if ('at' in value) return value.at === 0 ? 'never' : time(value.at)
  if ('seconds' in value) return `${String(value.seconds / 3600)} h`
  return value.text
}

const time = (at: number): string => new Date(at * 1000).toISOString().replace('.000', '')

/** The same for programs: sums and times as they are on chain, sums as decimal text. */
export const fieldsJson = (fields: Fields): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      'nano' in value
        ? value.nano.toString()
        : 'at' in value
          ? value.at
          : 'seconds' in value
            ? value.seconds
            : value.text,
    ]),
  )

/** Throws `admin.not-deployed` for an address without a contract. */
export async function checkThere(ground: AdminGround, address: Order['to']): Promise<void> {
  const { state } = await ground.chain.account(address)
  if (state !== 'active') throw new AppError('admin.not-deployed')
}
