/** @module The starting values that come with the project. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PriceTable, type PriceWorld, readTable } from './table.ts'

/** Throws as `readTable` does. */
export const readOwnTable = (world: PriceWorld, version = 1): PriceTable =>
  readTable(
    readFileSync(join(import.meta.dirname, 'tables', `${String(version)}.json`), 'utf8'),
    world,
  )
