import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runPolicy } from '../../../src/cli/policy.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { sha256Hex } from '../../../src/tee/crypto/binary.ts'
import { nodeHashes } from '../../../src/tee/crypto/node-crypto.ts'
import { devEntry, issueDevPolicy } from '../../../src/tee/dev/policy.ts'
import { type Policy, parsePolicy, policyDigest } from '../../../src/tee/verify/policy/document.ts'
import {
  dayS,
  register,
  snpEntry,
  somePolicy,
  tdxEntry,
  tdxMeasured,
} from '../../support/policy.ts'

const nowS = Math.floor(systemClock.now() / 1000)
const draft = (change: Partial<Policy> = {}): Policy =>
  somePolicy({
    notBefore: nowS - dayS,
    notAfter: nowS + 30 * dayS,
    entries: [tdxEntry({ from: nowS - dayS, until: nowS + 30 * dayS })],
    ...change,
  })

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'chrysalis-cli-policy-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = (name: string): string => join(folder, name)
  const put = (name: string, policy: unknown): string => {
    writeFileSync(path(name), JSON.stringify(policy, null, 2))
    return path(name)
  }
  return { folder, path, put }
}

async function run(...args: string[]) {
  const lines: string[] = []
  const errors: string[] = []
  const terminal = {
    out: (line: string) => lines.push(line),
    err: (line: string) => errors.push(line),
    isInteractive: false,
  }
  const exit = await runPolicy(args, {}, terminal)
  return { exit, text: lines.join('\n'), error: errors.join('\n') }
}

describe('policy lint', () => {
  it('passes a sound draft and says what is missing or odd', async () => {
    const { put } = setUp()
    const odd = draft({ entries: [], notAfter: nowS + 200 * dayS })

    const found = await run('lint', put('a.json', odd))

    expect(found.exit).toBe(0)
    expect(found.text).toContain('warning: the list of entries is empty: nobody may work')
    expect(found.text).toContain('warning: it is valid for more than 90 days')
    expect(found.text).toContain('warning: 0 of 2 needed signatures')
  })

  it('refuses what could never be valid, naming the member', async () => {
    const { put } = setUp()
    const debug = draft({ entries: [tdxEntry({ tdAttributes: '0100001000000000' })] })

    const found = await run('lint', put('a.json', debug))
    expect(found.exit).toBe(1)
    expect(found.error).toContain('"tdAttributes"')
    expect(found.error).toContain('[POL_SHAPE]')
    const unknown = await run('lint', put('b.json', { ...draft(), allow: 'all' }))
    expect(unknown.exit).toBe(1)
    const nothing = await run('lint', put('c.json', 'text'))
    expect(nothing.exit).toBe(1)
  })
})

describe('policy sign', () => {
  it('two signers one after the other make a document that gateways read, whose checksum is its hash', async () => {
    const { path, put } = setUp()
    const file = put('draft.json', draft())
    const a = await run('keygen', '--out', path('a.key'))
    await run('keygen', '--out', path('b.key'))

    const first = await run('sign', file, '--key', path('a.key'), '--out', path('1.json'))
    const second = await run('sign', path('1.json'), '--key', path('b.key'))

    expect(first.text).toContain('1 signed, 2 needed on mainnet')
    expect(second.text).toContain('2 signed, 2 needed on mainnet')
    const bytes = readFileSync(path('1.json'))
    expect(parsePolicy(bytes).signatures).toHaveLength(2)
    expect(second.text).toContain(`sha256 ${sha256Hex(bytes)}`)
    expect(readFileSync(file, 'utf8')).toContain('\n')
    const key = /[0-9a-f]{64}/.exec(a.text)?.[0] ?? ''
    const shown = await run('show', path('1.json'), '--key', key)
    expect(shown.exit).toBe(1)
    expect(shown.text).toContain('RIGHT, BUT NOT OF A KEY YOU NAMED')
    const shownAll = await run('show', path('1.json'))
    expect(shownAll.exit).toBe(0)
    expect(shownAll.text).toContain('worker tdx (mrtd 010101010101…')
  })

  it('drops a signature that the text no longer fits', async () => {
    const { path, put } = setUp()
    await run('keygen', '--out', path('a.key'))
    await run('keygen', '--out', path('b.key'))
    await run('sign', put('d.json', draft()), '--key', path('a.key'))
    const changed = { ...parsePolicy(readFileSync(path('d.json'))), minEvalNumber: 1 }

    const again = await run('sign', put('e.json', changed), '--key', path('b.key'))

    expect(again.text).toContain('dropped 1 that did not fit this text')
    expect(again.text).toContain('1 signed')
    const shown = await run('show', put('f.json', changed))
    expect(shown.exit).toBe(1)
    expect(shown.text).toContain('WRONG')
  })

  it('takes no file of another length for a key', async () => {
    const { path, put } = setUp()
    writeFileSync(path('x.key'), 'secret')

    await expect(run('sign', put('d.json', draft()), '--key', path('x.key'))).rejects.toThrow(
      UsageError,
    )
  })
})

describe('policy keygen', () => {
  it('makes a file for its owner only, and replaces none', async () => {
    const { path } = setUp()

    await run('keygen', '--out', path('a.key'))

    expect(statSync(path('a.key')).mode & 0o777).toBe(0o600)
    const before = readFileSync(path('a.key'))
    await expect(run('keygen', '--out', path('a.key'))).rejects.toThrow(UsageError)
    expect(readFileSync(path('a.key'))).toEqual(before)
  })
})

describe('policy diff', () => {
  const old = draft()
  const follow = (change: Partial<Policy>): Policy => ({
    ...old,
    epoch: 2,
    prev: policyDigest(old, nodeHashes),
    ...change,
  })

  it('tells apart what acts at once and what waits', async () => {
    const { put } = setUp()
    const deny = { ...old.deny, hw: [register(1, 32)] }
    const next = follow({ entries: [...old.entries, snpEntry()], deny })

    const found = await run('diff', put('a.json', old), put('b.json', next))

    expect(found.exit).toBe(0)
    const [once = '', waits = ''] = found.text.split('waits for the time lock')
    expect(once).toContain(`acts at once:\n  adds denial of machine ${register(1, 32)}`)
    expect(waits).toContain('adds worker snp (Genoa')
  })

  it('says when one cannot follow the other', async () => {
    const { put } = setUp()
    const old1 = put('a.json', old)

    const gap = await run('diff', old1, put('b.json', follow({ epoch: 3 })))
    expect([gap.exit, gap.text]).toEqual([1, expect.stringContaining('nothing that is allowed')])
    expect(gap.error).toContain('[POL_EPOCH_GAP]')
    const foreign = await run('diff', old1, put('c.json', follow({ prev: register(9, 32) })))
    expect(foreign.error).toContain('[POL_EPOCH_GAP]')
    const other = await run('diff', old1, put('d.json', follow({ net: 'testnet' })))
    expect(other.error).toContain('[NET_MISMATCH]')
  })
})

describe('policy deny', () => {
  it('adds to the dev network’s own policy, and nowhere else', async () => {
    const { folder, path } = setUp()
    const entry = devEntry(tdxMeasured(tdxEntry({ mrtd: `53494d${register(1, 45)}` })))
    const place = { folder: path('policy'), keys: path('keys'), clock: systemClock }
    await issueDevPolicy(place, [entry])

    const found = await run('deny', register(3, 16), '--data', folder)

    expect(found.text).toContain('epoch 2')
    const policy = parsePolicy(readFileSync(join(folder, 'policy/2.json')))
    expect(policy.deny).toEqual({ kids: [register(3, 16)], hw: [], measurements: [] })
    expect(policy.entries).toEqual([entry])
    expect((await run('show', path('policy/2.json'))).text).toContain('1 worker\n')
    await run('deny', register(3, 16), '--undo', '--data', folder)
    expect(parsePolicy(readFileSync(path('policy/3.json'))).deny.kids).toEqual([])
    await expect(run('deny', register(3, 16), '--data', path('elsewhere'))).rejects.toThrow(
      UsageError,
    )
    await expect(run('deny', 'abc', '--data', folder)).rejects.toThrow(UsageError)
  })
})

it('anything else is a wrong command line', async () => {
  const { path } = setUp()

  await expect(run()).rejects.toThrow(UsageError)
  await expect(run('approve')).rejects.toThrow(UsageError)
  await expect(run('lint')).rejects.toThrow(UsageError)
  await expect(run('lint', path('absent'))).rejects.toThrow(UsageError)
  await expect(run('diff', path('absent'))).rejects.toThrow(UsageError)
  await expect(run('sign', path('absent'))).rejects.toThrow(UsageError)
})
