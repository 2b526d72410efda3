import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runTry } from '../../../src/cli/try.ts'

const cli = join(import.meta.dirname, '../../../src/cli.ts')

test('a command whose reader stops reading ends as if it had been read', async () => {
  for (const args of [['help'], ['models', 'list']]) {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...args])
    child.stdout.destroy()
    const problems: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => problems.push(chunk))

    const [code] = (await once(child, 'close')) as [number | null]

    expect({ args, code, problems: Buffer.concat(problems).toString() }).toEqual({
      args,
      code: 0,
      problems: '',
    })
  }
})

test('a text that is longer than any path may be is a text', async () => {
  const said: string[] = []
  const terminal = {
    out: () => undefined,
    err: (line: string) => void said.push(line),
    isInteractive: false,
  }
  const nobody = join(tmpdir(), 'no-chrysalis-here')

  // It gets as far as looking for a system that would answer.
  const code = await runTry(['word '.repeat(2000), '--data', nobody], {}, terminal)

  expect(code).toBe(1)
  expect(said).toEqual([expect.stringContaining('No running system')])
})
