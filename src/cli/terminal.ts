/** @module What commands print: plain sentences on standard output, problems on standard error. */
import { createInterface } from 'node:readline/promises'

/** Where a command writes; tests pass their own. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** True when a person watches standard error: bars and colours are allowed. */
  readonly isInteractive: boolean
  /** Asks a person and gives the answer; absent where nobody can answer. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
}

export const processTerminal: Terminal = {
  out: (text) => {
    process.stdout.write(`${text}\n`)
  },
  err: (text) => {
    process.stderr.write(`${text}\n`)
  },
  isInteractive: process.stderr.isTTY,
  get ask() {
    return process.stdin.isTTY ? askPerson : undefined
  },
}

async function askPerson(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}

/** Exit codes of all commands; `crashed` (sysexits' software error) is ours when nobody caught an error. */
export const EXIT = { ok: 0, failed: 1, usage: 2, missing: 3, crashed: 70 } as const
