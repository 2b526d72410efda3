/** @module The compiled contracts of contracts/build: what is deployed is what the repository says. */
import { readFileSync } from 'node:fs'
import { Cell } from '@ton/core'

export type ContractName = 'vault' | 'registry'

/** Code cell of a contract, its hash compared with the recorded one. Throws RangeError when the build file is damaged. */
export function contractCode(name: ContractName): Cell {
  const path = new URL(`../../../contracts/build/${name}.json`, import.meta.url)
  const built: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!isBuild(built)) throw new RangeError('contract build file without code')
  const code = Cell.fromBase64(built.boc)
  if (code.hash().toString('hex') !== built.codeHash) throw new RangeError('contract code hash')
  return code
}

const isBuild = (value: unknown): value is { boc: string; codeHash: string } =>
  typeof value === 'object' &&
  value !== null &&
  'boc' in value &&
  typeof value.boc === 'string' &&
  'codeHash' in value &&
  typeof value.codeHash === 'string'
