/** @module `chrysalis`: one command line for every role; each command's code is loaded only when it is asked for. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { runCommand } from './cli/commands.ts'
import { rootFolder } from './cli/paths.ts'

// Compiled code of our own sources and libraries, so that a second start does not do that work again.
enableCompileCache(join(rootFolder, 'node_modules/.cache/compiled'))
process.exitCode = await runCommand(process.argv.slice(2), process.env)
