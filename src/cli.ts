/** @module `chrysalis`: one command line for every role; each command's code is loaded only when it is asked for. */
import { runCommand } from './cli/commands.ts'

process.exitCode = await runCommand(process.argv.slice(2), process.env)
