import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import {
  appCompose,
  composeHash,
  fill,
  initdataOf,
  measuredOf,
  NEEDS_FIRMWARE,
  replayed,
} from '../../../deploy/measurements.ts'

const root = join(import.meta.dirname, '../../..')
const image = (name: string): string => `registry.example/${name}@sha256:${'ab'.repeat(32)}`
const brokerKey = 'A'.repeat(43)

function measure(...args: string[]) {
  const out = mkdtempSync(join(tmpdir(), 'measure-'))
  onTestFinished(() => rmSync(out, { recursive: true }))
  const run = spawnSync(process.execPath, ['deploy/measure.ts', ...args, '--out', out], {
    cwd: root,
    encoding: 'utf8',
  })
  return { ...run, read: (name: string) => readFileSync(join(out, name), 'utf8') }
}

test.each([
  ['tdx', 'sha384', 96],
  ['snp', 'sha256', 64],
] as const)('initdata of %s is measured by its exact bytes', (tee, algorithm, length) => {
  const made = initdataOf(tee, { 'aa.toml': 'a = 1', 'policy.rego': 'package agent_policy' })

  expect(made.measured).toBe(createHash(algorithm).update(made.toml).digest('hex'))
  expect(made.measured.length).toBe(length)
  expect(gunzipSync(Buffer.from(made.annotation, 'base64')).toString()).toBe(made.toml)
  expect(measuredOf(made.annotation)).toEqual({ algorithm, measured: made.measured })
  const other = initdataOf(tee, { 'aa.toml': 'a = 1', 'policy.rego': 'package agent_policy ' })
  expect(other.measured).toBe(made.measured)
  expect(initdataOf(tee, { 'aa.toml': 'a = 2', 'policy.rego': '' }).measured).not.toBe(
    made.measured,
  )
})

test('a part cannot end its own quotes, nor a value its place', () => {
  expect(() => initdataOf('tdx', { 'aa.toml': "x = '''" })).toThrow('three quotes')
  expect(() => fill('net @NET@', { NET: 'a" ]' })).toThrow('not allowed')
  expect(() => fill('net @NET@', {})).toThrow('no value')
})

test('the guest’s policy names both images by digest, refuses exec, and leaves no mark unfilled', () => {
  const { status, stdout, read } = measure(
    'initdata',
    '--tee',
    'tdx',
    '--net',
    'testnet',
    '--broker-key',
    brokerKey,
    '--worker-image',
    image('worker'),
    '--pause-image',
    image('pause'),
  )

  const toml = read('initdata.toml')
  const manifest = read('worker.yaml')
  expect(status).toBe(0)
  expect(toml).toContain('default ExecProcessRequest := false')
  expect(toml).toContain('default CreateContainerRequest := false')
  expect(toml).toContain('default SetPolicyRequest := false')
  expect(toml).toContain(`worker_image := "${image('worker')}"`)
  expect(toml).toContain(`"CHRYSALIS_BROKER_KEY=${brokerKey}"`)
  expect(`${toml}${manifest}`).not.toMatch(/@[A-Z_]{3,}@/)
  const annotation = /cc_init_data: ['"]([^'"]+)['"]/.exec(manifest)?.[1] ?? ''
  expect(stdout).toContain(`mrConfigId: ${measuredOf(annotation).measured}`)
  for (const line of NEEDS_FIRMWARE.tdx) expect(stdout).toContain(line)
})

test('an image without a digest, or a broker key of another form, is refused', () => {
  const named = ['--pause-image', image('pause'), '--broker-key', brokerKey]
  const loose = measure('initdata', ...named, '--worker-image', 'registry.example/worker:latest')
  const short = measure('dstack', '--worker-image', image('worker'), '--broker-key', 'short')

  expect([loose.status, short.status]).toEqual([2, 2])
  expect(loose.stderr).toContain('@sha256')
})

test('a dstack compose has the hash that its event log must name', () => {
  const { status, stdout, read } = measure(
    'dstack',
    '--worker-image',
    image('worker'),
    '--broker-key',
    brokerKey,
  )
  const compose = read('app-compose.json')
  const hash = composeHash(Buffer.from(compose))

  expect(status).toBe(0)
  expect(stdout).toContain(`composeHash: ${hash}`)
  expect(JSON.parse(compose)).toMatchObject({ public_logs: false, kms_enabled: false })
  expect(composeHash(Buffer.from(appCompose('x', 'services: {}')))).not.toBe(hash)

  // What dstack logs: events of RTMR3, extended one by one from zeros.
  const events = [
    ['system-preparing', ''],
    ['compose-hash', hash],
  ] as const
  let register = Buffer.alloc(48)
  const type = 0x08000001
  const log = events.map(([event, payload]) => {
    const le = Buffer.alloc(4)
    le.writeUInt32LE(type)
    const digest = createHash('sha384')
      .update(Buffer.concat([le, Buffer.from(`:${event}:`), Buffer.from(payload, 'hex')]))
      .digest()
    register = createHash('sha384')
      .update(Buffer.concat([register, digest]))
      .digest()
    return {
      imr: 3,
      event_type: type,
      digest: digest.toString('hex'),
      event,
      event_payload: payload,
    }
  })
  expect(replayed(JSON.stringify(log), register.toString('hex'))).toBe(hash)
  expect(replayed(JSON.stringify(log.toReversed()), register.toString('hex'))).toBeUndefined()
  expect(replayed(JSON.stringify(log), '00'.repeat(48))).toBeUndefined()
})
