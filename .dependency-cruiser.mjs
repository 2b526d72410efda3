/** Folder -> folders its files may import, main.ts aside. Ground first. */
const layers = {
  core: [],
  db: ['core'],
  tasks: ['core'],
  tee: ['core'],
  queue: ['core', 'db'],
  payments: ['core', 'db'],
  gateway: ['core', 'db', 'tasks', 'tee', 'queue', 'payments'],
  workers: ['core', 'tasks', 'tee'],
  sim: ['core'],
  bot: ['core', 'db', 'tasks', 'queue', 'payments'],
}
/** Package (regular expression) -> the one place that may import it. */
const homes = {
  grammy: 'bot/',
  '@grammyjs/types': '(bot|sim)/',
  '@grammyjs/(?!types)[^/]+': 'bot/',
  '(undici|ipaddr\\.js|@mozilla|linkedom|unpdf|tinyld)': 'bot/',
  bullmq: 'queue/',
  ioredis: 'queue/',
  '(hpke|jose)': 'tee/',
  '@noble/hashes': 'gateway/proof-page/',
  '@ton(?!connect)': 'payments/',
  '@tonconnect': 'gateway/',
  ws: '(gateway|workers)/',
  'node-llama-cpp': 'workers/engine/',
  '(@fugood|@napi-rs)': 'workers/engine/',
  'ogg-opus-decoder': 'workers/engine/',
  '(@prisma|pg|@electric-sql|pglite-prisma-adapter)': 'db/',
}
const main = '^src/[^/]+/main\\.ts$'
const stores = '(bullmq|ioredis|pg|@prisma|@electric-sql)'
const rule = (name, from, to) => ({ name, severity: 'error', from, to })
const devnetComposition = '^src/(gateway/(attestation|policy)|workers/evidence-source)\\.ts$'
const browserSafe = '^src/(tee/verify/|core/(canonical|bytes)\\.ts$)'
const tasksDoor = '^src/tasks/(index|task|models|languages|subtitles)\\.ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/sim/telegram/page/' },
    // Type-only entries such as `grammy/types` have no other condition than `types`.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
  forbidden: [
    rule('no-cycles', { pathNot: '^src/db/generated/' }, { circular: true }),
    rule('no-unresolved', {}, { couldNotResolve: true }),
    rule('no-undeclared-package', {}, { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] }),
    rule('no-dev-package', { path: '^src/' }, { dependencyTypes: ['npm-dev'] }),
    rule(
      'no-orphans',
      {
        orphan: true,
        path: '^src/',
        pathNot: [main, '^src/cli\\.ts$', '-child\\.ts$', '-thread\\.ts$'],
      },
      {},
    ),
    rule('src-knows-no-test', { path: '^src/' }, { path: '^test/' }),
    rule(
      'only-cli-imports-mains',
      { path: '^src/', pathNot: '^src/cli(\\.ts$|/)' },
      { path: main },
    ),
    rule(
      'nobody-imports-cli',
      { path: '^src/', pathNot: '^src/cli(\\.ts$|/)' },
      { path: '^src/cli(\\.ts$|/)' },
    ),
    rule(
      'core-and-tasks-need-zod-only',
      { path: '^src/(core|tasks)/' },
      { path: 'node_modules/', pathNot: 'node_modules/zod/' },
    ),
    rule('tasks-are-pure', { path: '^src/tasks/' }, { dependencyTypes: ['core'] }),
    rule(
      'tasks-through-the-registry',
      { path: '^src/', pathNot: '^src/tasks/' },
      { path: '^src/tasks/', pathNot: tasksDoor },
    ),
    rule(
      'faces-get-wings-from-main',
      { path: '^src/bot/', pathNot: main },
      { path: '^src/queue/', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'faces-get-money-from-main',
      { path: '^src/(bot|gateway|sim)/', pathNot: main },
      { path: '^src/payments/', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'rows-in-stores-only',
      { path: '^src/', pathNot: ['store\\.ts$', '^src/db/'] },
      { path: '^src/db/generated/' },
    ),
    rule(
      'workers-reach-no-store',
      { path: '^src/workers/' },
      { path: ['^src/db/', `node_modules/${stores}/`], reachable: true },
    ),
    rule(
      'unit-tests-load-no-client',
      { path: '^test/unit/' },
      { path: `node_modules/(${stores}|node-llama-cpp|@fugood|@napi-rs)/`, reachable: true },
    ),
    // The proof page runs these files in a browser: nothing of Node, no package, no clock, no store.
    rule('verify-runs-in-a-browser', { path: browserSafe }, { pathNot: browserSafe }),
    // Who may make evidence of the dev network: its own folder, and what composes a devnet.
    rule(
      'dev-pki-on-devnet-only',
      { path: '^src/', pathNot: ['^src/tee/dev/', main, '^src/cli/', devnetComposition] },
      { path: '^src/tee/dev/' },
    ),
    ...Object.entries(layers).map(([from, to]) =>
      rule(
        `layer-${from}`,
        { path: `^src/${from}/`, pathNot: main },
        { path: '^src/', pathNot: `^src/(${[from, ...to].join('|')})/` },
      ),
    ),
    ...Object.entries(homes).map(([pkg, home]) =>
      rule(
        `home-of-${pkg}`,
        { path: '^src/', pathNot: `^src/${home}` },
        { path: `(^|node_modules/)${pkg}(/|$)` },
      ),
    ),
  ],
}
