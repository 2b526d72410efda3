import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const root = fileURLToPath(new URL('../..', import.meta.url))
const report = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(z.object({ rule: z.object({ name: z.string() }), from: z.string() })),
  }),
})

function cruise(folder: string, paths: readonly string[]) {
  const script = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const run = spawnSync(
    process.execPath,
    [script, '--config', '.dependency-cruiser.mjs', '-T', 'json', ...paths],
    { cwd: folder, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  )
  return report.parse(JSON.parse(run.stdout))
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

test('imports follow the map, and the checker read exactly the files on disk', {
  timeout: 60_000,
}, () => {
  const { modules, summary } = cruise(root, ['src', 'test'])

  expect(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`)).toEqual([])
  // A checker that reads nothing reports success, so the modules it read are compared with the disk.
  const read = modules.map(({ source }) => source).filter((source) => /^src\/.*\.ts$/.test(source))
  const generated = /^src\/db\/generated\//
  expect(read.filter((path) => !generated.test(path)).toSorted()).toEqual(
    filesUnder(join(root, 'src'))
      .filter((path) => !generated.test(path))
      .toSorted(),
  )
})

/** One file per rule that breaks it: file, its text, the rule. */
const breaches: readonly (readonly [path: string, text: string, rule: string])[] = [
  ['src/core/a.ts', "import './b.ts'", 'no-cycles'],
  ['src/payments/a.ts', '', ''],
  ['src/core/b.ts', "import './a.ts'", ''],
  ['src/core/gone.ts', "import './nowhere.ts'", 'no-unresolved'],
  ['src/core/package.ts', "import 'not-a-package-of-ours'", 'no-unresolved'],
  ['src/gateway/dev.ts', "import 'fast-check'", 'no-dev-package'],
  ['src/gateway/alone.ts', 'export const alone = 1', 'no-orphans'],
  ['src/gateway/tested.ts', "import '../../test/support/x.ts'", 'src-knows-no-test'],
  ['src/gateway/boss.ts', "import '../bot/main.ts'", 'only-cli-imports-mains'],
  ['src/gateway/teller.ts', "import '../cli/help.ts'", 'nobody-imports-cli'],
  ['src/tasks/heavy.ts', "import 'ws'", 'core-and-tasks-need-zod-only'],
  ['src/tasks/impure.ts', "import 'node:fs'", 'tasks-are-pure'],
  ['src/bot/backdoor.ts', "import '../tasks/secret.ts'", 'tasks-through-the-registry'],
  [
    'src/bot/desk.ts',
    "import { desk } from '../queue/desk.ts'\nexport const it = desk",
    'faces-get-wings-from-main',
  ],
  ['src/queue/rows.ts', "import '../db/generated/client.ts'", 'rows-in-stores-only'],
  ['src/workers/db.ts', "import '../db/database.ts'", 'workers-reach-no-store'],
  ['src/core/up.ts', "import '../tee/seal.ts'", 'layer-core'],
  ['src/db/up.ts', "import '../tee/seal.ts'", 'layer-db'],
  ['src/tasks/up.ts', "import '../tee/seal.ts'", 'layer-tasks'],
  ['src/tee/up.ts', "import '../queue/desk.ts'", 'layer-tee'],
  ['src/queue/up.ts', "import '../tee/seal.ts'", 'layer-queue'],
  ['src/gateway/up.ts', "import '../bot/backdoor.ts'", 'layer-gateway'],
  ['src/workers/up.ts', "import '../queue/desk.ts'", 'layer-workers'],
  ['src/payments/up.ts', "import '../queue/desk.ts'", 'layer-payments'],
  ['src/bot/money.ts', "import '../payments/a.ts'", 'faces-get-money-from-main'],
  ['src/core/ton.ts', "import '@ton/core'", 'home-of-@ton(?!connect)'],
  ['src/sim/connect.ts', "import '@tonconnect/sdk'", 'home-of-@tonconnect'],
  ['src/sim/up.ts', "import '../tee/seal.ts'", 'layer-sim'],
  ['src/bot/up.ts', "import '../tee/seal.ts'", 'layer-bot'],
  ['test/unit/client.test.ts', "import '../../src/queue/client.ts'", 'unit-tests-load-no-client'],
  ['src/queue/client.ts', "import 'bullmq'", ''],
  ['src/gateway/grammy.ts', "import 'grammy'", 'home-of-grammy'],
  ['src/gateway/bullmq.ts', "import 'bullmq'", 'home-of-bullmq'],
  ['src/gateway/ioredis.ts', "import 'ioredis'", 'home-of-ioredis'],
  ['src/gateway/hpke.ts', "import 'hpke'", 'home-of-(hpke|jose)'],
  ['src/tee/noble.ts', "import '@noble/hashes/sha2.js'", 'home-of-@noble/hashes'],
  ['src/tee/verify/node.ts', "import 'node:crypto'", 'verify-runs-in-a-browser'],
  ['src/gateway/pki.ts', "import '../tee/dev/pki.ts'", 'dev-pki-on-devnet-only'],
  ['src/bot/ws.ts', "import 'ws'", 'home-of-ws'],
  ['src/gateway/llama.ts', "import 'node-llama-cpp'", 'home-of-node-llama-cpp'],
  ['src/gateway/whisper.ts', "import '@napi-rs/whisper'", 'home-of-(@fugood|@napi-rs)'],
  ['src/gateway/opus.ts', "import 'ogg-opus-decoder'", 'home-of-ogg-opus-decoder'],
  ['src/gateway/pg.ts', "import 'pg'", 'home-of-(@prisma|pg|@electric-sql|pglite-prisma-adapter)'],
  ['src/gateway/types.ts', "import '@grammyjs/types'", 'home-of-@grammyjs/types'],
  ['src/gateway/runner.ts', "import '@grammyjs/runner'", 'home-of-@grammyjs/(?!types)[^/]+'],
  [
    'src/gateway/undici.ts',
    "import 'undici'",
    'home-of-(undici|ipaddr\\.js|@mozilla|linkedom|unpdf|tinyld)',
  ],
  // What the breaches lean on
  ['src/bot/main.ts', 'export const main = 1', ''],
  ['src/cli/help.ts', 'export const help = 1', ''],
  ['src/tasks/secret.ts', 'export const secret = 1', ''],
  ['src/tee/dev/pki.ts', 'export const pki = 1', ''],
  ['src/queue/desk.ts', 'export const desk = 1', ''],
  ['src/db/database.ts', 'export const database = 1', ''],
  ['src/db/generated/client.ts', 'export const client = 1', ''],
  ['src/tee/seal.ts', 'export const seal = 1', ''],
  ['test/support/x.ts', 'export const x = 1', ''],
]

test('each rule turns red for a planted breach', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'architecture-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) {
    copyFileSync(join(root, file), join(folder, file))
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, text] of breaches) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), `${text}\n`)
  }

  const { summary } = cruise(folder, ['src', 'test'])

  const found = new Set(summary.violations.map(({ rule, from }) => `${rule.name} ← ${from}`))
  const wanted = breaches
    .filter(([, , rule]) => rule !== '')
    .map(([path, , rule]) => `${rule} ← ${path}`)
  expect(wanted.filter((breach) => !found.has(breach))).toEqual([])
})
