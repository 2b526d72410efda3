/** @module A wrong command line: the sentence is ours and shown to the person who typed it. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

export class UsageError extends Error {
  readonly sentence: string

  constructor(sentence: string) {
    super('usage')
    this.sentence = sentence
  }
}

/** `parseArgs` of Node, with its errors as `UsageError`. */
export function parseOptions<const O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: O,
  allowPositionals: 'positionals' | 'options-only' = 'options-only',
) {
  try {
    return parseArgs({
      args: [...args],
      options,
      allowPositionals: allowPositionals === 'positionals',
      strict: true,
    })
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'bad arguments',
    )
  }
}
