import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Address } from '@ton/core'
import { expect, onTestFinished, test } from 'vitest'
import { Lifetime } from '../../../src/core/lifetime.ts'
import { openPolicy } from '../../../src/gateway/policy.ts'
import type { RegistryContent } from '../../../src/payments/contracts/registry-content.ts'
import { createRegistryReader, staleMs } from '../../../src/payments/registry/reader.ts'
import { openSeenFile } from '../../../src/payments/registry/seen-file.ts'
import { toHex } from '../../../src/tee/crypto/binary.ts'
import { nodeHashes } from '../../../src/tee/crypto/node-crypto.ts'
import { type Policy, policyBytes, policyDigest } from '../../../src/tee/verify/policy/document.ts'
import { judgeInForce } from '../../../src/tee/verify/policy/judge.ts'
import {
  register,
  signedBy,
  someJudged,
  someModel,
  somePolicy,
  someSigners,
  someVerdict,
  tdxEntry,
  tdxMeasured,
} from '../../support/policy.ts'
import { listed, registryCell, scriptedProvider } from '../../support/registry-chain.ts'
import { keptLog, tempFolder } from '../../support/stores.ts'
import { handClock } from '../../support/tee.ts'

const net = 'testnet'
const address = new Address(0, Buffer.alloc(32, 9))
const image = register(7, 32)
const weights = someModel.weights.replace('sha256:', '')
const digest = (policy: Policy): string => policyDigest(policy, nodeHashes)
const follow = (before: Policy, change: Partial<Policy> = {}): Policy => ({
  ...before,
  epoch: before.epoch + 1,
  prev: digest(before),
  signatures: [],
  ...change,
})

/** A gateway's policy on testnet, with two providers that show what the test says. */
async function setUp({ hasRegistry = true } = {}) {
  const data = tempFolder('anchored')
  const clock = handClock()
  const { log } = keptLog()
  const life = new Lifetime({ log, clock })
  onTestFinished(async () => {
    await life.close()
    rmSync(data, { recursive: true, force: true })
  })
  mkdirSync(join(data, 'policy'))
  const trio = someSigners(3)
  const put = (policy: Policy): Policy => {
    const signed = signedBy(policy, trio.slice(0, 2))
    writeFileSync(join(data, 'policy', `${policy.epoch}.json`), policyBytes(signed))
    return signed
  }
  let content: Partial<RegistryContent> = {
    entries: new Map([
      [image, listed()],
      [weights, listed({ kind: 'model' })],
    ]),
  }
  let version = 0n
  const provider = scriptedProvider(() => ({
    data: registryCell(version, content),
    seenAt: Math.floor(clock.now() / 1000),
  }))
  const reader = createRegistryReader({
    address,
    providers: [provider, provider],
    seen: openSeenFile(data, address),
    clock,
    log,
  })
  const name = async (change: Partial<RegistryContent>): Promise<void> => {
    content = { ...content, ...change }
    version += 1n
    await reader.read()
  }
  const open = () =>
    openPolicy({
      net,
      data,
      signers: trio.map(({ publicKey }) => toHex(publicKey)),
      ...(hasRegistry && { registry: reader }),
      clock,
      log,
      life,
    })
  return { clock, put, name, reader, open }
}

type Store = Awaited<ReturnType<typeof openPolicy>>

/** Whether the machine of `tdxEntry` is let in now, or the first code against it. */
const judged = (store: Store, clock: { now(): number }): string => {
  const inForce = store.inForce()
  if (!inForce) return 'nobody'
  const judgement = judgeInForce(inForce, {
    ...someJudged({ verdict: someVerdict(tdxMeasured(tdxEntry())) }),
    models: [someModel],
    net,
    nowMs: clock.now(),
  })
  return judgement.ok ? 'in' : (judgement.code ?? 'no code')
}

test('a policy that the registry names lets its machines in, at once: the wait was the contract’s', async () => {
  const { put, name, open, clock } = await setUp()
  await name({ policyHash: digest(put(somePolicy({ net }))) })

  const store = await open()

  expect(judged(store, clock)).toBe('in')
  expect(store.problem()).toBeUndefined()
})

test('a signed policy with another hash lets nobody in, nor does one without a registry', async () => {
  const { put, name, open, clock } = await setUp()
  put(somePolicy({ net }))
  await name({ policyHash: register(1, 32) })
  const store = await open()
  expect(judged(store, clock)).toBe('nobody')
  expect(store.problem()).toBe('POL_ANCHOR')

  const alone = await setUp({ hasRegistry: false })
  await alone.name({ policyHash: digest(alone.put(somePolicy({ net }))) })
  const unanchored = await alone.open()
  expect(judged(unanchored, alone.clock)).toBe('nobody')
})

test('nobody is let in before the first reading and two hours after the last, also after a restart', async () => {
  const { put, name, open, clock, reader } = await setUp()
  const policy = put(somePolicy({ net }))
  const early = await open()
  expect(judged(early, clock)).toBe('nobody')

  await name({ policyHash: digest(policy) })
  await early.refresh()
  expect(judged(early, clock)).toBe('in')
  let told = 0
  early.onChange(() => told++)
  clock.turn(staleMs + 1000)
  expect(judged(early, clock)).toBe('nobody')
  await early.refresh()
  expect(told).toBe(1)
  const restarted = await open()
  expect(judged(restarted, clock)).toBe('nobody')

  await reader.read()
  await restarted.refresh()
  expect(judged(restarted, clock)).toBe('in')
})

test('another hash ends what the old one let in, and its document, once here, takes over', async () => {
  const { put, name, open, clock } = await setUp()
  const first = put(somePolicy({ net }))
  await name({ policyHash: digest(first) })
  const store = await open()
  let told = 0
  store.onChange(() => told++)

  const trusted = [tdxEntry({ mrtd: register(33) })]
  const second = follow(first, { entries: trusted })
  const signed = put(second)
  await name({ policyHash: digest(signed) })
  expect(judged(store, clock)).toBe('nobody')
  await store.refresh()

  expect(told).toBe(1)
  expect(store.inForce()?.current.epoch).toBe(2)
  expect(judged(store, clock)).toBe('POL_MEASUREMENT')
})

test('the hash of an earlier document is no way back to it', async () => {
  const { put, name, open, clock } = await setUp()
  const first = put(somePolicy({ net }))
  const second = put(follow(first))
  await name({ policyHash: digest(second) })
  const store = await open()
  expect(judged(store, clock)).toBe('in')

  await name({ policyHash: digest(first) })
  await store.refresh()

  expect(judged(store, clock)).toBe('nobody')
  expect(store.problem()).toBe('POL_ROLLBACK')
})

test('an image or a model that the registry revokes or does not list ends its sessions, and the policy stays what is cited', async () => {
  const { put, name, open, clock } = await setUp()
  const policy = put(somePolicy({ net }))
  await name({ policyHash: digest(policy) })
  const store = await open()
  let told = 0
  store.onChange(() => told++)
  const model = listed({ kind: 'model' })
  const cases = [
    new Map([
      [image, listed({ status: 'revoked' })],
      [weights, model],
    ]),
    new Map([
      [image, listed()],
      [weights, listed({ kind: 'model', status: 'revoked' })],
    ]),
    new Map([[weights, model]]),
    new Map([[image, listed()]]),
  ]

  for (const [at, entries] of cases.entries()) {
    await name({ entries })
    expect(judged(store, clock), `case ${at}`).not.toBe('in')
    expect(store.inForce()?.current).toEqual(policy)
    await store.refresh()
    expect(told).toBeGreaterThan(0)
  }
  await name({
    entries: new Map([
      [image, listed({ status: 'deprecated' })],
      [weights, model],
    ]),
  })
  expect(judged(store, clock)).toBe('in')
})
