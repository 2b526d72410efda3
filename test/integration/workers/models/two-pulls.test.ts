import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import { lockModel } from '../../../../src/workers/models/model-lock.ts'
import { pullModel } from '../../../../src/workers/models/pull.ts'
import {
  filesIn,
  HUB_FILE,
  hubSource,
  pullingInto,
  rowOf,
  sha256,
  someBytes,
  temporaryFolder,
} from '../../../support/weights/pulling.ts'
import { startTinyHub, type TinyHub } from '../../../support/weights/tiny-hub.ts'

const bytes = someBytes()
const row = rowOf(bytes, [hubSource])
const childScript = new URL('../../../support/weights/pull-child.ts', import.meta.url).pathname
const children: ChildProcess[] = []
const hubs: TinyHub[] = []

/** Starts a pull in its own process; `said` resolves when it has printed the line. */
function startChild(folder: string, hub: TinyHub) {
  const args = [childScript, folder, hub.base, String(bytes.length), sha256(bytes)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface(child.stdout)
  const said = (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      lines.on('line', (line) => {
        if (line === wanted) resolve()
      })
    })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  return { child, said, ended }
}

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const hub of hubs.splice(0)) await hub.close()
})

describe('two pulls of one model', () => {
  it('fetch it once: the second waits and finds it there', async () => {
    await using folder = await temporaryFolder()
    const hub = await startTinyHub({ [HUB_FILE]: { bytes, breaks: [100_000] } })
    hubs.push(hub)
    const first = startChild(folder.path, hub)
    await first.said('100000')

    const second = pullingInto(folder.path, { base: hub.base })
    const waits = Promise.withResolvers<void>()
    const pull = pullModel(row, {
      ...second,
      clock: systemClock,
      onEvent: (event) => {
        second.events.push(event)
        if (event.kind === 'waiting') waits.resolve()
      },
    })
    await waits.promise
    hub.cut()
    await pull

    expect(second.events.map(({ kind }) => kind)).toEqual(['waiting', 'done'])
    expect(hub.requests).toHaveLength(2)
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('after the first was killed, the second goes on where that one was', async () => {
    await using folder = await temporaryFolder()
    const hub = await startTinyHub({ [HUB_FILE]: { bytes, etag: '"v1"', stallsAfter: 100_000 } })
    hubs.push(hub)
    const first = startChild(folder.path, hub)
    await first.said('100000')
    first.child.kill('SIGKILL')
    await first.ended
    const left = await filesIn(folder.path)

    await pullModel(row, pullingInto(folder.path, { base: hub.base }))

    expect(left).toEqual(['tiny-model.lock', 'tiny.bin.part', 'tiny.bin.part.json'])
    expect(hub.requests.at(-1)?.range).toBe('bytes=100000-')
    expect((await readFile(join(folder.path, 'tiny.bin'))).equals(bytes)).toBe(true)
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })
})

describe('the lock of a model', () => {
  const request = (path: string, signal = new AbortController().signal) => ({
    path,
    signal,
    clock: systemClock,
  })
  const holder = (pid: number, host: string): string =>
    JSON.stringify({ pid, host, token: 'someone' })

  it('is given to one after the other', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a.lock')
    const order: string[] = []

    await Promise.all(
      ['a', 'b', 'c'].map(async () => {
        const lock = await lockModel(request(path))
        order.push('in')
        await systemClock.sleep(5)
        order.push('out')
        await lock.release()
      }),
    )

    expect(order).toEqual(['in', 'out', 'in', 'out', 'in', 'out'])
    expect(await filesIn(folder.path)).toEqual([])
  })

  it('is not taken from a living process', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a.lock')
    await writeFile(path, holder(process.pid, hostname()))
    const stop = new AbortController()

    const waiting = lockModel({ ...request(path, stop.signal), onWait: () => stop.abort() })

    await expect(waiting).rejects.toThrow('aborted')
    expect(await filesIn(folder.path)).toEqual(['a.lock'])
  })

  it('is taken over from another machine when that one has not touched it for long', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a.lock')
    await writeFile(path, holder(1, 'another-machine'))
    const long = (systemClock.now() - 60_000) / 1000
    await utimes(path, long, long)

    const lock = await lockModel(request(path))

    expect(await lock.isHeld()).toBe(true)
    await lock.release()
  })

  it('tells its holder when it was taken over', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a.lock')
    let beat = (): void => {}
    const clock = {
      ...systemClock,
      every: (_ms: number, tick: () => void) => {
        beat = tick
        return () => {}
      },
    }
    const lock = await lockModel({ ...request(path), clock })
    const told = new Promise<void>((resolve) => {
      lock.signal.addEventListener('abort', () => resolve())
    })

    await writeFile(path, holder(process.pid, hostname()))
    beat()
    await told
    await lock.release()

    expect(await lock.isHeld()).toBe(false)
    expect(await filesIn(folder.path)).toEqual(['a.lock'])
  })
})
