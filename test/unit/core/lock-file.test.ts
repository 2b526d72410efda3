import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeLockFile } from '../../../src/core/lock-file.ts'
import { markOf } from '../../../src/core/process-alive.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-file-'))
  file = join(folder, 'inner', 'it.lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('it is had once, names its owner, and goes with the release', () => {
  const first = takeLockFile(file)

  expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${process.pid} `))
  expect(takeLockFile(file)).toEqual({ release: undefined, pid: process.pid })
  first.release?.()
  expect(readdirSync(join(folder, 'inner'))).toEqual([])
  expect(takeLockFile(file).release).toBeTypeOf('function')
})

test.each([
  { what: 'a process that is gone', content: '999999999 1 x' },
  { what: 'a number used again', content: `${process.pid} 1 x` },
  { what: 'nobody', content: '' },
  { what: 'nonsense', content: 'nonsense' },
])('the lock of $what is taken over', ({ what, content }) => {
  takeLockFile(file).release?.()
  writeFileSync(file, content)

  // Without /proc a number used again cannot be told.
  const isTold = what !== 'a number used again' || markOf().start !== undefined
  expect(takeLockFile(file).release !== undefined).toBe(isTold)
})

test('a lock of an older kind, a number alone, counts while the process runs', () => {
  takeLockFile(file).release?.()
  writeFileSync(file, String(process.pid))

  expect(takeLockFile(file)).toEqual({ release: undefined, pid: process.pid })
})

test('a late release leaves the lock of another alone', () => {
  const first = takeLockFile(file)
  writeFileSync(file, '1 1 another')

  first.release?.()

  expect(readFileSync(file, 'utf8')).toBe('1 1 another')
})
