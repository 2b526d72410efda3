/** @module What commands print: plain sentences on standard output, problems on standard error. */

/** Where a command writes; tests pass their own. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** True when a person watches standard error: bars and colours are allowed. */
  readonly isInteractive: boolean
}

export const processTerminal: Terminal = {
  out: (text) => {
    process.stdout.write(`${text}\n`)
  },
  err: (text) => {
    process.stderr.write(`${text}\n`)
  },
  isInteractive: process.stderr.isTTY,
}

/** Exit codes of all commands; `crashed` (sysexits' software error) is ours when nobody caught an error. */
export const EXIT = { ok: 0, failed: 1, usage: 2, missing: 3, crashed: 70 } as const
