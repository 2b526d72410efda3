import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runHardware } from '../../../src/cli/hardware.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { openDatabase } from '../../../src/db/database.ts'
import { createJoinStore } from '../../../src/gateway/join-store.ts'
import { joinTokenHash } from '../../../src/tee/admission/join.ts'
import { toHex } from '../../../src/tee/crypto/binary.ts'
import { nodeHashes } from '../../../src/tee/crypto/node-crypto.ts'
import { hardwareHash } from '../../../src/tee/verify/policy/hardware-id.ts'
import { register } from '../../support/policy.ts'
import { tempFolder } from '../../support/stores.ts'

const ppid = register(0xab, 16)
const hw = hardwareHash('tdx', ppid, nodeHashes) ?? ''

function operator() {
  const data = tempFolder('hardware')
  onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  const run = async (...args: string[]) => {
    const lines: string[] = []
    const errors: string[] = []
    const exit = await runHardware(
      [...args, '--data', data],
      {},
      {
        out: (line) => lines.push(line),
        err: (line) => errors.push(line),
        isInteractive: false,
      },
    )
    return { exit, text: lines.join('\n'), error: errors.join('\n') }
  }
  return { data, run }
}

describe('an operator', () => {
  it('enrols machines by what "evidence verify" prints, lists and removes them', async () => {
    const { run } = operator()
    const mine = ['--tee', 'tdx', ppid, '--gpus', '8', '--site', 'audited']

    expect((await run('enrol', ...mine, '--owner', 'anna')).text).toBe(`enrolled ${hw} to anna`)
    const other = await run('enrol', ...mine, '--owner', 'bert')
    expect([other.exit, other.error]).toEqual([1, expect.stringContaining('[HW_OWNER]')])

    expect((await run('list')).text).toBe(`${hw}  tdx  anna  8 GPUs  site audited`)
    expect((await run('pardon', hw)).exit).toBe(1)
    expect((await run('remove', hw)).exit).toBe(0)
    expect((await run('list')).text).toBe('no machine is enrolled')
  }, 60_000)

  it('gives owners join tokens, of which only hashes are kept, and revokes them', async () => {
    const { data, run } = operator()

    const { text: token } = await run('token', 'anna', '--payout', 'EQabc')

    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const url = `pglite:${join(data, 'db')}`
    const db = await openDatabase({ url, clock: systemClock })
    const [kept] = await createJoinStore(db).all()
    await db.close()
    expect(kept && toHex(kept.hash)).toBe(toHex(joinTokenHash(token)))
    expect(kept).toMatchObject({ owner: 'anna', payout: 'EQabc' })
    expect((await run('revoke', 'anna')).text).toBe('revoked 1')
    expect((await run('revoke', 'anna')).exit).toBe(1)
  }, 60_000)

  it('is told of a wrong command line before any database is touched', async () => {
    const { run } = operator()
    const wrong = [
      [],
      ['sell'],
      ['enrol', ppid, '--owner', 'anna'],
      ['enrol', ppid, '--tee', 'snp', '--owner', 'anna'],
      ['enrol', 'abc', '--tee', 'tdx', '--owner', 'anna'],
      ['enrol', ppid, '--tee', 'tdx'],
      ['enrol', ppid, '--tee', 'tdx', '--owner', 'Anna B.'],
      ['enrol', ppid, '--tee', 'tdx', '--owner', 'anna', '--gpus', 'many'],
      ['enrol', ppid, '--tee', 'tdx', '--owner', 'anna', '--site', 'nice'],
      ['remove', 'abc'],
      ['token'],
      ['token', 'anna', '--payout', 'a b'],
    ]
    for (const args of wrong) await expect(run(...args)).rejects.toThrow(UsageError)
  })
})
