import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../../src/db/database.ts'
import { createHardwareStore, type Enrolment } from '../../../src/gateway/hardware-store.ts'
import { register } from '../../support/policy.ts'
import { openTestDatabase } from '../../support/stores.ts'
import { handClock, someKid } from '../../support/tee.ts'

const hw = register(1, 32)
const machine: Enrolment = { hw, tee: 'tdx', owner: 'anna', gpus: 2, site: 'unknown' }
const from = { hw, owner: 'anna', network: '10.0.0' }

let db: Database
const clock = handClock()
const store = (gateway = 'g1') => createHardwareStore({ db, gateway, clock })

beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.close())
beforeEach(async () => {
  await db.rows.liveWorker.deleteMany()
  await db.rows.hardware.deleteMany()
})

describe('enrolment', () => {
  it('is to one owner, who may change GPUs and site', async () => {
    const hardware = store()
    expect(await hardware.claim({ ...from, kid: someKid() })).toBe('HW_UNKNOWN')

    expect(await hardware.enrol(machine)).toBeUndefined()
    expect(await hardware.enrol({ ...machine, owner: 'bert' })).toBe('HW_OWNER')
    expect(await hardware.enrol({ ...machine, site: 'audited' })).toBeUndefined()

    expect(await hardware.claim({ ...from, kid: someKid() })).toBeUndefined()
    expect(await hardware.claim({ ...from, owner: 'bert', kid: someKid() })).toBe('HW_OWNER')
    expect(await hardware.siteOf(hw)).toBe('audited')
    expect(await hardware.siteOf(register(2, 32))).toBe('unknown')
    expect(await hardware.list()).toEqual([{ ...machine, site: 'audited', isSplit: false }])
  })

  it('ends when the machine is removed', async () => {
    const hardware = store()
    await hardware.enrol(machine)

    expect(await hardware.remove(hw)).toBe(true)
    expect(await hardware.remove(hw)).toBe(false)
    expect(await hardware.claim({ ...from, kid: someKid() })).toBe('HW_UNKNOWN')
  })
})

describe('a join token', () => {
  const token = 'ab'.repeat(32)
  const add = (single: boolean) =>
    db.rows.joinToken.create({
      data: { hash: token, owner: 'anna', single, createdAt: new Date(clock.now()) },
    })
  beforeEach(async () => void (await db.rows.joinToken.deleteMany()))

  it('for one machine is good for the first that shows it, and for no second one', async () => {
    const hardware = store()
    const second = register(3, 32)
    await hardware.enrol(machine)
    await hardware.enrol({ ...machine, hw: second })
    await add(true)

    expect(await hardware.claim({ ...from, token, kid: someKid() })).toBeUndefined()
    expect(await hardware.claim({ ...from, token, kid: someKid(), hw: second })).toBe('HW_TOKEN')
    expect(await hardware.claim({ ...from, token, kid: someKid() })).toBeUndefined()

    const row = await db.rows.joinToken.findFirst()
    expect(row).toMatchObject({ hw, usedAt: new Date(clock.now()) })
  })

  it('of an operator is good for all machines of its owner', async () => {
    const hardware = store()
    const second = register(3, 32)
    await hardware.enrol(machine)
    await hardware.enrol({ ...machine, hw: second })
    await add(false)

    expect(await hardware.claim({ ...from, token, kid: someKid() })).toBeUndefined()
    expect(await hardware.claim({ ...from, token, kid: someKid(), hw: second })).toBeUndefined()
  })
})

describe('live workers', () => {
  it('are as many as the machine has GPUs, over all gateways; the same worker counts once', async () => {
    const [one, two] = [store('g1'), store('g2')]
    await one.enrol(machine)
    const [a, b, c] = [someKid(), someKid(), someKid()]
    expect(await one.claim({ ...from, kid: a })).toBeUndefined()
    expect(await two.claim({ ...from, kid: b })).toBeUndefined()
    expect(await one.claim({ ...from, kid: a })).toBeUndefined()

    expect(await one.claim({ ...from, kid: c })).toBe('HW_CAP')

    await two.release(b)
    expect(await one.claim({ ...from, kid: c })).toBeUndefined()
  })

  it('of claims that come at once no more are accepted than there is room for', async () => {
    await store().enrol(machine)

    const codes = await Promise.all(
      Array.from({ length: 6 }, (_, at) => store(`g${at}`).claim({ ...from, kid: someKid() })),
    )

    expect(codes.filter((code) => code === undefined)).toHaveLength(2)
    expect(codes.filter((code) => code === 'HW_CAP')).toHaveLength(4)
  })

  it('a worker that went to another gateway is not released by the first', async () => {
    const [one, two] = [store('g1'), store('g2')]
    await one.enrol({ ...machine, gpus: 1 })
    const kid = someKid()
    await one.claim({ ...from, kid })
    await two.claim({ ...from, kid })

    await one.release(kid)

    expect(await one.claim({ ...from, kid: someKid() })).toBe('HW_CAP')
  })

  it('of a gateway that died make room after 30 s, of a living one not', async () => {
    const [dead, living] = [store('dead'), store('living')]
    await dead.enrol(machine)
    await dead.claim({ ...from, kid: someKid() })
    await living.claim({ ...from, kid: someKid() })

    for (let round = 0; round < 3; round++) {
      clock.turn(10_000)
      await living.refresh()
    }

    expect(await living.claim({ ...from, kid: someKid() })).toBeUndefined()
    expect(await living.claim({ ...from, kid: someKid() })).toBe('HW_CAP')
  })

  it('of a gateway that was only slow are counted again, unless they went on to another', async () => {
    const [slow, other] = [store('slow'), store('other')]
    await slow.enrol(machine)
    const [stayed, moved] = [someKid(), someKid()]
    await slow.claim({ ...from, kid: stayed })
    await slow.claim({ ...from, kid: moved })
    clock.turn(40_000)
    await other.refresh()
    expect(await other.claim({ ...from, kid: moved })).toBeUndefined()

    await slow.refresh()

    expect(await other.claim({ ...from, kid: someKid() })).toBe('HW_CAP')
    await slow.release(moved)
    expect(await other.claim({ ...from, kid: someKid() })).toBe('HW_CAP')
  })

  it('from two networks put the machine into quarantine until it is pardoned', async () => {
    const hardware = store()
    await hardware.enrol(machine)
    const [a, b] = [someKid(), someKid()]
    await hardware.claim({ ...from, kid: a })

    expect(await hardware.claim({ ...from, network: '10.9.9', kid: b })).toBe('HW_SPLIT')

    expect(await hardware.claim({ ...from, kid: a })).toBe('HW_SPLIT')
    expect((await hardware.list())[0]?.isSplit).toBe(true)
    await hardware.release(a)
    expect(await hardware.pardon(hw)).toBe(true)
    expect(await hardware.pardon(hw)).toBe(false)
    expect(await hardware.claim({ ...from, kid: a })).toBeUndefined()
  })

  it('share no GPU, also not on another machine', async () => {
    const hardware = store()
    const second = register(2, 32)
    await hardware.enrol(machine)
    await hardware.enrol({ ...machine, hw: second })
    const devices = [register(7, 32)]
    await hardware.claim({ ...from, kid: someKid(), devices })

    expect(await hardware.claim({ ...from, hw: second, kid: someKid(), devices })).toBe('GPU_CLONE')
    const others = [register(8, 32)]
    expect(
      await hardware.claim({ ...from, hw: second, kid: someKid(), devices: others }),
    ).toBeUndefined()
  })

  it('leave no address in the database', async () => {
    const hardware = store()
    await hardware.enrol(machine)
    await hardware.claim({ ...from, kid: someKid() })

    expect(JSON.stringify(await db.rows.liveWorker.findMany())).not.toContain('10.0.0')
  })
})
