/** @module What the migrations lack compared with `prisma/schema.prisma`, by Prisma's schema engine as WASM over an in-memory PGlite. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import { Pool } from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'

export const prismaFolder = join(import.meta.dirname, '../../prisma')

/** The part of WebAssembly that the engine needs; the project's types hold no browser API. */
declare const WebAssembly: {
  instantiate(
    wasm: Uint8Array,
    imports: object,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>
}

interface Engine {
  diff(request: unknown): Promise<{ exitCode: number; stdout: string | null }>
  applyMigrations(request: unknown): Promise<{ appliedMigrationNames: string[] }>
}

/** `SchemaEngine` of `@prisma/schema-engine-wasm`, or nothing where the (development) package is not installed. */
async function loadEngine(database?: {
  connect: () => unknown
}): Promise<((schema: string) => Promise<Engine>) | undefined> {
  const require = createRequire(import.meta.url)
  let entry: string
  try {
    entry = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  } catch {
    return undefined
  }
  const glue = await import(entry)
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: { set_message: () => undefined },
  })
  const wasm = readFileSync(join(entry, '../schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': glue })
  glue['__wbg_set_wasm'](instance.exports)
  const start = instance.exports['__wbindgen_start']
  if (typeof start === 'function') start()
  const factory = {
    provider: 'postgres',
    adapterName: 'pglite',
    connect: () => new PrismaPGlite(new PGlite()).connect(),
    ...database,
    connectToShadowDb: () => new PrismaPGlite(new PGlite()).connect(),
  }
  return (schema) =>
    glue.SchemaEngine.new(
      { datamodels: [['schema.prisma', schema]] },
      () => undefined,
      // The factory type has more members than the engine calls.
      bindMigrationAwareSqlAdapterFactory(factory as never),
    )
}

/** A schema and migrations beyond those of the project: folder and SQL. */
interface SchemaWithMore {
  readonly schema: string
  readonly more: Readonly<Record<string, string>>
}

/**
 * SQL that would bring the migrations to each schema: empty text when they agree, `undefined` when the engine is not
 * installed. Once per process: a second instance of the engine would read the memory of the first.
 */
export async function diffSchemas(
  schemas: readonly (string | SchemaWithMore)[],
): Promise<string[] | undefined> {
  const create = await loadEngine()
  if (!create) return undefined
  const missing: string[] = []
  for (const entry of schemas) {
    const { schema, more } = typeof entry === 'string' ? { schema: entry, more: {} } : entry
    const engine = await create(schema)
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'migrations', ...readMigrations(more) },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
      script: true,
      exitCode: true,
      shadowDatabaseUrl: null,
      shadowDbInitScript: '',
      schemaFilter: { included: [], excluded: [] },
      filters: { externalTables: [], externalEnums: [] },
    })
    missing.push(exitCode === 0 ? '' : (stdout ?? ''))
  }
  return missing
}

/**
 * Applies what a Postgres lacks as `prisma migrate deploy` does: by the same engine, in process and over a driver, since its
 * program is not in the packages. Gives the names it applied; `undefined` when the engine is not installed.
 */
export async function deployByEngine(url: string): Promise<readonly string[] | undefined> {
  const pool = new Pool({ connectionString: url })
  const connect = async (): Promise<unknown> => {
    const adapter = await new PrismaPg(pool).connect()
    // The adapter cuts a script at every semicolon, those of comments too; the program does not.
    const executeScript = async (script: string): Promise<void> => void (await pool.query(script))
    return Object.assign(adapter, { executeScript })
  }
  const create = await loadEngine({ connect })
  const engine = await create?.(readSchema())
  const applied = await engine?.applyMigrations({
    migrationsList: readMigrations(),
    filters: { externalTables: [], externalEnums: [] },
  })
  await pool.end()
  return applied?.appliedMigrationNames
}

export const readSchema = (): string => readFileSync(join(prismaFolder, 'schema.prisma'), 'utf8')

function readMigrations(more: Readonly<Record<string, string>> = {}): object {
  const baseDir = join(prismaFolder, 'migrations')
  const folders = readdirSync(baseDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted()
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: [
      ...folders.map((path): [string, string] => [
        path,
        readFileSync(join(baseDir, path, 'migration.sql'), 'utf8'),
      ]),
      ...Object.entries(more),
    ].map(([path, value]) => ({
      path,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } },
    })),
  }
}
