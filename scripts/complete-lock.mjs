// Adds to package-lock.json the optional packages of other platforms that the registry at hand did not list, so that
// `npm ci` accepts the lock everywhere. Run after `npm install` when `npm ci` says "Missing: … from lock file".
import { readFileSync, writeFileSync } from 'node:fs'

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const platforms = { win: 'win32', win32: 'win32', mac: 'darwin', darwin: 'darwin', linux: 'linux' }
let added = 0
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`
    const match = /[-/](win32|win|mac|darwin|linux)-(x64|arm64|riscv64)/.exec(name)
    if (lock.packages[path] || !match) continue
    lock.packages[path] = { version, cpu: [match[2]], optional: true, os: [platforms[match[1]]] }
    added++
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)),
)
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} entries added`)
