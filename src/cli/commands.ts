/** @module Command names and what runs for each; the only place where commands meet. */
import { AppError } from '../core/app-error.ts'
import { ConfigError, type Environment } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import { explain } from './explain.ts'
import { guardProcess } from './guard.ts'
import { HELP } from './help.ts'
import { EXIT, processTerminal, type Terminal } from './terminal.ts'
import { UsageError } from './usage.ts'

/** One command: gets its own arguments and the environment, answers with the exit code. */
type Command = (args: readonly string[], env: Environment, terminal: Terminal) => Promise<number>

const showHelp: Command = async (_args, _env, terminal) => {
  terminal.out(HELP)
  return EXIT.ok
}

const commands: Readonly<Record<string, Command>> = {
  help: showHelp,
  '--help': showHelp,
  '-h': showHelp,
  '--version': async (_args, _env, terminal) => {
    const { version } = await import('./version.ts')
    terminal.out(version())
    return EXIT.ok
  },
  setup: async (args, env, terminal) => (await import('./setup.ts')).runSetup(args, env, terminal),
  // The database client is generated from the schema: nothing that imports it may load before.
  start: async (args, env, terminal) => {
    const { setUp } = await import('./setup.ts')
    if (!setUp('start', env, terminal)) return EXIT.missing
    return (await import('./start.ts')).runStart(args, env, terminal)
  },
  test: async (args, env, terminal) => (await import('./test.ts')).runTests(args, env, terminal),
  try: async (args, env, terminal) => (await import('./try.ts')).runTry(args, env, terminal),
  models: async (args, env, terminal) =>
    (await import('./models.ts')).runModelsCommand(args, env, terminal),
  doctor: async (args, env, terminal) =>
    (await import('./doctor.ts')).runDoctor(args, env, terminal),
  evidence: async (args, env, terminal) =>
    (await import('./evidence.ts')).runEvidence(args, env, terminal),
  verify: async (args, env, terminal) =>
    (await import('./verify.ts')).runVerify(args, env, terminal),
  policy: async (args, env, terminal) =>
    (await import('./policy.ts')).runPolicy(args, env, terminal),
  log: async (args, env, terminal) => {
    await generateClient()
    return (await import('./log.ts')).runLog(args, env, terminal)
  },
  ledger: async (args, env, terminal) => {
    await generateClient()
    return (await import('./ledger.ts')).runLedger(args, env, terminal)
  },
  deposits: async (args, env, terminal) => {
    await generateClient()
    return (await import('./deposits.ts')).runDeposits(args, env, terminal)
  },
  prices: async (args, env, terminal) => {
    await generateClient()
    return (await import('./prices.ts')).runPrices(args, env, terminal)
  },
  hardware: async (args, env, terminal) => {
    await generateClient()
    return (await import('./hardware.ts')).runHardware(args, env, terminal)
  },
  bot: async (args, env, terminal) => {
    await generateClient()
    return (await import('./roles.ts')).runBot(args, env, terminal)
  },
  gateway: async (args, env, terminal) => {
    await generateClient()
    return (await import('./roles.ts')).runGateway(args, env, terminal)
  },
  statement: async (args, env, terminal) => {
    // Only `get` reads a database.
    if (args[0] === 'get') await generateClient()
    return (await import('./statement.ts')).runStatement(args, env, terminal)
  },
  settle: async (args, env, terminal) => {
    await generateClient()
    return (await import('./settle.ts')).runSettle(args, env, terminal)
  },
  vault: async (args, env, terminal) => {
    await generateClient()
    return (await import('./vault.ts')).runVault(args, env, terminal)
  },
  registry: async (args, env, terminal) => {
    await generateClient()
    return (await import('./registry.ts')).runRegistry(args, env, terminal)
  },
  settlement: async (args, env, terminal) => {
    await generateClient()
    return (await import('./roles.ts')).runSettlement(args, env, terminal)
  },
  worker: async (args, env, terminal) =>
    (await import('./worker.ts')).runWorker(args, env, terminal),
}

const generateClient = async (): Promise<void> =>
  (await import('./generated-client.ts')).ensureGeneratedClient()

/** Runs `args` and gives the exit code: 0 done, 1 failed, 2 usage, 3 something is missing on this machine. */
export async function runCommand(
  args: readonly string[],
  env: Environment,
  terminal: Terminal = processTerminal,
): Promise<number> {
  const [name = 'help', ...rest] = args
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    terminal.err(`There is no command of that name. ./chrysalis help lists them.`)
    return EXIT.usage
  }
  guardProcess(terminal)
  try {
    return await command(rest, env, terminal)
  } catch (error) {
    return report(error, terminal)
  }
}

function report(error: unknown, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.err(`${error.sentence}\n./chrysalis help shows how each command is used.`)
    return EXIT.usage
  }
  if (error instanceof ConfigError) {
    for (const line of error.lines) terminal.err(line)
    return EXIT.usage
  }
  if (error instanceof AppError) {
    terminal.err(explain(error))
    return EXIT.failed
  }
  terminal.err(JSON.stringify({ level: 'error', event: 'command.failed', ...describe(error) }))
  return EXIT.failed
}
