/** @module Compiles contracts/*.tolk with the pinned compiler and writes contracts/build/*.json; `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getTolkCompilerVersion, runTolkCompiler } from '@ton/tolk-js'

const root = join(import.meta.dirname, '..', 'contracts')

for (const name of process.argv[2] ? [process.argv[2]] : ['vault', 'registry']) {
  const result = await runTolkCompiler({
    entrypointFileName: join(root, name, `${name}.tolk`),
    fsReadCallback: (path) => readFileSync(path, 'utf8'),
  })
  if (result.status === 'error') {
    console.error(result.message)
    process.exitCode = 1
    continue
  }
  const built = {
    codeHash: result.codeHashHex.toLowerCase(),
    boc: result.codeBoc64,
    tolk: await getTolkCompilerVersion(),
  }
  const path = join(root, 'build', `${name}.json`)
  writeFileSync(path, `${JSON.stringify(built, null, 2)}\n`)
  console.log(`${name}: ${built.codeHash}`)
}
