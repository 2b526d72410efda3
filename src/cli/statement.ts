/** @module `chrysalis statement`: what a payee earned, from the operator's data; and whether such a file holds, checked by its reader alone (PAY §15). */
import { readFileSync, writeFileSync } from 'node:fs'
import { AppError } from '../core/app-error.ts'
import type { Environment } from '../core/config.ts'
import { checkStatement } from '../payments/statements/check-statement.ts'
import { readStatement } from '../payments/statements/statement.ts'
import { payeeOf, readAddress } from '../payments/wallets/address.ts'
import { jsonText } from './control.ts'
import { dataFolder } from './paths.ts'
import { notProven, statementWords } from './statement-words.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

/** Exit codes: 0 done and nothing broken, 1 broken or not answered, 2 a wrong command line. */
export async function runStatement(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const [step, ...rest] = args
  if (step === 'get') return get(rest, env, terminal)
  if (step === 'check') return check(rest, terminal)
  throw new UsageError('statement takes get ADDRESS or check FILE.')
}

async function get(args: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    { out: { type: 'string' }, data: { type: 'string' } },
    'positionals',
  )
  const payee = readPayee(positionals)
  const dataDir = dataFolder(values.data, env)
  // The database client is loaded only here: a check needs none of it.
  const { askSystem } = await import('./running.ts')
  const { statementFor } = await import('./statement-source.ts')
  const answer = await askSystem({
    dataDir,
    env,
    name: 'statement.get',
    args: { payee },
    atRest: (db) => statementFor(db, { dataDir, payee }),
  })
  const text = JSON.stringify(answer, undefined, 1)
  if (values.out === undefined) terminal.out(text)
  else writeFileSync(values.out, text, { mode: 0o600 })
  return EXIT.ok
}

function readPayee([given, ...more]: readonly string[]): string {
  if (given === undefined || more.length > 0)
    throw new UsageError('Name one payout address: statement get ADDRESS.')
  if (/^[0-9a-f]{64}$/.test(given)) return given
  const payee = payeeOf(readAddress(given)?.address.toRawString() ?? '')
  if (payee === undefined) throw new UsageError('That is no address of the base chain.')
  return payee
}

async function check(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    { json: { type: 'boolean', default: false }, chain: { type: 'string' } },
    'positionals',
  )
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0)
    throw new UsageError('Name one file: statement check FILE.')
  const { chain } = values
  if (chain !== undefined && !URL.canParse(chain))
    throw new UsageError('--chain takes the address of an endpoint (toncenter JSON-RPC).')
  const statement = readStatement(readJson(file))
  const { statementPorts } = await import('./statement-ports.ts')
  const report = await checkStatement(statement, statementPorts(statement, chain))
  if (values.json) terminal.out(jsonText({ ok: report.broken === undefined, ...report, notProven }))
  else terminal.out(statementWords(report).join('\n'))
  return report.broken ? EXIT.failed : EXIT.ok
}

function readJson(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new UsageError('The file that was named cannot be read.')
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('statement.invalid', { field: 'json' }, { cause })
  }
}
