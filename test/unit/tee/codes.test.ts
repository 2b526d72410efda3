import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inTableOrder, TEE_CODES, type TeeCode } from '../../../src/tee/verify/codes.ts'

const root = join(import.meta.dirname, '../../..')

function textOf(folder: string, isMeant: (path: string) => boolean): string {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isMeant)
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
}

/** Where the table and its sentences stand, which name every code without producing it. */
const isTable = /(verify\/codes|refusal|sentences[^/]*)\.ts$|db\/generated/
const source = textOf('src', (path) => !isTable.test(path))
const tests = textOf('test', (path) => !path.endsWith('tee/codes.test.ts'))

/** The name that claims and receipts have on the wire; a second receipt of a job meets the fence of its lease. */
const onWire = (code: TeeCode): string =>
  code === 'RCP_DUPLICATE'
    ? 'release.fenced'
    : code
        .replace(/^CLM_/, 'claims.')
        .replace(/^RCP_/, 'receipt.')
        .toLowerCase()
        .replaceAll('_', '-')
/** The second verifier is not there yet: its code is kept for it. */
const later: readonly TeeCode[] = ['ALL_DISAGREE']
const due = TEE_CODES.filter((code) => !later.includes(code))

const isNamed = (text: string, code: TeeCode): boolean =>
  new RegExp(`['\`"# ](${code}|${onWire(code)})\\b`).test(text)

it('every code is produced somewhere', () => {
  expect(due.filter((code) => !isNamed(source, code))).toEqual([])
  expect(later.filter((code) => isNamed(source, code))).toEqual([])
})

it('every code is expected by a test', () => {
  expect(due.filter((code) => !isNamed(tests, code))).toEqual([])
})

it('no code stands twice in the table, which orders what failed', () => {
  expect(new Set(TEE_CODES).size).toBe(TEE_CODES.length)
  expect(inTableOrder(['HW_CAP', 'TDX_SIG', 'HW_CAP'])).toEqual(['TDX_SIG', 'HW_CAP'])
})
