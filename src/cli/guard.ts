/** @module The last net under every command: an error that nobody caught ends the process without a word of its message. */
import { describe } from '../core/describe.ts'
import { EXIT, type Terminal } from './terminal.ts'

/** Node's own print of an uncaught error shows its message, which may hold a user's words; ours does not. */
export function guardProcess(terminal: Pick<Terminal, 'err'>): void {
  const die = (error: unknown): void => {
    terminal.err(JSON.stringify({ level: 'error', event: 'process.crashed', ...describe(error) }))
    process.exit(EXIT.crashed)
  }
  process.on('uncaughtException', die)
  // Whoever reads what is printed may stop (`| head`): the command goes on to its end, unheard.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') die(error)
  })
  process.on('unhandledRejection', die)
}
