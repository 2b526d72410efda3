/** @module Compiles the contracts from their sources, as they are or with one text replaced. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cell } from '@ton/core'
import { runTolkCompiler } from '@ton/tolk-js'
import type { ContractName } from '../../src/payments/contracts/code.ts'

export const CONTRACTS_FOLDER = join(import.meta.dirname, '..', '..', 'contracts')

/** Code of a contract; `edit` may change a source file (path below contracts/) before it is compiled. Throws with the compiler's words. */
export async function compile(
  name: ContractName,
  edit: (path: string, source: string) => string = (_, source) => source,
): Promise<{ code: Cell; hash: string }> {
  const result = await runTolkCompiler({
    entrypointFileName: join(CONTRACTS_FOLDER, name, `${name}.tolk`),
    fsReadCallback: (path) =>
      edit(path.slice(CONTRACTS_FOLDER.length + 1), readFileSync(path, 'utf8')),
  })
  if (result.status === 'error') throw new Error(result.message)
  return {
    code: Cell.fromBase64(result.codeBoc64),
    hash: result.codeHashHex.toLowerCase(),
  }
}
