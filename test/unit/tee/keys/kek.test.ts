import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Plaintext } from '../../../../src/core/plaintext.ts'
import { createKeks } from '../../../../src/tee/keys/kek.ts'
import { newCek } from '../../../../src/tee/sealing/envelope.ts'
import { createVault } from '../../../../src/tee/sealing/vault.ts'
import { codeThrown, handClock, text } from '../../../support/tee.ts'

const HOUR = 3_600_000
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kek-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const setUp = () => {
  const clock = handClock()
  const keks = createKeks({ folder, net: 'devnet', clock })
  return { clock, keks }
}
const keyFiles = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.key'))

describe('key-encryption keys', () => {
  it('open what they wrapped, for the same row, purpose and net only', async () => {
    const { clock, keks } = setUp()
    const key = newCek()
    const wrapped = keks.wrap('cek', 'job-1', key)
    const other = createKeks({ folder, net: 'testnet', clock })

    expect(Buffer.compare(keks.unwrap('cek', 'job-1', wrapped), key)).toBe(0)
    expect(await codeThrown(() => keks.unwrap('result', 'job-1', wrapped))).toBe('env.open')
    expect(await codeThrown(() => keks.unwrap('cek', 'job-2', wrapped))).toBe('env.open')
    expect(await codeThrown(() => other.unwrap('cek', 'job-1', wrapped))).toBe('env.open')
    expect(await codeThrown(() => keks.unwrap('cek', 'job-1', wrapped.subarray(0, 30)))).toBe(
      'env.open',
    )
    expect(await codeThrown(() => keks.unwrap('cek', 'job-1', new Uint8Array(3)))).toBe('env.open')
  })

  it('lie in files that only their owner may read, one an hour', () => {
    const { clock, keks } = setUp()
    keks.wrap('cek', 'a', newCek())
    keks.wrap('cek', 'b', newCek())
    clock.turn(HOUR)
    keks.wrap('cek', 'c', newCek())

    const files = keyFiles()
    expect(files.length).toBe(2)
    expect(readdirSync(folder).length).toBe(2)
    for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  })

  it('are the same for two processes, whichever comes first', () => {
    const { clock, keks } = setUp()
    const other = createKeks({ folder, net: 'devnet', clock })
    const key = newCek()

    expect(Buffer.compare(other.unwrap('cek', 'x', keks.wrap('cek', 'x', key)), key)).toBe(0)
    expect(Buffer.compare(keks.unwrap('cek', 'y', other.wrap('cek', 'y', key)), key)).toBe(0)
    expect(keyFiles().length).toBe(1)
  })

  it('open for 25 hours after theirs, then no more, and their files are gone', async () => {
    const { clock, keks } = setUp()
    const wrapped = keks.wrap('cek', 'job', newCek())

    clock.turn(25 * HOUR)
    keks.sweep()
    expect(keks.unwrap('cek', 'job', wrapped).length).toBe(32)
    clock.turn(HOUR)
    keks.sweep()

    expect(keyFiles()).toEqual([])
    expect(await codeThrown(() => keks.unwrap('cek', 'job', wrapped))).toBe('release.key-gone')
  })

  it('stay refused when a backup brings their file back', async () => {
    const { clock, keks } = setUp()
    const wrapped = keks.wrap('cek', 'job', newCek())
    const [file = ''] = keyFiles()
    const backup = readFileSync(join(folder, file))
    clock.turn(26 * HOUR)
    keks.sweep()
    writeFileSync(join(folder, file), backup)

    expect(await codeThrown(() => keks.unwrap('cek', 'job', wrapped))).toBe('release.key-gone')
  })

  it('that were never here do not open', async () => {
    const { keks } = setUp()
    const wrapped = keks.wrap('cek', 'job', newCek())
    keks.close()
    rmSync(join(folder, keyFiles()[0] ?? ''))

    expect(await codeThrown(() => keks.unwrap('cek', 'job', wrapped))).toBe('release.key-gone')
  })
})

describe('the vault', () => {
  it('keeps small content for a day, padded, for its own row and purpose', async () => {
    const { clock, keks } = setUp()
    const vault = createVault({ keks, net: 'devnet' })
    const sealed = vault.seal('inbox', 'message-1', Plaintext.of('a private note'))
    const longer = vault.seal('inbox', 'message-1', Plaintext.of('a private note, longer'))

    expect(text(vault.open('inbox', 'message-1', sealed))).toBe('a private note')
    expect(sealed.length).toBe(longer.length)
    expect(Buffer.from(sealed).includes('private')).toBe(false)
    expect(await codeThrown(() => vault.open('dialogue', 'message-1', sealed))).toBe('env.open')
    expect(await codeThrown(() => vault.open('inbox', 'message-2', sealed))).toBe('env.open')
    expect(await codeThrown(() => vault.open('inbox', 'message-1', sealed.subarray(1)))).toBe(
      'env.open',
    )
    expect(await codeThrown(() => vault.open('inbox', 'message-1', sealed.subarray(0, 4)))).toBe(
      'env.open',
    )
    clock.turn(26 * HOUR)
    expect(await codeThrown(() => vault.open('inbox', 'message-1', sealed))).toBe(
      'release.key-gone',
    )
  })

  it('refuses a piece with any byte changed', async () => {
    const { keks } = setUp()
    const vault = createVault({ keks, net: 'devnet' })
    const sealed = vault.seal('dialogue', 'd', Plaintext.of('x'))
    for (let at = 0; at < sealed.length; at += 7) {
      const bad = Uint8Array.from(sealed)
      bad[at] = (bad[at] ?? 0) ^ 1
      expect(['env.open', 'release.key-gone']).toContain(
        await codeThrown(() => vault.open('dialogue', 'd', bad)),
      )
    }
  })
})
