// `npm run check`: format, lint with types, tsc, architecture, unused code, file sizes. Prints one line a step, the output of those that fail.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error('This runs on Node 24. Use ./chrysalis or run: npm ci --ignore-scripts')
  process.exit(1)
}

const bin = (name) => join('node_modules/.bin', name)
const steps = [
  ['format', bin('biome'), ['check', '--error-on-warnings', '.']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings', 'src', 'test']],
  ['types', bin('tsc'), []],
  ['architecture', bin('depcruise'), ['--config', '.dependency-cruiser.mjs', 'src', 'test']],
  ['unused', bin('knip'), []],
]

let failed = false
for (const [name, command, args] of steps) {
  const started = performance.now()
  const run = spawnSync(command, args, { encoding: 'utf8' })
  const ok = run.status === 0
  console.log(
    `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(13)} ${((performance.now() - started) / 1000).toFixed(1)} s`,
  )
  if (!ok) console.log(`${run.stdout ?? ''}${run.stderr ?? ''}`)
  failed ||= !ok
}

const sizes = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter(
    (entry) =>
      entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('db/generated'),
  )
  .map((entry) => {
    const path = join(entry.parentPath, entry.name)
    return { path, lines: readFileSync(path, 'utf8').split('\n').length - 1 }
  })
  .toSorted((a, b) => a.lines - b.lines)
const at = (share) =>
  sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))]?.lines ?? 0
console.log(
  `sizes: ${sizes.length} files, median ${at(0.5)} lines, 90th percentile ${at(0.9)}, largest ${sizes.at(-1)?.path} ${sizes.at(-1)?.lines}`,
)
process.exit(failed ? 1 : 0)
