import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const schema = readFileSync(join(import.meta.dirname, '../../../prisma/schema.prisma'), 'utf8')

interface Field {
  readonly model: string
  readonly name: string
  readonly type: string
  readonly attributes: string
}

const enums = [...schema.matchAll(/^enum (\w+) \{/gm)].map((found) => found[1] ?? '')

function fieldsOf(source: string): Field[] {
  return [...source.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)].flatMap(
    ([, model = '', body = '']) =>
      body.split('\n').flatMap((line) => {
        const found = /^\s+(\w+)\s+(\w+)[?[\]]*\s*(.*)$/.exec(line)
        if (!found) return []
        const [, name = '', type = '', attributes = ''] = found
        return [{ model, name, type, attributes }]
      }),
  )
}

/** Why a column could hold content; undefined when it cannot. */
function complaint({ model, name, type, attributes }: Field): string | undefined {
  if (['Int', 'BigInt', 'Boolean', 'DateTime', ...enums].includes(type)) return undefined
  // Canonical JSON of which every member was compared or made by the gateway before it is written (`checkReceipt`, `createNotes`),
  // or shown by a worker before it got any job (`Evidence`), or made for the chain, where it is public (`Batch`),
  // or a table of prices (`PriceTable`).
  const known = [
    'Receipt.document',
    'Receipt.note',
    'Evidence.document',
    'Batch.message',
    'DepositSweep.message',
    'PriceTable.document',
  ]
  if (known.includes(`${model}.${name}`)) return undefined
  if (type === 'Bytes') {
    const column = /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name
    return /^(sealed|wrapped)_/.test(column) ? undefined : 'bytes that are not sealed or wrapped'
  }
  if (type !== 'String') return `type ${type}`
  const length = Number(/@db\.(?:Char|VarChar)\((\d+)\)/.exec(attributes)?.[1])
  // The longest one holds language codes.
  return length <= 160 ? undefined : 'text of any length'
}

test('no column can hold content: ids, numbers, times, flags, and ciphertext', () => {
  const fields = fieldsOf(schema)

  const suspicious = fields.flatMap((field) => {
    const why = complaint(field)
    return why === undefined ? [] : [`${field.model}.${field.name}: ${why}`]
  })

  expect(fields.length).toBeGreaterThan(40)
  expect(suspicious).toEqual([])
})

test.each([
  'text String',
  'name String @db.Text',
  'note String @db.VarChar(4000)',
  'data Json',
  'body Bytes',
])('a column "%s" would be found', (line) => {
  const [field] = fieldsOf(`model M {\n  ${line}\n}\n`)

  expect(field && complaint(field)).toBeTypeOf('string')
})
