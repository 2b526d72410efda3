import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, integer, loadConfig, portSchema, secret } from '../../../src/core/config.ts'

const schema = z.object({ PORT: portSchema, TOKEN: secret(8), SLOTS: integer(1, 9).default(2) })

function problems(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.lines
    throw error
  }
  return []
}

test('every bad key is named at once and no value is shown', () => {
  const lines = problems({ PORT: 'kqzvbadport', TOKEN: 'kqzv' })
  expect(lines.map((line) => line.split(':')[0])).toEqual(['PORT', 'TOKEN'])
  expect(lines.join('\n')).not.toContain('kqzv')
})

test('a missing key is one line', () => {
  expect(problems({ PORT: '80' }).map((line) => line.split(':')[0])).toEqual(['TOKEN'])
})

test('a setting can come from a file, without its line break', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'token'), 'a-long-secret\n')

  const config = loadConfig(schema, { PORT: '80', TOKEN_FILE: join(folder, 'token') })

  expect(config.TOKEN.reveal()).toBe('a-long-secret')
  expect(config.SLOTS).toBe(2)
})

test('a setting given twice is refused', () => {
  expect(problems({ PORT: '80', TOKEN: 'long-enough', TOKEN_FILE: '/nowhere' })).toContain(
    'TOKEN: set twice, as TOKEN and TOKEN_FILE',
  )
})
