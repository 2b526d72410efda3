/** @module `chrysalis deposits`: codes of developers, and transfers that nobody can be credited for yet (PAY §13). */
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { systemClock } from '../core/clock.ts'
import { showCoin } from '../core/coin.ts'
import { type Environment, loadConfig } from '../core/config.ts'
import type { Database } from '../db/database.ts'
import { paymentsConfig } from '../payments/config.ts'
import { depositWalletOf } from '../payments/deposits/deposit-wallet.ts'
import { type DepositBooks, openDepositBooks } from '../payments/deposits/deposits.ts'
import { readChainFile } from '../payments/settlement/chain-file.ts'
import { showPayout } from '../payments/wallets/address.ts'
import type { ControlCall } from './control.ts'
import { sweepAnswer, sweepArgs, sweepCall, sweepLines, sweepOptions } from './deposit-sweep.ts'
import { dataFolder } from './paths.ts'
import { withPaymentsAtRest } from './payments-at-rest.ts'
import { askSystem } from './running.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

const listed = 200

const codeArgs = z.object({ account: z.string() })
const assignArgs = z.object({ id: z.string(), code: z.string() })

const codeAnswer = z.object({ wallet: z.string(), account: z.string(), code: z.string() })
const depositAnswer = z.object({
  id: z.string(),
  hash: z.string(),
  source: z.string(),
  nano: z.string(),
  at: z.string(),
  state: z.enum(['credited', 'suspense']),
  reason: z.string().optional(),
  code: z.string().optional(),
})
const listAnswer = z.object({ wallet: z.string(), deposits: z.array(depositAnswer) })
const assignAnswer = z.object({ id: z.string(), account: z.string() })

/** Exit codes: 0 done, 1 refused, 2 a wrong command line. Asks the running system, else the data folder. */
export async function runDeposits(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    { ...sweepOptions, json: { type: 'boolean', default: false }, data: { type: 'string' } },
    'positionals',
  )
  const [step, first, second, ...more] = positionals
  const dataDir = dataFolder(values.data, env)
  const ask = (name: DepositCall, given: unknown): Promise<unknown> =>
    askSystem({
      dataDir,
      env,
      name,
      args: given,
      atRest: (db) => depositCalls(booksAtRest(db, { dataDir, env }))[name](given),
    })
  const show = (answer: unknown, lines: readonly string[]): number => {
    if (values.json) terminal.out(JSON.stringify(answer))
    else for (const line of lines) terminal.out(line)
    return EXIT.ok
  }

  if (step === 'list' && first === undefined) {
    const answer = listAnswer.parse(await ask('deposits.list', {}))
    const rows = answer.deposits.flatMap(linesOf)
    const isWaiting = answer.deposits.some(({ state }) => state === 'suspense')
    return show(answer, rows.length > 0 ? [...rows, ...(isWaiting ? howTo : [])] : [empty])
  }
  if (step === 'code' && first !== undefined && second === undefined) {
    const answer = codeAnswer.parse(await ask('deposits.code', { account: first }))
    return show(answer, codeLines(answer, readChainFile(dataDir)?.net !== 'mainnet'))
  }
  if (step === 'assign' && first !== undefined && second !== undefined && more.length === 0) {
    const answer = assignAnswer.parse(
      await ask('deposits.assign', { id: first, code: second.trim().toUpperCase() }),
    )
    return show(answer, [`Credited to ${answer.account}.`])
  }
  if (step === 'sweep' && first === undefined) {
    const given = sweepArgs(values)
    const answer = await askSystem({
      dataDir,
      env,
      name: 'deposits.sweep',
      args: given,
      atRest: (db) =>
        withPaymentsAtRest({ dataDir, env, db }, (payments, signal) =>
          sweepCall(payments, signal)(given),
        ),
    })
    const report = sweepAnswer.parse(answer)
    show(report, sweepLines(report))
    return report.outcome === 'refused' ? EXIT.failed : EXIT.ok
  }
  throw new UsageError('deposits takes code ACCOUNT, list, assign ADDRESS:LT CODE, or sweep.')
}

/** What a developer is to do, and what helps when it went wrong: everything an operator needs to find the transfer. */
const codeLines = ({ wallet, code }: z.infer<typeof codeAnswer>, isTest: boolean): string[] => [
  `Send at least 0.05 to ${showPayout(wallet, isTest)}`,
  `with the comment ${code}, in plain text (not encrypted). It is credited within a minute.`,
  'Sent without it, or with another? It is not lost: give your operator this code and the hash of the',
  'transfer, or the address it came from (of an exchange: the hash). They assign it to you, once.',
]

const empty = 'Nothing was paid in yet.'

/** Why a transfer waits, for whoever has to answer its sender. */
const whys: Readonly<Record<string, string>> = {
  small: 'less than 0.05',
  'no-memo': 'no comment',
  'unknown-memo': 'a comment that is nobody’s code',
  encrypted: 'an encrypted comment',
  other: 'no plain text',
  failed: 'not taken cleanly',
}

const howTo = [
  '',
  'One that waits goes to whoever sent it: ./chrysalis deposits assign NAME CODE, where NAME is the 0:…:… of its line',
  'and CODE the comment of their account (deposits code). Everybody can read a transfer on the chain, so ask for a proof:',
  'another transfer from the same address with the code as its comment, or the receipt of their exchange.',
]

function linesOf(deposit: z.infer<typeof depositAnswer>): string[] {
  const { id, hash, source, nano, at, state, reason = '' } = deposit
  const why = state === 'suspense' ? `waits: ${whys[reason] ?? reason}` : 'credited'
  return [`${at}  ${showCoin(BigInt(nano))}  ${why}  ${id}`, `  from ${source}  hash ${hash}`]
}

type DepositCall = 'deposits.code' | 'deposits.list' | 'deposits.assign'

/** Each throws `deposit.wallet` where no wallet takes deposits; `input.invalid` for arguments of another shape. */
export function depositCalls(books: DepositBooks | undefined): Record<DepositCall, ControlCall> {
  const here = (): DepositBooks => {
    if (!books) throw new AppError('deposit.wallet')
    return books
  }
  return {
    'deposits.code': async (args) => {
      const { account } = shaped(codeArgs, args)
      const opened = here()
      const code = await opened.codeFor(account)
      return { wallet: opened.wallet.toRawString(), account, code }
    },
    'deposits.list': async () => {
      const opened = here()
      const wallet = opened.wallet.toRawString()
      const rows = await opened.list(listed)
      const deposits = rows.map(({ lt, hash, source, nano, atMs, state, reason, code }) => ({
        id: `${wallet}:${lt.toString()}`,
        hash,
        source,
        nano: nano.toString(),
        at: new Date(atMs).toISOString(),
        state,
        ...(reason !== undefined && { reason }),
        ...(code !== undefined && { code }),
      }))
      return { wallet, deposits }
    },
    'deposits.assign': async (args) => {
      const { id, code } = shaped(assignArgs, args)
      const opened = here()
      const lt = /^(0:[0-9a-f]{64}):([1-9]\d{0,17})$/.exec(id)
      if (lt?.[1] !== opened.wallet.toRawString() || lt[2] === undefined)
        throw new AppError('deposit.id')
      const account = await opened.accountOf(code)
      if (account === undefined) throw new AppError('deposit.code')
      if (!(await opened.assign(BigInt(lt[2]), account))) throw new AppError('deposit.not-waiting')
      return { id, account }
    },
  }
}

function shaped<S extends z.ZodType>(schema: S, args: unknown): z.output<S> {
  const { success, data } = schema.safeParse(args)
  if (!success) throw new AppError('input.invalid')
  return data
}

/** Books without a chain: what came in since is read when the system runs again. */
function booksAtRest(
  db: Database,
  { dataDir, env }: { dataDir: string; env: Environment },
): DepositBooks | undefined {
  const config = loadConfig(paymentsConfig, { ...env, CHRYSALIS_DATA: dataDir })
  const file = readChainFile(dataDir)
  const wallet = depositWalletOf({ setting: config.CHRYSALIS_DEPOSIT_WALLET, file })
  return wallet && openDepositBooks({ db, wallet, clock: systemClock })
}
