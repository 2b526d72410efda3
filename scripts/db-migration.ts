/** @module `npm run db:migration <name>`: writes what the migrations lack of `schema.prisma` to a new migration folder. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diffSchemas, prismaFolder, readSchema } from '../test/support/schema-diff.ts'

const name = process.argv[2] ?? ''
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('usage: npm run db:migration <name_in_snake_case>')
  process.exit(2)
}
const [sql] = (await diffSchemas([readSchema()])) ?? []
if (sql === undefined) {
  console.error('@prisma/schema-engine-wasm is not installed: npm install')
  process.exit(3)
}
if (sql === '') {
  console.log('The migrations already agree with prisma/schema.prisma.')
  process.exit(0)
}
const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
const folder = join(prismaFolder, 'migrations', `${stamp}_${name}`)
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'migration.sql'), sql)
console.log(folder)
process.exit(0)
