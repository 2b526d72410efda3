import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('../../../src/sim/telegram/page/', import.meta.url)
const sources = new Map(
  readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const),
)
const scripts = [...sources].filter(([name]) => name.endsWith('.js'))

const names = (list: string): string[] =>
  list
    .split(',')
    .map((it) => it.trim())
    .filter(Boolean)

const exportsOf = (source: string): string[] => [
  ...[...source.matchAll(/^export (?:async )?(?:function|const|let|class) (\w+)/gm)].map(
    (it) => it[1] ?? '',
  ),
  ...[...source.matchAll(/^export \{([^}]*)\}/gm)].flatMap((it) => names(it[1] ?? '')),
]

const importsOf = (source: string): { file: string; name: string }[] =>
  [...source.matchAll(/^(?:import|export) \{([^}]*)\} from '\.\/([\w-]+\.js)'/gm)].flatMap((it) =>
    names(it[1] ?? '').map((name) => ({ file: it[2] ?? '', name })),
  )

test('every imported name is exported, and every exported name is imported', () => {
  const exported = scripts.flatMap(([file, source]) =>
    exportsOf(source).map((name) => `${file} ${name}`),
  )
  const imported = scripts.flatMap(([, source]) =>
    importsOf(source).map(({ file, name }) => `${file} ${name}`),
  )

  expect(exported.length).toBeGreaterThan(40)
  expect([...new Set(imported)].toSorted()).toEqual(exported.toSorted())
})

test('no script makes HTML out of text or runs text', () => {
  const dangerous =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|javascript:/

  for (const [, source] of scripts) expect(source).not.toMatch(dangerous)
})

test('nothing is loaded from elsewhere', () => {
  const foreign = [...sources].flatMap(([name, source]) =>
    [...source.matchAll(/https?:\/\/[\w.-]+/g)].map((it) => `${name} ${it[0]}`),
  )

  expect([...new Set(foreign)].toSorted()).toEqual([
    'chrysalis.svg http://www.w3.org',
    'dom.js http://www.w3.org',
    'links.js https://t.me',
  ])
})

test('the page and every file it names exist', () => {
  const index = sources.get('index.html') ?? ''
  const named = [...index.matchAll(/\/page\/([\w.-]+)/g)].map((it) => it[1] ?? '')

  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !sources.has(name))).toEqual([])
})

test('the product’s page bears no trademark of others', () => {
  for (const [name, source] of sources) {
    const words = source.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '')
    expect([name, /telegram|cocoon/i.exec(words)?.[0]]).toEqual([name, undefined])
  }
})
