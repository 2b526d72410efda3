/** @module `<data>/chain.json`: which vault and registry this installation pays from, and what their addresses follow from. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import { replaceSecretFile } from '../../core/secret-file.ts'

const rawAddress = z.string().regex(/^0:[0-9a-f]{64}$/)

const chainFileSchema = z.strictObject({
  v: z.literal(1),
  net: z.enum(['mainnet', 'testnet', 'devnet']),
  /** The chain's global id. */
  globalId: z.number().int(),
  /** Of the provider; of a localnet, that of the process that runs now. */
  endpoint: z.url(),
  vault: rawAddress,
  registry: rawAddress,
  owner: rawAddress,
  guardian: rawAddress,
  /** The wallet that takes deposits; of a localnet. */
  deposits: rawAddress.optional(),
  /** Unix seconds; part of the vault's address. */
  createdAt: z.number().int(),
})
export type ChainFile = z.infer<typeof chainFileSchema>

const fileOf = (dataDir: string): string => join(dataDir, 'chain.json')

/** Undefined where nothing was deployed yet. Throws `config.data-folder` for a damaged one. */
export function readChainFile(dataDir: string): ChainFile | undefined {
  let text: string
  try {
    text = readFileSync(fileOf(dataDir), 'utf8')
  } catch {
    return undefined
  }
  try {
    return chainFileSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new AppError('config.data-folder', {}, { cause })
  }
}

/** Whole or not at all. */
export function writeChainFile(dataDir: string, file: ChainFile): void {
  replaceSecretFile(fileOf(dataDir), `${JSON.stringify(file, undefined, 2)}\n`)
}
