import { describe, expect, it } from 'vitest'
import { judgeMachine, type LiveWorker, networkOf } from '../../../../src/tee/admission/hardware.ts'

const machine = { owner: 'anna', gpus: 2, isSplit: false }
const worker: LiveWorker = { kid: 'new', hw: 'm1', network: '10.0.0', devices: ['g1'] }
const other = (change: Partial<LiveWorker> = {}): LiveWorker => ({
  kid: 'other',
  hw: 'm1',
  network: '10.0.0',
  devices: ['g2'],
  ...change,
})
const judge = (live: LiveWorker[] = [], changed: Partial<typeof machine> = {}, owner = 'anna') =>
  judgeMachine({ ...machine, ...changed }, { worker, owner, live })

describe('a machine', () => {
  it('works for the owner it is enrolled to, and for nobody else', () => {
    expect(judge()).toBeUndefined()
    expect(judge([], {}, 'bert')).toBe('HW_OWNER')
    expect(judgeMachine(undefined, { worker, owner: 'anna', live: [] })).toBe('HW_UNKNOWN')
  })

  it('has as many live workers as GPUs, and one without', () => {
    expect(judge([other()])).toBeUndefined()
    expect(judge([other(), other({ kid: 'third' })])).toBe('HW_CAP')
    expect(judge([], { gpus: 0 })).toBeUndefined()
    expect(judge([other()], { gpus: 0 })).toBe('HW_CAP')
    expect(judge([other(), other({ hw: 'm2', kid: 'elsewhere' })])).toBeUndefined()
  })

  it('does not count a worker beside itself', () => {
    expect(judge([other({ kid: 'new', network: '10.9.9' })], { gpus: 0 })).toBeUndefined()
  })

  it('that is live from two networks is split, and stays so', () => {
    expect(judge([other({ network: '10.9.9' })])).toBe('HW_SPLIT')
    expect(judge([other({ hw: 'm2', network: '10.9.9' })])).toBeUndefined()
    expect(judge([], { isSplit: true })).toBe('HW_SPLIT')
  })

  it('shares no GPU with another live worker, on whatever machine', () => {
    expect(judge([other({ hw: 'm2', devices: ['g1'] })])).toBe('GPU_CLONE')
    expect(judge([other({ devices: ['g9', 'g1'] })])).toBe('GPU_CLONE')
  })
})

describe('networks', () => {
  it.each([
    ['203.0.113.9', '203.0.113'],
    ['::ffff:203.0.113.200', '203.0.113'],
    ['2001:0db8:0001:2::9', '2001:db8:1'],
    ['2001:db8::9', '2001:db8:0'],
    ['fe80::1%eth0', 'fe80:0:0'],
    ['127.0.0.1', 'here'],
    ['::ffff:127.0.0.1', 'here'],
    ['::1', 'here'],
    ['unix', 'unix'],
  ])('%s is of %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})
