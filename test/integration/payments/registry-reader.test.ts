import { rmSync } from 'node:fs'
import { Address } from '@ton/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import type { RegistryContent } from '../../../src/payments/contracts/registry-content.ts'
import {
  alertMs,
  createRegistryReader,
  type RegistryReader,
  staleMs,
} from '../../../src/payments/registry/reader.ts'
import { openSeenFile } from '../../../src/payments/registry/seen-file.ts'
import { testLocalnet } from '../../support/localnet.ts'
import {
  listed,
  registryCell,
  registryOnChain,
  scriptedProvider,
} from '../../support/registry-chain.ts'
import { blockClock } from '../../support/settlement.ts'
import { keptLog, tempFolder } from '../../support/stores.ts'
import { TestClock } from '../../support/test-clock.ts'

const address = new Address(0, Buffer.alloc(32, 9))
const image = 'a1'.repeat(32)
const model = 'b2'.repeat(32)
const policyHash = 'c3'.repeat(32)
const content: Partial<RegistryContent> = {
  entries: new Map([
    [image, listed()],
    [model, listed({ kind: 'model' })],
  ]),
  policyHash,
}

function folderOf(): string {
  const folder = tempFolder('registry')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Two providers in step with the clock, which show version 5 until told otherwise. */
function setUp() {
  const clock = new TestClock()
  const folder = folderOf()
  const { log, lines } = keptLog()
  const now = (): number => Math.floor(clock.now() / 1000)
  const one = { data: registryCell(5n, content), behindS: 0 }
  const other = { ...one }
  const show = (part: Partial<typeof one>): void => {
    Object.assign(one, part)
    Object.assign(other, part)
  }
  const provider = (side: typeof one) =>
    scriptedProvider(() => ({ data: side.data, seenAt: now() - side.behindS }))
  const open = (): RegistryReader =>
    createRegistryReader({
      address,
      providers: [provider(one), provider(other)],
      seen: openSeenFile(folder, address),
      clock,
      log,
    })
  return { clock, folder, lines, one, other, show, open, reader: open() }
}

const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run()
    return 'nothing thrown'
  } catch (error) {
    return error instanceof AppError ? error.code : 'another error'
  }
}

describe('a reader of the registry', () => {
  it('knows nothing before its first reading, and then what both providers show', async () => {
    const { reader } = setUp()
    expect(await codeOf(() => reader.view())).toBe('registry.stale')

    await reader.read()

    expect(reader.view()).toMatchObject({ version: 5n, policyHash })
    expect(reader.view().lists('worker-image', image)).toBe(true)
    expect(reader.view().lists('model', model)).toBe(true)
  })

  it('refuses a lower version than it has seen, also after a restart, and keeps what it had', async () => {
    const { reader, show, open } = setUp()
    await reader.read()
    show({ data: registryCell(4n, { ...content, policyHash: '44'.repeat(32) }) })

    expect(await codeOf(() => reader.read())).toBe('registry.rollback')
    expect(reader.view().policyHash).toBe(policyHash)
    const restarted = open()
    expect(await codeOf(() => restarted.read())).toBe('registry.rollback')
    expect(await codeOf(() => restarted.view())).toBe('registry.stale')
  })

  it('refuses other content under a version it has seen', async () => {
    const { reader, show } = setUp()
    await reader.read()
    show({ data: registryCell(5n, { ...content, policyHash: '44'.repeat(32) }) })

    expect(await codeOf(() => reader.read())).toBe('registry.rollback')
  })

  it('takes a higher version at once', async () => {
    const { reader, show } = setUp()
    await reader.read()
    show({ data: registryCell(9n, { ...content, policyHash: '99'.repeat(32) }) })

    await reader.read()

    expect(reader.view()).toMatchObject({ version: 9n, policyHash: '99'.repeat(32) })
  })

  it('refuses an empty list, and an account that is no registry', async () => {
    const { reader, show, one, other } = setUp()
    show({ data: registryCell(6n, { policyHash }) })
    expect(await codeOf(() => reader.read())).toBe('registry.empty')

    const absent = scriptedProvider(() => ({ data: null, seenAt: 1 }))
    const reading = createRegistryReader({
      address,
      providers: [absent, absent],
      seen: openSeenFile(folderOf(), address),
      clock: new TestClock(),
      log: keptLog().log,
    })
    expect(await codeOf(() => reading.read())).toBe('registry.empty')
    expect(one.data.equals(other.data)).toBe(true)
  })

  it('believes neither of two providers that disagree, whichever lags, and both when they meet', async () => {
    const { reader, one, other } = setUp()
    const newer = registryCell(6n, content)
    for (const ahead of [one, other]) {
      one.data = registryCell(5n, content)
      other.data = registryCell(5n, content)
      ahead.data = newer
      expect(await codeOf(() => reader.read())).toBe('chain.disagree')
    }
    one.data = registryCell(5n, { ...content, policyHash: '44'.repeat(32) })
    other.data = registryCell(5n, content)
    expect(await codeOf(() => reader.read())).toBe('chain.disagree')
    expect(await codeOf(() => reader.view())).toBe('registry.stale')

    one.data = newer
    other.data = newer
    await reader.read()
    expect(reader.view().version).toBe(6n)
  })

  it('counts for two hours and not longer, by the slower provider’s time', async () => {
    const { reader, clock, other } = setUp()
    other.behindS = 600
    await reader.read()

    clock.advance(staleMs - 600_000)
    expect(reader.view().policyHash).toBe(policyHash)
    clock.advance(1)
    expect(await codeOf(() => reader.view())).toBe('registry.stale')
  })

  it('is not made fresh by a provider that stands still', async () => {
    const { reader, clock, other } = setUp()
    other.behindS = staleMs / 1000 + 1

    expect(await codeOf(() => reader.read())).toBe('registry.stale')
    expect(await codeOf(() => reader.view())).toBe('registry.stale')
    other.behindS = 0
    await reader.read()
    clock.advance(1000)
    expect(reader.view().version).toBe(5n)
  })

  it('lists nothing before its time, after it, when revoked, or as another kind', async () => {
    const { reader, show, clock } = setUp()
    const nowS = clock.now() / 1000
    const entries = new Map([
      ['01'.repeat(32), listed({ validFrom: nowS + 60 })],
      ['02'.repeat(32), listed({ validUntil: nowS + 60 })],
      ['03'.repeat(32), listed({ status: 'revoked' })],
      ['04'.repeat(32), listed({ status: 'deprecated' })],
      ['05'.repeat(32), listed({ kind: 'model' })],
    ])
    show({ data: registryCell(6n, { entries, policyHash }) })
    await reader.read()
    const names = (): string[] =>
      [...entries.keys(), '06'.repeat(32)]
        .filter((key) => reader.view().lists('worker-image', key))
        .map((key) => key.slice(0, 2))

    expect(names()).toEqual(['02', '04'])
    clock.advance(60_000)
    expect(names()).toEqual(['01', '04'])
  })

  it('names the vaults whose time has come', async () => {
    const { reader, show, clock } = setUp()
    const nowS = clock.now() / 1000
    const later = new Address(0, Buffer.alloc(32, 8))
    const vaults = new Map([
      [1, { vault: address, validFrom: nowS }],
      [2, { vault: later, validFrom: nowS + 60 }],
    ])
    show({ data: registryCell(6n, { ...content, vaults }) })
    await reader.read()

    expect(reader.view().vaults()).toEqual([address.toRawString()])
    clock.advance(60_000)
    expect(reader.view().vaults()).toEqual([address.toRawString(), later.toRawString()])
  })

  it('says once when it could not read for half an hour', async () => {
    const { reader, clock, lines, one } = setUp()
    const alerts = (): number =>
      lines.filter((line) => line.includes('registry.unread-long')).length
    const round = async (): Promise<void> => {
      const watching = reader.watch(alertMs * 10)
      await watching.close()
    }
    await round()
    one.data = registryCell(7n, content)
    clock.advance(alertMs)
    await round()
    expect(alerts()).toBe(0)

    clock.advance(1)
    await round()
    await round()

    expect(alerts()).toBe(1)
    expect(lines.some((line) => line.includes('chain.disagree'))).toBe(true)
  })
})

it('on a chain: the guardian’s revocation is read at once, the owner’s policy after its wait, an older chain never', async () => {
  const localnet = await testLocalnet()
  onTestFinished(() => localnet.close())
  const before = await testLocalnet()
  onTestFinished(() => before.close())
  const registry = await registryOnChain(localnet, content)
  const old = await registryOnChain(before, content)
  expect(old.address.equals(registry.address)).toBe(true)
  const folder = folderOf()
  const open = ({ chain }: typeof registry): RegistryReader =>
    createRegistryReader({
      address: registry.address,
      providers: [chain, chain],
      seen: openSeenFile(folder, registry.address),
      clock: blockClock(localnet),
      log: keptLog().log,
    })
  const reader = open(registry)
  await reader.read()
  const first = reader.view()
  expect(first).toMatchObject({ policyHash })
  expect(first.lists('worker-image', image)).toBe(true)

  await registry.revoke({ kind: 'worker-image', key: image })
  await reader.read()
  expect(reader.view().lists('worker-image', image)).toBe(false)
  expect(reader.view().version).toBeGreaterThan(first.version)

  await registry.namePolicy('d4'.repeat(32))
  await reader.read()
  expect(reader.view().policyHash).toBe('d4'.repeat(32))

  expect(await codeOf(() => open(old).read())).toBe('registry.rollback')
})
