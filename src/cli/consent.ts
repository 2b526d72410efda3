/** @module Asks the person at the terminal before something is done. */
import type { Terminal } from './terminal.ts'

/** Whether a person says yes to this; undefined where nobody can answer. Anything but y and yes is a no. */
export async function saysYes(terminal: Terminal, question: string): Promise<boolean | undefined> {
  if (!terminal.ask) return undefined
  return /^y(es)?$/i.test((await terminal.ask(`${question} [y/N] `)).trim())
}

/** Asks unless `yes` was given beforehand; says on standard error why nothing is done: `refused`, or that nobody was there. */
export async function isAgreed(
  terminal: Terminal,
  { yes, question, refused }: { yes: boolean; question: string; refused: string },
): Promise<boolean> {
  if (yes) return true
  const answer = await saysYes(terminal, question)
  if (answer === true) return true
  terminal.err(
    answer === undefined
      ? 'Nobody is here to agree to this: run it in a terminal, or add --yes.'
      : refused,
  )
  return false
}
