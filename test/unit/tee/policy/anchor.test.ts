import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import {
  type Anchor,
  additionsFrom,
  agreedAnchor,
  fileAnchor,
} from '../../../../src/tee/policy/anchor.ts'
import { TeeError } from '../../../../src/tee/verify/codes.ts'
import { dayS, register, teeThrown } from '../../../support/policy.ts'
import { NOW_S } from '../../../support/tee.ts'

const anchor: Anchor = {
  epoch: 7,
  sha256: register(7, 32),
  anchoredAt: NOW_S,
  activeFrom: NOW_S + dayS,
}
const older: Anchor = { ...anchor, epoch: 6 }
const says = (document: Anchor) => async () => document
const silent = async (): Promise<Anchor> => {
  throw new Error('no answer')
}
const codeOf = async (read: () => Promise<unknown>): Promise<string> =>
  read().then(
    () => 'read',
    (error: unknown) => (error instanceof TeeError ? error.code : 'another error'),
  )

it('two readers that agree are believed, with a third that lags or is silent', async () => {
  expect(await agreedAnchor([says(anchor), says({ ...anchor })])()).toEqual(anchor)
  expect(await agreedAnchor([says(older), says(anchor), says(anchor)])()).toEqual(anchor)
  expect(await agreedAnchor([silent, says(anchor), says(anchor)])()).toEqual(anchor)
})

it('one reader is nobody, nor are two that disagree, nor two against two', async () => {
  const cases = [
    [],
    [says(anchor)],
    [says(anchor), silent],
    [says(anchor), says(older)],
    [says(anchor), says({ ...anchor, activeFrom: NOW_S })],
    [says(anchor), says(anchor), says(older), says(older)],
    [says({ ...anchor, epoch: 0 }), says({ ...anchor, epoch: 0 })],
  ]
  for (const readers of cases) expect(await codeOf(agreedAnchor(readers))).toBe('POL_ANCHOR')
})

it('a file stands for the registry on devnet only, and only whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chrysalis-anchor-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'anchor.json')
  const read = fileAnchor('devnet', path)

  expect(await codeOf(read)).toBe('POL_ANCHOR')
  writeFileSync(path, JSON.stringify(anchor))
  expect(await read()).toEqual(anchor)
  for (const wrong of ['{', '{}', JSON.stringify({ ...anchor, more: 1 })]) {
    writeFileSync(path, wrong)
    expect(await codeOf(read)).toBe('POL_ANCHOR')
  }
  for (const net of ['mainnet', 'testnet'] as const)
    expect(teeThrown(() => fileAnchor(net, path))).toBe('DEV_FORBIDDEN')
})

it('additions wait a day on mainnet and testnet, and longer where the registry says so', () => {
  for (const net of ['mainnet', 'testnet'] as const) {
    expect(additionsFrom(anchor, net)).toEqual({ at: NOW_S + dayS, isEarly: false })
    expect(additionsFrom({ ...anchor, activeFrom: NOW_S + dayS - 1 }, net)).toEqual({
      at: NOW_S + dayS,
      isEarly: true,
    })
    expect(additionsFrom({ ...anchor, activeFrom: NOW_S + 2 * dayS }, net).at).toBe(
      NOW_S + 2 * dayS,
    )
  }
  expect(additionsFrom({ ...anchor, activeFrom: NOW_S }, 'devnet').at).toBe(NOW_S)
})
