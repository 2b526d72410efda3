import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import { devGpuAnswers } from '../../../../src/tee/dev/gpu.ts'
import { createDevPki } from '../../../../src/tee/dev/pki.ts'
import { simulatedSource } from '../../../../src/tee/dev/sim-source.ts'
import { gpuByCommand } from '../../../../src/tee/sources/gpu-command.ts'
import { findSource, type SourcePlaces } from '../../../../src/tee/sources/probe.ts'
import type { EvidenceSource, RawSource, SourceKind } from '../../../../src/tee/sources/source.ts'
import {
  type AgentAnswer,
  type FakeAgent,
  startAgent,
  startCoco,
  startDstack,
} from '../../../support/fake-agents.ts'
import { FakeTsm } from '../../../support/fake-tsm.ts'
import { gpuForm, quoteForm } from '../../../support/quote-forms.ts'
import { TestClock } from '../../../support/test-clock.ts'

const asked = Uint8Array.from({ length: 64 }, (_, at) => at + 1)
const nonce = new Uint8Array(32).fill(6)
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error as { code?: unknown }).code,
  )

const agents: FakeAgent[] = []
const folders: string[] = []
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()))
  await Promise.all(folders.splice(0).map((one) => rm(one, { recursive: true })))
})
async function run(agent: Promise<FakeAgent>): Promise<FakeAgent> {
  const started = await agent
  agents.push(started)
  return started
}
const nowhere = { socketPath: '/nonexistent/agent.sock' }
const noTsm = new FakeTsm((inblob) => inblob, false)
/** Nothing is there unless a test says so. */
const nothing: SourcePlaces = {
  tsm: { files: noTsm, root: noTsm.root },
  coco: nowhere,
  dstack: nowhere,
}
const find = (
  kind: SourceKind | 'auto',
  places: SourcePlaces = {},
  net: 'mainnet' | 'devnet' = 'mainnet',
): Promise<EvidenceSource> =>
  findSource({ kind, net, places: { ...nothing, ...places }, clock: systemClock })
const tdxQuote = (reportData: Uint8Array) => quoteForm('tdx', reportData)
const snpQuote = (reportData: Uint8Array) => quoteForm('snp', reportData)

describe('the Confidential Containers guest API', () => {
  test('gives a TDX quote with its event log', async () => {
    const coco = await run(startCoco({ tee: 'tdx', quoteOf: tdxQuote, eventlog: 'bG9n' }))
    const source = await find('coco', { coco: coco.address })

    expect(source.tee).toBe('tdx')
    expect(await source.quote(asked)).toEqual({
      quote: new Uint8Array(tdxQuote(asked)),
      eventlog: 'bG9n',
    })
    expect(coco.asked).toEqual(['GET /aa/evidence', 'GET /aa/evidence'])
  })

  test('gives an SNP report with the host’s certificates, leaf first', async () => {
    const certChain = [
      { cert_type: 'ARK', data: [3] },
      { cert_type: 'VCEK', data: [1] },
      { cert_type: { OTHER: 'x' }, data: [9] },
      { cert_type: 'ASK', data: [2] },
    ]
    const coco = await run(startCoco({ tee: 'snp', quoteOf: snpQuote, certChain }))
    const source = await find('coco', { coco: coco.address })
    const { quote, certs } = await source.quote(asked)

    expect(source.tee).toBe('snp')
    expect(Buffer.from(quote)).toEqual(Buffer.from(snpQuote(asked)))
    expect(certs).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)])
  })

  test('builds that do not know the encoding are found out', async () => {
    const coco = await run(startCoco({ tee: 'tdx', quoteOf: tdxQuote, isOld: true }))
    const source = await find('coco', { coco: coco.address })

    expect(await failure(source.quote(asked))).toBe('SRC_MISMATCH')
  })

  test('gives GPU evidence in hex or base64, with its chain as text or encoded', async () => {
    const gpus = (of: Uint8Array) => [
      {
        arch: 'HOPPER',
        uuid: 'GPU-1',
        evidence: Buffer.from(gpuForm(of)).toString('hex'),
        certificate: '-----BEGIN CERTIFICATE-----\n',
      },
      {
        arch: 'hopper',
        evidence: Buffer.from(gpuForm(of)).toString('base64'),
        certificate: Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64'),
      },
    ]
    const coco = await run(startCoco({ tee: 'tdx', quoteOf: tdxQuote, gpus }))
    const source = await find('coco', { coco: coco.address })
    const answers = await source.gpu(nonce)

    expect(answers).toHaveLength(2)
    for (const { arch, evidence, certificate } of answers) {
      expect(arch).toBe('HOPPER')
      expect(Buffer.from(evidence)).toEqual(Buffer.from(gpuForm(nonce)))
      expect(Buffer.from(certificate).toString()).toBe('-----BEGIN CERTIFICATE-----\n')
    }
  })

  test('a guest without GPUs has none; GPUs asked with something else are a mismatch', async () => {
    const none = await run(startCoco({ tee: 'tdx', quoteOf: tdxQuote }))
    const gpus = () => [
      {
        arch: 'HOPPER',
        evidence: Buffer.from(gpuForm(asked.slice(32))).toString('hex'),
        certificate: '',
      },
    ]
    const stale = await run(startCoco({ tee: 'tdx', quoteOf: tdxQuote, gpus }))

    expect(await (await find('coco', { coco: none.address })).gpu(nonce)).toEqual([])
    expect(await failure((await find('coco', { coco: stale.address })).gpu(nonce))).toBe(
      'SRC_MISMATCH',
    )
  })

  test('an agent that changes its kind of machine is a mismatch', async () => {
    let isFirst = true
    const coco = await run(
      startAgent(({ url }) => {
        const reportData = Buffer.from(url.searchParams.get('runtime_data') ?? '', 'base64url')
        const encoded = (quote: Uint8Array) => Buffer.from(quote).toString('base64')
        if (!isFirst) return { body: { attestation_report: encoded(snpQuote(reportData)) } }
        isFirst = false
        return { body: { quote: encoded(tdxQuote(reportData)) } }
      }),
    )
    const source = await find('coco', { coco: coco.address })

    expect(await failure(source.quote(asked))).toBe('SRC_MISMATCH')
  })

  test('a report as named members becomes the chip’s bytes again, in both layouts of the agent', async () => {
    for (const layout of ['old', 'new'] as const) {
      const bytes = filledReport()
      bytes.set(asked, 80)
      const coco = await run(
        startCoco({
          tee: 'snp',
          quoteOf: snpQuote,
          reportOf: (reportData) => {
            bytes.set(reportData, 80)
            return membersOf(bytes, layout)
          },
        }),
      )
      const source = await find('coco', { coco: coco.address })

      expect(Buffer.from((await source.quote(asked)).quote)).toEqual(Buffer.from(bytes))
    }
  })
})

describe('dstack', () => {
  test('gives a quote with its event log', async () => {
    const dstack = await run(startDstack(tdxQuote))
    const source = await find('dstack', { dstack: dstack.address })

    expect(await source.quote(asked)).toEqual({
      quote: new Uint8Array(tdxQuote(asked)),
      eventlog: '[{"imr":3,"event":"compose-hash"}]',
    })
    expect(dstack.asked).toEqual(['GET /Info', 'POST /GetQuote'])
    expect(await source.gpu(nonce)).toEqual([])
  })

  test('a quote over other bytes is a mismatch', async () => {
    const dstack = await run(startDstack(() => tdxQuote(new Uint8Array(64))))
    const source = await find('dstack', { dstack: dstack.address })

    expect(await failure(source.quote(asked))).toBe('SRC_MISMATCH')
  })

  test('asks a program of the image for GPU evidence', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gpu-'))
    folders.push(folder)
    const program = join(folder, 'gpu-evidence')
    const evidence = Buffer.from(gpuForm(nonce)).toString('hex')
    await writeFile(
      program,
      `#!/bin/sh\n[ "$1" = ${Buffer.from(nonce).toString('hex')} ] && echo '[{"arch":"HOPPER","evidence":"${evidence}","certificate":""}]'\n`,
    )
    await chmod(program, 0o755)
    const dstack = await run(startDstack(tdxQuote))
    const sourceBy = (path: string) =>
      find('dstack', { dstack: dstack.address, gpu: gpuByCommand(path) })

    expect(await (await sourceBy(program)).gpu(nonce)).toHaveLength(1)
    expect(await failure((await sourceBy(program)).gpu(new Uint8Array(32)))).toBe('SRC_IO')
    expect(await failure((await sourceBy(join(folder, 'none'))).gpu(nonce))).toBe('SRC_ABSENT')
  })
})

describe('agents that do not do what they should', () => {
  const bodies: readonly (readonly [string, AgentAnswer])[] = [
    ['an error', { status: 500, body: 'no quote' }],
    ['a redirect', { status: 302, body: '' }],
    ['no JSON', { body: 'quote' }],
    ['JSON of another form', { body: { attestation: 'x' } }],
    ['a list', { body: [] }],
    ['a quote that is neither hex nor base64', { body: { quote: '***' } }],
    ['a report that is too short', { body: { attestation_report: 'AAAA' } }],
    ['a report of numbers that are no bytes', { body: { attestation_report: [256, -1] } }],
    ['a report of unknown members', { body: { attestation_report: { version: 3 } } }],
    ['more than any answer has', { body: { quote: 'A'.repeat(2_000_000) } }],
  ]
  test.for(bodies)('%s is a fault of the source', async ([, answer]) => {
    const coco = await run(startAgent(() => answer))
    const dstack = await run(
      startAgent(({ url }) => (url.pathname === '/Info' ? { body: {} } : answer), 'socket'),
    )

    expect(await failure(find('coco', { coco: coco.address }))).toBe('SRC_IO')
    expect(await failure((await find('dstack', { dstack: dstack.address })).quote(asked))).toBe(
      'SRC_IO',
    )
  })

  test('one that hangs is given up after 10 s, when looked for and when asked', async () => {
    const clock = new TestClock()
    const reached = Promise.withResolvers<void>()
    const coco = await run(
      startAgent(() => {
        reached.resolve()
        return 'hang'
      }),
    )
    const places = { ...nothing, coco: coco.address }
    const looking = failure(findSource({ kind: 'coco', net: 'mainnet', places, clock }))
    await reached.promise
    clock.advance(10_000)

    expect(await looking).toBe('SRC_TIMEOUT')

    const later = Promise.withResolvers<void>()
    const dstack = await run(
      startAgent(({ url }) => {
        if (url.pathname === '/Info') return { body: {} }
        later.resolve()
        return 'hang'
      }, 'socket'),
    )
    const source = await findSource({
      kind: 'dstack',
      net: 'mainnet',
      places: { ...nothing, dstack: dstack.address },
      clock,
    })
    const asking = failure(source.quote(asked))
    await later.promise
    clock.advance(10_000)

    expect(await asking).toBe('SRC_TIMEOUT')
  })

  test('one that goes away between two questions is absent', async () => {
    const dstack = await startDstack(tdxQuote)
    const source = await find('dstack', { dstack: dstack.address })
    await dstack.close()

    expect(await failure(source.quote(asked))).toBe('SRC_ABSENT')
  })
})

describe('which source it is', () => {
  const sim = async (): Promise<RawSource> => {
    const pki = createDevPki(new Uint8Array(32))
    return simulatedSource(pki, systemClock, { gpus: devGpuAnswers(pki, 'first', 2) })
  }

  test('is found by looking: agents before the kernel', async () => {
    const tsm = new FakeTsm(tdxQuote)
    const kernel = { tsm: { files: tsm, root: tsm.root } }
    const coco = { coco: (await run(startCoco({ tee: 'tdx', quoteOf: tdxQuote }))).address }
    const dstack = { dstack: (await run(startDstack(tdxQuote))).address }

    expect((await find('auto', { ...kernel, ...coco, ...dstack })).kind).toBe('dstack')
    expect((await find('auto', { ...kernel, ...coco })).kind).toBe('coco')
    expect((await find('auto', kernel)).kind).toBe('configfs-tsm')
  })

  test('is simulated on devnet when there is none, and only there', async () => {
    expect((await find('auto', { sim }, 'devnet')).kind).toBe('sim')
    expect(await failure(find('auto', { sim }, 'mainnet'))).toBe('SRC_ABSENT')
    expect(await failure(find('sim', { sim }, 'mainnet'))).toBe('DEV_FORBIDDEN')
    expect(await failure(find('sim', {}, 'devnet'))).toBe('SRC_ABSENT')
  })

  test('is the one that was asked for, or none', async () => {
    const coco = { coco: (await run(startCoco({ tee: 'tdx', quoteOf: tdxQuote }))).address }

    for (const kind of ['dstack', 'configfs-tsm'] as const)
      expect(await failure(find(kind, { ...coco, sim }, 'devnet'))).toBe('SRC_ABSENT')
    expect((await find('sim', { ...coco, sim }, 'devnet')).kind).toBe('sim')
  })

  test('is not the next one when the first is there and broken', async () => {
    const broken = await run(startAgent(() => ({ status: 500, body: '' }), 'socket'))
    const coco = await run(startCoco({ tee: 'tdx', quoteOf: tdxQuote }))

    expect(
      await failure(find('auto', { dstack: broken.address, coco: coco.address, sim }, 'devnet')),
    ).toBe('SRC_IO')
  })

  test('a simulated machine answers as a real one does', async () => {
    const source = await find('sim', { sim }, 'devnet')

    expect((await source.quote(asked)).quote.length).toBeGreaterThan(1020)
    expect(await source.gpu(nonce)).toHaveLength(2)
  })
})

/** A report in which every byte that is not reserved differs from its neighbours. */
function filledReport(): Uint8Array {
  const report = Uint8Array.from({ length: 1184 }, (_, at) => (at % 251) + 1)
  for (const [start, end] of [
    [60, 62],
    [69, 72],
    [13, 16],
    [58, 60],
    [76, 80],
    [386, 390],
    [395, 416],
    [482, 486],
    [491, 492],
    [495, 496],
    [498, 502],
    [510, 512],
    [518, 672],
    [816, 1184],
  ] as const)
    report.fill(0, start, end)
  return report
}

function membersOf(report: Uint8Array, layout: 'old' | 'new'): unknown {
  const view = new DataView(report.buffer)
  const bytes = (at: number, length: number): number[] => [...report.subarray(at, at + length)]
  const u64 = (at: number): number => Number(view.getBigUint64(at, true))
  const tcb = (at: number) => ({
    ...(layout === 'new' ? { fmc: null } : { _reserved: [0, 0, 0, 0] }),
    bootloader: report[at],
    tee: report[at + 1],
    snp: report[at + 6],
    microcode: report[at + 7],
  })
  const common = {
    version: view.getUint32(0, true),
    guest_svn: view.getUint32(4, true),
    policy: u64(8),
    family_id: bytes(16, 16),
    image_id: bytes(32, 16),
    vmpl: view.getUint32(48, true),
    sig_algo: view.getUint32(52, true),
    current_tcb: tcb(56),
    plat_info: u64(64),
    report_data: bytes(80, 64),
    measurement: bytes(144, 48),
    host_data: bytes(192, 32),
    id_key_digest: bytes(224, 48),
    author_key_digest: bytes(272, 48),
    report_id: bytes(320, 32),
    report_id_ma: bytes(352, 32),
    reported_tcb: tcb(384),
    chip_id: bytes(416, 64),
    committed_tcb: tcb(480),
    launch_tcb: tcb(496),
    cpuid_fam_id: report[392],
    cpuid_mod_id: report[393],
    cpuid_step: report[394],
    launch_mit_vector: u64(504),
    current_mit_vector: u64(512),
    signature: { r: bytes(672, 72), s: bytes(744, 72) },
  }
  if (layout === 'new')
    return {
      ...common,
      key_info: view.getUint32(72, true),
      current: { build: report[488], minor: report[489], major: report[490] },
      committed: { build: report[492], minor: report[493], major: report[494] },
    }
  return {
    ...common,
    _author_key_en: view.getUint32(72, true),
    current_build: report[488],
    current_minor: report[489],
    current_major: report[490],
    committed_build: report[492],
    committed_minor: report[493],
    committed_major: report[494],
  }
}
