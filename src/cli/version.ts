/** @module The version of this checkout. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { rootFolder } from './paths.ts'

/** `chrysalis 0.1.0, node 24.…` */
export function version(): string {
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(rootFolder, 'package.json'), 'utf8')))
  return `chrysalis ${manifest.version}, node ${process.versions.node}`
}
