import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../../src')

/** Why a line breaks the rules of money; undefined when it does not. */
function complaint(path: string, line: string): string | undefined {
  const code = line.replace(/^\s*(\/\*\*?|\*|\/\/).*$/, '')
  if (path !== 'core/coin.ts' && /\b(GRAM|Gram|Grams|Toncoin|TONCOIN)\b/.test(line))
    return 'the coin has its name in core/coin.ts only'
  // A unit in the name, or a name that only money has.
  if (/\b(\w*(Nano|Ustar)|nano|ustar|amount|charge|balance)\??: number\b/.test(code))
    return 'an amount that is a number'
  if (
    /\b(Number|parseFloat|parseInt)\((\w+\.)*\w*(nano|Nano|ustar|Ustar|amount|Amount|balance|charge)\w*\)/.test(
      code,
    )
  )
    return 'an amount made a number'
  if (/(nano|Nano|ustar|Ustar)\w* ?[*/] ?\d*\.\d/.test(code)) return 'a fraction of an amount'
  return undefined
}

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|js|html|css)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  // Aggregates that Prisma offers and nobody may use: sums are read as text.
  .filter((path) => !path.startsWith('db/generated/'))

test('no amount is a number, and the coin is named in one file', () => {
  const found = files.flatMap((path) =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .flatMap((line, at) => {
        const why = complaint(path, line)
        return why === undefined ? [] : [`${path}:${String(at + 1)}: ${why}`]
      }),
  )

  expect(files.length).toBeGreaterThan(300)
  expect(found).toEqual([])
})

test.each([
  'readonly amountNano: number',
  'const f = (priceUstar?: number) => priceUstar',
  'readonly balance: number',
  'const shown = Number(wallet.balance)',
  'return parseFloat(amountNano)',
  'const half = totalNano * 0.5',
  "const name = 'GRAM'",
  '<b>Toncoin</b>',
])('"%s" would be found', (line) => {
  expect(complaint('bot/a.ts', line)).toBeTypeOf('string')
})

test.each([
  'readonly amountNano: bigint',
  'const nanoseconds: number = 5',
  'TELEGRAM_TOKEN=…',
  'readonly total: number | undefined',
])('"%s" is not money', (line) => {
  expect(complaint('bot/a.ts', line)).toBeUndefined()
})
