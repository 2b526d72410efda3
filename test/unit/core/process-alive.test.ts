import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { isProcessAlive, markOf } from '../../../src/core/process-alive.ts'

const hasProc = existsSync('/proc/self/stat')
const gone = (): number => spawnSync(process.execPath, ['--version']).pid

afterEach(() => void vi.restoreAllMocks())

test('this process runs, by its number alone and by its mark', () => {
  expect(isProcessAlive(markOf())).toBe(true)
  expect(isProcessAlive({ pid: process.pid })).toBe(true)
})

test('one that ended does not', () => {
  expect(isProcessAlive({ pid: gone() })).toBe(false)
})

test.runIf(hasProc)('a number that went to another process is not its first owner', () => {
  const { pid, start } = markOf()

  expect(start).toMatch(/^\d+$/)
  expect(isProcessAlive({ pid, start: '1' })).toBe(false)
})

test.each([0, -1, 1.5, Number.NaN, Number.MAX_VALUE])('%d is nobody, and no group', (pid) => {
  expect(isProcessAlive({ pid })).toBe(false)
})

test('a process of another user, which may not be asked, runs', () => {
  vi.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('not permitted'), { code: 'EPERM' })
  })

  expect(isProcessAlive(markOf())).toBe(true)
})

test.runIf(hasProc)(
  'one that ended and was not asked for yet is gone',
  async () => {
    // The shell becomes a program that never asks for the child it has from the shell; the child ends when told to.
    const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    })
    const tell = parent.stdio[3]
    try {
      const line = await new Promise((resolve) => parent.stdout?.once('data', resolve))
      const pid = Number(String(line))
      const nameOf = () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim()
      await expect.poll(nameOf, { timeout: 20_000 }).toBe('sleep')
      expect(isProcessAlive({ pid })).toBe(true)

      if (tell instanceof Writable) tell.end()

      const ended = () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
      await expect.poll(ended, { timeout: 20_000 }).toBe(true)
      expect(isProcessAlive({ pid })).toBe(false)
    } finally {
      parent.kill('SIGKILL')
    }
  },
  60_000,
)
