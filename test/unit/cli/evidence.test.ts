import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { runEvidence } from '../../../src/cli/evidence.ts'
import { decodeEvidence, splitCertificates } from '../../../src/cli/evidence-files.ts'
import { EXIT } from '../../../src/cli/terminal.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { concat, toHex } from '../../../src/core/bytes.ts'
import { devMeasurements } from '../../../src/tee/dev/tdx.ts'
import { signPolicy } from '../../../src/tee/policy/signing.ts'
import { pemToDer } from '../../../src/tee/verify/pem.ts'
import type { Policy } from '../../../src/tee/verify/policy/document.ts'
import { fixedPki, fixedTdx } from '../../support/dev-tdx.ts'
import { somePolicy, someSigners, tdxEntry } from '../../support/policy.ts'
import { publicEvidenceIsAbsent, publicFile, publicText } from '../../support/public-evidence.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-'))
  return () => rmSync(folder, { recursive: true })
})

/** Exit code and what was printed; a wrong command line is what the command line's own part says of it. */
async function run(...args: readonly string[]) {
  const printed = { out: '', err: '' }
  const terminal = {
    out: (line: string) => {
      printed.out += `${line}\n`
    },
    err: (line: string) => {
      printed.err += `${line}\n`
    },
    isInteractive: false,
  }
  try {
    return { code: await runEvidence(args, {}, terminal), ...printed }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { ...printed, code: EXIT.usage, err: `${error.sentence}\n` }
  }
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  onTestFinished(() => rmSync(path, { force: true }))
  return path
}

test('a dev quote is refused on every network of the vendors, as one line of JSON', async () => {
  const { quote, collateral } = fixedTdx()
  const path = file('quote', quote)
  const known = file('collateral.json', JSON.stringify(collateral))
  const args = [
    'verify',
    '--tee',
    'tdx',
    path,
    '--collateral',
    known,
    '--at',
    '2026-03-01T12:00:00Z',
    '--data',
    '/nowhere',
  ]

  for (const net of ['mainnet', 'testnet', 'devnet']) {
    const { code, out } = await run(...args, '--net', net, '--json')

    expect(code).toBe(1)
    const printed: unknown = JSON.parse(out)
    expect(printed).toMatchObject({ ok: false, code: 'X509_ROOT', tee: 'tdx', status: 'UpToDate' })
    expect(Object.keys(printed as object)).toEqual([
      'ok',
      'code',
      'tee',
      'status',
      'measurements',
      'hardware',
    ])
  }
})

test('on devnet the simulated machines of this installation are accepted, and nowhere else', async () => {
  const { quote, collateral } = fixedTdx()
  const path = file('quote', quote)
  const known = file('collateral.json', JSON.stringify(collateral))
  mkdirSync(join(folder, 'keys'), { recursive: true })
  writeFileSync(join(folder, 'keys/dev-root.key'), fixedPki.seed)
  const args = [
    'verify',
    '--tee',
    'tdx',
    path,
    '--collateral',
    known,
    '--at',
    '2026-03-01',
    '--data',
    folder,
  ]

  expect((await run(...args, '--net', 'devnet')).code).toBe(0)
  expect((await run(...args, '--net', 'testnet')).code).toBe(1)
  expect((await run(...args)).code).toBe(1)
  expect(await runEvidence([...args, '--net', 'devnet'], { NODE_ENV: 'production' }, silent)).toBe(
    1,
  )
})

const silent = { out: () => undefined, err: () => undefined, isInteractive: false }

test('raw, hex and base64 are the same evidence', () => {
  const { quote } = fixedTdx()
  const text = (it: string) => new TextEncoder().encode(it)

  expect(decodeEvidence(quote)).toEqual(quote)
  expect(decodeEvidence(text(`${toHex(quote)}\n`))).toEqual(quote)
  expect(decodeEvidence(text(toHex(quote).toUpperCase().replaceAll(/.{60}/g, '$&\n')))).toEqual(
    quote,
  )
  for (const form of ['base64', 'base64url'] as const)
    expect(decodeEvidence(text(Buffer.from(quote).toString(form)))).toEqual(quote)
  expect(decodeEvidence(text('what is this'))).toEqual(text('what is this'))
  expect(decodeEvidence(new Uint8Array())).toEqual(new Uint8Array())
})

test('certificates are found in PEM and DER, one after the other', () => {
  const { collateral } = fixedTdx()
  const chain = pemToDer(collateral.tcb_info_issuer_chain, 2)
  const text = (it: string) => new TextEncoder().encode(it)
  const mixed = concat(
    chain[0] ?? new Uint8Array(),
    text(`\n${collateral.pck_crl_issuer_chain}`),
    text('junk'),
  )

  expect(splitCertificates(mixed)).toEqual([
    chain[0],
    ...pemToDer(collateral.pck_crl_issuer_chain, 2),
    text('junk'),
  ])
})

test('collateral that is none is refused with its code, not as a wrong command line', async () => {
  const { quote } = fixedTdx()
  const path = file('quote', quote)

  for (const content of ['{', '[]', '{"pck_crl":"00"}', new Uint8Array([0xff])]) {
    const { code, out } = await run(
      'verify',
      '--tee',
      'tdx',
      path,
      '--collateral',
      file('bad', content),
    )
    expect(code).toBe(1)
    expect(out).toMatch(/^refused: .*COL_SHAPE/)
  }
})

test('a policy that is none refuses', async () => {
  const { code, out } = await run(
    'verify',
    '--tee',
    'tdx',
    file('quote', fixedTdx().quote),
    '--policy',
    file('policy', '{}'),
    '--json',
  )

  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ ok: false })
})

test('a policy decides too: entries, signatures, network and what it tolerates', async () => {
  mkdirSync(join(folder, 'keys'), { recursive: true })
  writeFileSync(join(folder, 'keys/dev-root.key'), fixedPki.seed)
  const old = fixedTdx({ platform: { pceSvn: 12 } })
  const path = file('quote', old.quote)
  const known = file('known.json', JSON.stringify(old.collateral))
  const [signer] = someSigners(1)
  const listed = tdxEntry(asEntry(devMeasurements()))
  const judged = async (change: Partial<Policy>, isSigned = true) => {
    const times = { from: 0, until: 4_000_000_000 }
    const policy = somePolicy({
      net: 'devnet',
      notBefore: 1,
      notAfter: 4_000_000_000,
      tcb: { outOfDateDays: 30, advisories: [] },
      entries: [{ ...listed, ...times }],
      ...change,
    })
    const text = JSON.stringify(isSigned && signer ? signPolicy(policy, signer) : policy)
    const shown = ['verify', '--tee', 'tdx', path, '--collateral', known, '--at', '2026-03-01']
    const by = ['--net', 'devnet', '--data', folder, '--policy', file('policy', text)]
    const { code, out } = await run(...shown, ...by, '--json')
    return { code, says: (JSON.parse(out) as { code?: string }).code }
  }

  // Out of date since November: too long for any policy's tolerance.
  expect(await judged({})).toEqual({ code: 1, says: 'TCB_STATUS' })
  const fresh = fixedTdx()
  writeFileSync(path, fresh.quote)
  writeFileSync(known, JSON.stringify(fresh.collateral))
  expect(await judged({})).toEqual({ code: 0, says: undefined })
  expect(await judged({}, false)).toEqual({ code: 1, says: 'POL_SIG' })
  expect(await judged({ entries: [] })).toEqual({ code: 1, says: 'POL_MEASUREMENT' })
  expect(await judged({ minEvalNumber: 21 })).toEqual({ code: 1, says: 'COL_EVAL_NUMBER' })
  expect((await judged({ notAfter: 1000 })).says).toBe('POL_EXPIRED')
  expect(
    (await judged({ deny: { kids: [], hw: [], measurements: [devMeasurements().mrTd] } })).says,
  ).toBe('POL_DENIED')
})

/** The policy's names of registers, where they are not the verdict's. */
const asEntry = ({ mrTd, ...rest }: ReturnType<typeof devMeasurements>) => ({ mrtd: mrTd, ...rest })

test('only a mebibyte is read, and that is too much for a quote', async () => {
  const { code, out } = await run(
    'verify',
    '--tee',
    'tdx',
    file('large', new Uint8Array(3 * 1024 * 1024)),
    '--json',
  )

  expect(code).toBe(1)
  expect(JSON.parse(out)).toEqual({ ok: false, code: 'TDX_SIZE', tee: 'tdx' })
})

test.each([
  ['nothing to do', []],
  ['another thing to do', ['sign']],
  ['no file', ['verify', '--tee', 'tdx']],
  ['two files', ['verify', '--tee', 'tdx', 'QUOTE', 'QUOTE']],
  ['no kind', ['verify', 'QUOTE']],
  ['an unknown kind', ['verify', '--tee', 'sgx', 'QUOTE']],
  ['an unknown network', ['verify', '--tee', 'tdx', 'QUOTE', '--net', 'mars']],
  ['an unknown option', ['verify', '--tee', 'tdx', 'QUOTE', '--trust-me']],
  [
    'a chain for a quote that carries its own',
    ['verify', '--tee', 'tdx', 'QUOTE', '--chain', 'QUOTE'],
  ],
  ['collateral for a GPU', ['verify', '--tee', 'nvidia', 'QUOTE', '--collateral', 'QUOTE']],
  ['a policy for a GPU alone', ['verify', '--tee', 'nvidia', 'QUOTE', '--policy', 'QUOTE']],
  ['a file that is not there', ['verify', '--tee', 'tdx', '/nowhere/quote']],
  ['a folder', ['verify', '--tee', 'tdx', '/']],
  ['collateral that is not there', ['verify', '--tee', 'tdx', 'QUOTE', '--collateral', '/nowhere']],
  ['a year as time', ['verify', '--tee', 'tdx', 'QUOTE', '--at', '2026']],
  ['31 February', ['verify', '--tee', 'tdx', 'QUOTE', '--at', '2026-02-31']],
  ['a time without its offset', ['verify', '--tee', 'tdx', 'QUOTE', '--at', '2026-02-01T10:00:00']],
  ['a time of 25 hours', ['verify', '--tee', 'tdx', 'QUOTE', '--at', '2026-02-01T25:00:00Z']],
  ['yesterday', ['verify', '--tee', 'tdx', 'QUOTE', '--at', 'yesterday']],
])('%s is a wrong command line, said in a sentence', async (_, args) => {
  const path = file('quote', fixedTdx().quote)

  const { code, out, err } = await run(...args.map((arg) => (arg === 'QUOTE' ? path : arg)))

  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toMatch(/^[^\n]{15,}\n/)
})

describe.skipIf(publicEvidenceIsAbsent(4))('public evidence on the command line', () => {
  const known = () => file('known.json', publicText('tdx/tdx_quote_collateral.json'))

  test('a good quote is accepted, with what it measured', async () => {
    const quote = file('good', toHex(publicFile('tdx/tdx_quote')))

    const { code, out } = await run(
      'verify',
      '--tee',
      'tdx',
      quote,
      '--collateral',
      known(),
      '--at',
      '2025-06-25',
      '--json',
    )

    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      tee: 'tdx',
      status: 'UpToDate',
      hardware: '811dca2a26b952e85bb6448b097ba4fd',
    })
  })

  test('and said in words', async () => {
    const quote = file('good', publicFile('tdx/tdx_quote'))

    const { code, out } = await run(
      'verify',
      '--tee',
      'tdx',
      quote,
      '--collateral',
      known(),
      '--at',
      '2025-06-25T02:00:00+02:00',
    )

    expect(code).toBe(0)
    expect(out).toMatch(/^accepted\n/)
    expect(out).toContain('mainnet, at 2025-06-25T00:00:00.000Z')
  })

  test('an SNP report of an old part is for the dev network only', async () => {
    const args = [
      'verify',
      '--tee',
      'snp',
      file('report', publicFile('snp/test-report.bin')),
      '--chain',
      file('vcek', publicFile('snp/test-vcek.der')),
      '--chain',
      file('ark', publicText('snp/ask_ark_milan.pem')),
      '--at',
      '2026-02-19',
    ]

    expect((await run(...args)).code).toBe(1)
    expect((await run(...args, '--net', 'devnet')).code).toBe(0)
  })

  test('a GPU report with its chain', async () => {
    const { code } = await run(
      'verify',
      '--tee',
      'nvidia',
      file('gpu', publicText('nvidia/hopper_coco_report1.txt')),
      '--chain',
      file('chain', publicText('nvidia/hopper_coco_certs1.txt')),
    )

    expect(code).toBe(0)
  })
})
