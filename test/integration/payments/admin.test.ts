import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { registryCommand } from '../../../src/cli/registry.ts'
import { vaultCommand } from '../../../src/cli/vault.ts'
import type { AdminGround } from '../../../src/payments/admin/ground.ts'
import { carryOut } from '../../../src/payments/admin/order.ts'
import { execute, lookAtVaultNow, pause } from '../../../src/payments/admin/vault-orders.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import { contractsOf } from '../../../src/payments/settlement/deploy.ts'
import { lookAtVault } from '../../../src/payments/settlement/vault-sight.ts'
import { COIN, testLocalnet } from '../../support/localnet.ts'
import {
  blockClock,
  openVaultWorld,
  settlementKey,
  type VaultWorld,
} from '../../support/settlement.ts'

const signal = new AbortController().signal
const hourMs = 3_600_000
let localnet: Localnet
let world: VaultWorld
let ground: AdminGround
let dataDir: string

beforeEach(async () => {
  localnet = await testLocalnet()
  world = await openVaultWorld(localnet)
  dataDir = mkdtempSync(join(tmpdir(), 'chrysalis-admin-'))
  mkdirSync(join(dataDir, 'keys'))
  // The keys of the vault's world, and one that has no role.
  for (const [name, byte] of [
    ['settlement', 1],
    ['owner', 3],
    ['guardian', 4],
    ['stranger', 9],
  ] as const)
    writeFileSync(keyFile(name), Buffer.alloc(32, byte), { mode: 0o600 })
  const owner = world.owner.address
  const guardian = world.guardian.address
  const { registry } = contractsOf({
    settlementKey: settlementKey.publicKey,
    owner,
    guardian,
    createdAt: 0,
  })
  ground = {
    net: 'devnet',
    dataDir,
    endpoint: localnet.url,
    chain: world.chain,
    clock: blockClock(localnet),
    signal,
    file: {
      v: 1,
      net: 'devnet',
      globalId: localnet.globalId,
      endpoint: localnet.url,
      vault: world.vault.toRawString(),
      registry: registry.address.toRawString(),
      owner: owner.toRawString(),
      guardian: guardian.toRawString(),
      createdAt: 0,
    },
  }
  return async () => {
    await localnet.close()
    rmSync(dataDir, { recursive: true })
  }
})

const keyFile = (name: string): string => join(dataDir, 'keys', `${name}.key`)

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** As in a terminal where a person answers `answer`; without one nobody is there. */
async function run(make: typeof vaultCommand, line: string, answer?: string): Promise<Run> {
  const out: string[] = []
  const err: string[] = []
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    isInteractive: answer !== undefined,
    ...(answer !== undefined && { ask: async () => answer }),
  }
  const code = await make(line.split(' '), terminal).run(ground)
  return { code, out: out.join('\n'), err: err.join('\n') }
}
const vault = (line: string, answer?: string) => run(vaultCommand, line, answer)
const registry = (line: string, answer?: string) => run(registryCommand, line, answer)
const caps = async () => (await lookAtVault(world.chain, world.vault)).data.caps

test('an order is shown before it is asked for, and nothing is sent without a yes', async () => {
  const alone = await vault('topup 5')
  const no = await vault('topup 5', 'n')
  const { balanceNano: before } = await world.chain.account(world.vault)
  const yes = await vault('topup 5', 'y')
  const { balanceNano: after } = await world.chain.account(world.vault)

  expect([alone.code, no.code, yes.code]).toEqual([1, 1, 0])
  expect(alone.err).toContain('--yes')
  expect(alone.out).toContain('TopUp (0x43480104)')
  expect(no.err).toContain('Nothing was sent')
  expect(yes.out).toContain('Done.')
  expect(after - before).toBeGreaterThan(5n * COIN - COIN / 100n)
})

test('the guardian pauses, the owner ends it, and neither is done twice', async () => {
  const paused = await vault('pause 48 --yes')
  const again = await vault('pause 48 --yes')
  const ended = await vault('unpause --yes')
  const endedTwice = await vault('unpause --yes')

  expect([paused.code, again.code, ended.code, endedTwice.code]).toEqual([0, 1, 0, 1])
  expect(paused.out).toContain('guardian.key')
  expect(again.err).toContain('[410]')
  expect(endedTwice.err).toContain('[410]')
})

test('caps go down at once and up after a request and its delay', async () => {
  const lower = await vault('caps --day 500 --yes')
  const lowered = await caps()
  const higher = await vault('caps --day 700 --yes')
  const early = await vault('execute caps --yes')
  const meanwhile = await caps()
  await localnet.chain.advance(24 * hourMs)
  const inTime = await vault('execute caps --yes')
  const raised = await caps()
  const twice = await vault('execute caps --yes')

  expect([lower.code, higher.code, early.code, inTime.code, twice.code]).toEqual([0, 0, 1, 0, 1])
  expect(lowered.dayCap).toBe(500n * COIN)
  expect(meanwhile.dayCap).toBe(500n * COIN)
  expect(raised.dayCap).toBe(700n * COIN)
  expect(early.err).toContain('[409]')
  expect(twice.err).toContain('[414]')
})

test('a withdrawal, a key and roles can be requested and dropped again', async () => {
  const key = '5a'.repeat(32)
  const guardian = world.relayer.address.toRawString()
  const steps = [
    `withdraw 7 --yes`,
    `key ${key} --overlap 8 --yes`,
    `roles --guardian ${guardian} --yes`,
  ]
  for (const step of steps) expect(await vault(step)).toMatchObject({ code: 0 })
  const shown = await vault('show --json')
  for (const kind of ['withdraw', 'key', 'roles'])
    expect(await vault(`cancel ${kind} --yes`)).toMatchObject({ code: 0 })
  const after = await vault('show --json')

  expect(JSON.parse(shown.out).pending).toMatchObject([
    { kind: 'withdraw', amount: String(7n * COIN) },
    { kind: 'key', key, overlap: 8 * 86_400 },
    { kind: 'roles', guardian },
  ])
  expect(JSON.parse(after.out).pending).toEqual([])
})

test('a key without the role is refused before anything is sent, and by the vault', async () => {
  await expect(vault(`pause 5 --yes --key ${keyFile('stranger')}`)).rejects.toMatchObject({
    code: 'admin.signer',
  })
  await expect(vault(`pause 5 --yes --key ${keyFile('nobody')}`)).rejects.toMatchObject({
    code: 'admin.key-missing',
  })
  const now = await lookAtVaultNow(world.chain, world.vault)
  const deps = { chain: world.chain, clock: ground.clock, signal }

  const stranger = await carryOut(pause(now, 5), { ...deps, wallet: world.relayer })
  const nothing = await carryOut(execute(now, 'key'), { ...deps, wallet: world.owner })

  expect(stranger).toEqual({ kind: 'refused', exit: 402, name: 'Sender' })
  expect(nothing).toEqual({ kind: 'refused', exit: 414, name: 'NothingPending' })
})

test('for a wallet elsewhere the message is printed and nothing is sent', async () => {
  const printed = await vault('pause 5 --print')

  expect(printed.code).toBe(0)
  expect(printed.out).toMatch(/link +ton:\/\/transfer\/.+amount=50000000&bin=/)
  expect((await lookAtVault(world.chain, world.vault)).data.pausedUntil).toBe(0)
})

test('the registry believes what was proposed after its delay, and at once no more what was revoked', async () => {
  const hash = 'ab'.repeat(32)
  const other = 'cd'.repeat(32)
  const image = `propose image ${hash} --source ${other} --build ${other} --yes`
  const proposed = await registry(image)
  const early = await registry('execute 0 --yes')
  await localnet.chain.advance(48 * hourMs)
  const executed = await registry('execute 0 --yes')
  const believed = await registry('show --json')
  const revoked = await registry(`revoke image ${hash} --yes`)
  const unknown = await registry(`revoke model ${other} --yes`)
  const policy = await registry(`propose policy ${other} --yes`)
  const dropped = await registry('cancel 1 --yes')
  const last = await registry('show --json')

  expect([proposed.code, early.code, executed.code, revoked.code]).toEqual([0, 1, 0, 0])
  expect([unknown.code, policy.code, dropped.code]).toEqual([1, 0, 0])
  expect(early.err).toContain('[409]')
  expect(unknown.err).toContain('[411]')
  expect(JSON.parse(believed.out).entries).toMatchObject([
    { kind: 'worker-image', hash, status: 'active' },
  ])
  expect(JSON.parse(last.out)).toMatchObject({
    entries: [{ hash, status: 'revoked' }],
    proposals: [],
    registryVersion: '2',
  })
})

test('a table of prices is compared with the one before it, and waits when workers earn less', async () => {
  const table = (version: number, worker: string): string => {
    const rates = { job: '0', inTok: '20', cachedTok: '0', outTok: '20' }
    const row = {
      task: 'translate',
      model: 'm',
      tier: 'simulated',
      nano: rates,
      worker: { ...rates, outTok: worker },
    }
    const path = join(dataDir, `prices-${version}.json`)
    writeFileSync(path, JSON.stringify({ v: 1, version, rows: [row] }))
    return path
  }
  const first = table(1, '19')
  const second = table(2, '18')

  const one = await registry(`prices ${first} --yes`)
  await expect(registry(`prices ${second} --yes`)).rejects.toMatchObject({ message: 'usage' })
  const two = await registry(`prices ${second} --previous ${first} --yes`)
  const shown = JSON.parse((await registry('show --json')).out)

  expect([one.code, two.code]).toEqual([0, 0])
  expect(shown.prices).toMatchObject([{ version: '1' }])
  expect(shown.proposals).toMatchObject([
    { action: 'AddPrices', version: '2', customersPayMore: 'no', workersEarnLess: 'yes' },
  ])
})

test('deploying again finds the contracts that are there', async () => {
  const again = await vault('deploy --yes')
  const registryAgain = await registry('deploy --yes')

  expect([again.code, registryAgain.code]).toEqual([0, 0])
  expect(again.out).toContain('already')
  expect(registryAgain.out).toContain('already')
})
