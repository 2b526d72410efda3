import { describe, expect, it } from 'vitest'
import { codeOf } from '../../../src/core/app-error.ts'
import {
  DEFAULT_MODELS,
  isPinned,
  MODELS,
  modelOf,
  modelSchema,
  operatorModelsSchema,
  SMALL_MODELS,
  weightsText,
} from '../../../src/tasks/models.ts'

const codeOfCall = (call: () => unknown): string => {
  try {
    call()
    return 'fine'
  } catch (error) {
    return codeOf(error)
  }
}

describe('the manifest', () => {
  it.each(MODELS.map((row) => [row.id, row] as const))(
    'has a well-formed row for %s',
    (_id, row) => {
      expect(modelSchema.parse(row)).toEqual(row)
    },
  )

  it('gives no two models one id, and no two files one name', () => {
    const ids = MODELS.map((row) => row.id)
    const paths = MODELS.flatMap((row) => row.files.map((file) => file.path))

    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(paths).size).toBe(paths.length)
  })

  it('pins every built-in model, and every default one has a second source', () => {
    expect(MODELS.filter((row) => !isPinned(row))).toEqual([])
    for (const id of [...DEFAULT_MODELS, ...SMALL_MODELS])
      expect(modelOf(id).files[0]?.sources.length).toBeGreaterThan(1)
  })

  it('serves every task by the default and by the small set', () => {
    for (const set of [DEFAULT_MODELS, SMALL_MODELS]) {
      const tasks = set.map((id) => modelOf(id)).filter((row) => row.kind !== 'vad')
      expect(new Set(tasks.flatMap((row) => row.tasks))).toEqual(
        new Set(['translate', 'summarize', 'transcribe']),
      )
    }
  })

  it('marks the small language model, so that whoever chooses it is warned', () => {
    expect(SMALL_MODELS.map((id) => modelOf(id)).some((row) => row.isSmall)).toBe(true)
    expect(DEFAULT_MODELS.map((id) => modelOf(id)).some((row) => row.isSmall)).toBe(false)
  })

  it('does not know a model that is not in it', () => {
    expect(codeOfCall(() => modelOf('gpt-5'))).toBe('models.unknown')
  })

  it('writes the weights of a model in one canonical form, whatever the order of its files', () => {
    const a = { path: 'a.bin', size: 1, sha256: 'a'.repeat(64), sources: [] }
    const b = { path: 'b.bin', size: 2, sha256: 'b'.repeat(64), sources: [] }

    expect(weightsText([b, a])).toBe(weightsText([a, b]))
    expect(weightsText([a])).toBe(`[{"path":"a.bin","sha256":"${a.sha256}","size":1}]`)
  })

  it('has no weights digest for a file without a published hash', () => {
    expect(codeOfCall(() => weightsText([{ path: 'a.bin', size: 1 }]))).toBe('models.unpinned')
  })

  it.each([
    ['a path that leaves the folder', { path: '../a.bin' }],
    ['a hidden file', { path: '.a' }],
    ['a hash in capitals', { sha256: 'A'.repeat(64) }],
    ['a fraction of a byte', { size: 1.5 }],
    ['a range of versions', { sources: [source('>=1.0')] }],
    ['an option in place of a package', { sources: [source('1.0', '--index-url')] }],
  ])('refuses an operator row with %s', (_what, wrong) => {
    const good = { path: 'a.bin', size: 1, sha256: 'a'.repeat(64), sources: [source('1.0')] }
    const fileOf = (file: object): object => ({
      v: 1,
      models: [
        {
          id: 'mine',
          title: 'Mine',
          kind: 'llm',
          tasks: ['translate'],
          licence: 'MIT',
          gpu: 'none',
          files: [file],
        },
      ],
    })

    expect(operatorModelsSchema.safeParse(fileOf(good)).success).toBe(true)
    expect(operatorModelsSchema.safeParse(fileOf({ ...good, ...wrong })).success).toBe(false)
  })
})

function source(version: string, name = 'some-package'): object {
  return { kind: 'package', registry: 'pypi', parts: [{ package: name, version, member: 'a/b' }] }
}
