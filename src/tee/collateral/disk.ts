/** @module Collateral parts as files, so that a restart does not depend on the vendors being there. Nothing in them is secret or trusted. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256Hex, utf8 } from '../crypto/binary.ts'
import type { Part } from './part.ts'

const ms = z
  .number()
  .int()
  .min(0)
  .max(2 ** 52)
const partSchema = z.strictObject({
  key: z.string().max(400),
  members: z.record(z.string().max(32), z.string().max(2 ** 21)),
  fetchedAtMs: ms,
  age: z.strictObject({ evalNumber: ms, issuedMs: ms, endsMs: ms.optional() }),
})

export interface CollateralDisk {
  /** All parts that can be read; damaged files are passed over. */
  read(): Part[]
  /** The old file or the new one is there, never half of one. A full disk is not worth losing an admission for: false then. */
  write(part: Part): boolean
}

export function createCollateralDisk(folder: string): CollateralDisk {
  const fileOf = (key: string): string => join(folder, `${sha256Hex(utf8(key)).slice(0, 32)}.json`)
  return {
    read: () =>
      namesIn(folder).flatMap((name) => {
        const part = readPart(join(folder, name))
        return part && fileOf(part.key) === join(folder, name) ? [part] : []
      }),
    write: (part) => {
      const draft = `${fileOf(part.key)}.${randomBytes(4).toString('hex')}.part`
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        writeFileSync(draft, JSON.stringify(part), { mode: 0o600 })
        renameSync(draft, fileOf(part.key))
        return true
      } catch {
        rmSync(draft, { force: true })
        return false
      }
    },
  }
}

function readPart(path: string): Part | undefined {
  try {
    const { age, ...rest } = partSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    return { ...rest, age: { ...age, endsMs: age.endsMs } }
  } catch {
    return undefined
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}
