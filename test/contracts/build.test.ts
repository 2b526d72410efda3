import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { contractCode } from '../../src/payments/contracts/code.ts'
import {
  EXIT,
  REGISTRY_ACTIONS,
  REGISTRY_EVENTS,
  REGISTRY_OPS,
  SIGNED,
  VAULT_EVENTS,
  VAULT_OPS,
  VAULT_OUT,
} from '../../src/payments/contracts/opcodes.ts'
import { CONTRACTS_FOLDER, compile } from '../support/tolk.ts'

const source = (path: string): string => readFileSync(join(CONTRACTS_FOLDER, path), 'utf8')

/** `struct (0x…) Name` of a source, by name. */
const structs = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .matchAll(/struct \((0x[0-9a-f]+)\) (\w+)/g)
      .map(([, number, name]) => [name, Number(number)]),
  )

/** `name#hex` of a TL-B scheme, with the name as Tolk writes it. */
const tags = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .matchAll(/^(\w+)#([0-9a-f]{8}) /gm)
      .map(([, name, hex]) => [pascal(name ?? ''), Number.parseInt(hex ?? '', 16)]),
  )

const topics = (text: string): number[] =>
  [...text.matchAll(/const TOPIC_\w+ = (0x[0-9a-f]+)/g)].map(([, number]) => Number(number))

const schemeTopics = (text: string): number[] =>
  [...text.matchAll(/^\/\/ topic ([0-9a-f]{8})$/gm)].map(([, hex]) =>
    Number.parseInt(hex ?? '', 16),
  )

const pascal = (name: string): string =>
  name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())

test.each(['vault', 'registry'] as const)(
  'the built %s is what its sources compile to',
  async (name) => {
    const built = JSON.parse(source(`build/${name}.json`)) as { codeHash: string }

    const { code, hash } = await compile(name)

    expect(hash).toBe(built.codeHash)
    expect(code.equals(contractCode(name))).toBe(true)
  },
)

test('the vault’s numbers are the same in TypeScript, Tolk and TL-B', () => {
  const ours = {
    ...VAULT_OPS,
    ...VAULT_OUT,
    Voucher: SIGNED.Voucher,
    SettlePayload: SIGNED.Settle,
    Commitment: SIGNED.Commit,
  }

  expect({
    ...structs(source('vault/messages.tolk')),
    ...structs(source('common/chain.tolk')),
  }).toEqual(ours)
  expect(tags(source('vault/vault.tlb'))).toEqual(ours)
  expect(topics(source('vault/messages.tolk'))).toEqual(Object.values(VAULT_EVENTS))
  expect(schemeTopics(source('vault/vault.tlb'))).toEqual(Object.values(VAULT_EVENTS))
})

test('the registry’s numbers are the same in TypeScript, Tolk and TL-B', () => {
  const ours = { ...REGISTRY_OPS, ...REGISTRY_ACTIONS }

  expect(structs(source('registry/messages.tolk'))).toEqual(ours)
  expect(tags(source('registry/registry.tlb'))).toEqual({ ...ours, Excesses: VAULT_OUT.Excesses })
  expect(topics(source('registry/messages.tolk'))).toEqual(Object.values(REGISTRY_EVENTS))
  expect(schemeTopics(source('registry/registry.tlb'))).toEqual(Object.values(REGISTRY_EVENTS))
})

test('the exit codes are the same in TypeScript and Tolk, and no contract throws another number', () => {
  const errors = Object.fromEntries(
    source('common/errors.tolk')
      .matchAll(/const ERR_(\w+) = (\w+)/g)
      .map(([, name, number]) => [pascal((name ?? '').toLowerCase()), Number(number)]),
  )

  expect(errors).toEqual(EXIT)
  for (const path of [
    'common/chain.tolk',
    'vault/rules.tolk',
    'vault/storage.tolk',
    'registry/rules.tolk',
    'registry/storage.tolk',
  ]) {
    for (const [, what] of source(path).matchAll(/throw (\w+)/g)) expect(what).toMatch(/^ERR_/)
  }
})

test('every send and reserve names its mode', () => {
  for (const path of ['common/chain.tolk', 'vault/rules.tolk', 'registry/rules.tolk']) {
    const modes = source(path).matchAll(
      /\.send\(([^)]*)\)|reserveToncoinsOnBalance\([^;]*, (\w+)\);/g,
    )
    for (const [, send, reserve] of modes) {
      expect(send ?? reserve).toMatch(/^(?:SEND|RESERVE)_MODE_\w+$/)
    }
    expect(source(path)).not.toContain('IGNORE_ERRORS')
  }
})
