/** @module Small wrongs put into the contracts' sources one at a time: what the tests must notice. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cell } from '@ton/core'
import type { ContractName } from '../../src/payments/contracts/code.ts'
import { CONTRACTS_FOLDER, compile } from './tolk.ts'

export interface Mutant {
  readonly contract: ContractName
  /** Below contracts/. */
  readonly path: string
  readonly line: number
  /** The line as it is, trimmed. */
  readonly source: string
  /** The line as the mutant has it, trimmed. */
  readonly mutant: string
}

const FILES = {
  vault: ['vault/fees.tolk', 'vault/storage.tolk', 'vault/rules.tolk', 'vault/vault.tolk'],
  registry: ['registry/storage.tolk', 'registry/rules.tolk', 'registry/registry.tolk'],
} as const
const COMMON = ['common/chain.tolk']

/** Each pattern is replaced at each of its places, by each of the replacements, one at a time. */
const CHANGES: readonly (readonly [RegExp, (found: string) => readonly string[]])[] = [
  // An assert dropped.
  [/assert \(.*\) throw \w+;/g, () => ['']],
  // Comparisons: strictness, and equality turned round.
  [/ <= /g, () => [' < ']],
  [/ >= /g, () => [' > ']],
  [/ < /g, () => [' <= ']],
  [/ > /g, () => [' >= ']],
  [/ == /g, () => [' != ']],
  [/ != /g, () => [' == ']],
  // Conditions and flags of modes joined otherwise.
  [/(?<=[\w)]) \| (?=[\w(])|^ *\| (?=\()/g, (found) => [found.replace('|', '&')]],
  [/ & /g, () => [' | ']],
  // Another mode at each send and reserve, and each flag of a mode missing.
  [
    /(?<=\.send\()SEND_MODE_\w+/g,
    (found) =>
      ['SEND_MODE_PAYOUT', 'SEND_MODE_RETURN_REST', 'SEND_MODE_EVENT'].filter((it) => it !== found),
  ],
  [/\w+ \| (?=\w+_ON_ACTION_FAIL)/g, () => ['']],
  [/ \| \w+_ON_ACTION_FAIL/g, () => ['']],
  [/RESERVE_MODE_EXACT_AMOUNT/g, () => ['RESERVE_MODE_ALL_BUT_AMOUNT']],
  [/BounceMode\.NoBounce/g, () => ['BounceMode.Only256BitsOfBody']],
  [/BounceMode\.Only256BitsOfBody/g, () => ['BounceMode.NoBounce']],
  // Sums.
  [/\bmax\(/g, () => ['min(']],
  [/\bmin\(/g, () => ['max(']],
  [/ \+ /g, () => [' - ']],
  [/ - /g, () => [' + ']],
  [/ \+= /g, () => [' -= ']],
  [/ -= /g, () => [' += ']],
  // Delays, limits and rents one off.
  [
    /(?<=^const (?!VERSION|KIND|STATUS|SEND|RESERVE_|ERR)\w+ = ).+/g,
    (found) => [`(${found}) + 1`, `(${found}) - 1`],
  ],
]

/** Every mutant of a contract, in the order of its files and lines: the same on every machine. */
export function mutantsOf(contract: ContractName): Mutant[] {
  return [...FILES[contract], ...COMMON].flatMap((path) =>
    readFileSync(join(CONTRACTS_FOLDER, path), 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        line.trimStart().startsWith('//')
          ? []
          : mutationsOf(line).map((mutant) => ({
              contract,
              path,
              line: at + 1,
              source: line.trim(),
              mutant: mutant.trim(),
            })),
      ),
  )
}

function mutationsOf(line: string): string[] {
  const found = CHANGES.flatMap(([pattern, others]) =>
    [...line.matchAll(pattern)].flatMap((match) =>
      others(match[0]).map(
        (other) => line.slice(0, match.index) + other + line.slice(match.index + match[0].length),
      ),
    ),
  )
  return [...new Set(found)]
}

/** Code of a mutant, or undefined where the compiler refuses it. */
export async function codeOf(mutant: Mutant): Promise<Cell | undefined> {
  try {
    const { code } = await compile(mutant.contract, (path, source) =>
      path === mutant.path
        ? source
            .split('\n')
            .map((line, at) => (at + 1 === mutant.line ? mutant.mutant : line))
            .join('\n')
        : source,
    )
    return code
  } catch (error) {
    // A crash of the compiler is no verdict.
    if (!(error instanceof Error) || error.name === 'RuntimeError') throw error
    return undefined
  }
}

/** What is used here of the global, which the compiler's types do not know. */
interface Wasm {
  compile(bytes: object): Promise<object>
  instantiate(source: object, imports: object): Promise<object>
}

/** Compiles the compiler itself once for all of `work`: a mutant then takes a second in place of three. */
export async function withOneCompiler<T>(work: () => Promise<T>): Promise<T> {
  const wasm = Reflect.get(globalThis, 'WebAssembly') as Wasm
  const instantiate = wasm.instantiate.bind(wasm)
  const modules = new WeakMap<object, Promise<object>>()
  const instead: Wasm['instantiate'] = async (source, imports) => {
    if (!ArrayBuffer.isView(source)) return instantiate(source, imports)
    const compiled = modules.get(source) ?? wasm.compile(source)
    modules.set(source, compiled)
    const module = await compiled
    return { module, instance: await instantiate(module, imports) }
  }
  wasm.instantiate = instead
  try {
    return await work()
  } finally {
    wasm.instantiate = instantiate
  }
}
