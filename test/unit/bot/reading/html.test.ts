import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readArticle } from '../../../../src/bot/reading/article.ts'
import { blockText } from '../../../../src/bot/reading/block-text.ts'
import { parsePage } from '../../../../src/bot/reading/dom.ts'
import { isDeeperThan } from '../../../../src/bot/reading/html-depth.ts'
import { codeOf } from '../../../../src/core/app-error.ts'

const page = (name: string): string =>
  readFileSync(new URL(`../../../support/pages/${name}.html`, import.meta.url), 'utf8')
const textOf = (body: string): string =>
  blockText(parsePage(`<html><body>${body}</body></html>`).body)
const codeFrom = (run: () => unknown): string => {
  try {
    run()
    return 'nothing thrown'
  } catch (error) {
    return codeOf(error)
  }
}

describe('articles', () => {
  test('a newspaper page gives title, author, language and the article without its surroundings', () => {
    const article = readArticle(page('bridge'), 'web')

    expect(article.title).toBe('Old bridge to reopen after three years')
    expect(article.byline).toBe('Miriam Okafor')
    expect(article.language).toBe('en')
    expect(article.text).toContain('a fifth less than the council had feared.\n\nWhat was done\n\n')
    expect(article.text).toContain('- Two arches rebuilt by hand\n- Lighting replaced')
    expect(article.text).toContain('2019 | 6,100\n2025 (expected) | 7,500')
    expect(article.text).not.toMatch(
      /cookies|newsletter|Advertisement|window\.ads|color: red|Sport/,
    )
  })

  test('an article made by scripts is taken from what the page says for search engines', () => {
    const article = readArticle(page('app'), 'web')

    expect(article.text).toMatch(/^Ab Dezember fahren wieder Nachtzüge/)
    expect(article.title).toBe('Neue Nachtzüge')
    expect(article.language).toBe('de')
  })

  test('a login page is empty, not an article', () => {
    expect(codeFrom(() => readArticle(page('login'), 'web'))).toBe('page.empty')
  })

  test('a file somebody sent may be short', () => {
    expect(readArticle('<p>Milk, bread, two lemons.</p>', 'file').text).toBe(
      'Milk, bread, two lemons.',
    )
    expect(codeFrom(() => readArticle('<p></p>', 'file'))).toBe('input.empty')
  })

  test('pages that leave out html, head and body are read', () => {
    const bare = page('bridge').replace(/<\/?(?:html|head|body)[^>]*>/g, '')

    expect(readArticle(bare, 'web').text).toContain('Masons rebuilt both arches')
  })

  test.each([
    '',
    '<',
    '<html',
    '<!--',
    '<script>',
    '<script type="application/ld+json">{',
    '\u0000',
    '<svg><![CDATA[',
  ])('a broken page ends in a code: %j', (html) => {
    expect(codeFrom(() => readArticle(html, 'web'))).toBe('page.empty')
  })

  test('a nesting bomb is refused before it is parsed', () => {
    expect(codeFrom(() => readArticle('<div>'.repeat(200_000), 'web'))).toBe('page.failed')
  })
})

describe('depth of tags', () => {
  test.each([
    ['nested', '<div>'.repeat(501), true],
    ['at the limit', '<div>'.repeat(500), false],
    ['with foreign end tags between', '<div></x>'.repeat(501), true],
    ['with nested optional ends', '<li><b>'.repeat(251), true],
    ['side by side', '<div></div>'.repeat(5000), false],
    ['unclosed paragraphs', '<p>text'.repeat(5000), false],
    ['unclosed table cells', `<table>${'<tr><td>a<td>b'.repeat(5000)}`, false],
    ['void elements', '<br><img src=x><hr>'.repeat(5000), false],
    ['in a comment', `<!-- ${'<div>'.repeat(5000)} -->`, false],
    ['in a script', `<script>${'"<div>"'.repeat(5000)}</script>`, false],
    ['shapes of a drawing', `<svg>${'<path d="M0 0"/>'.repeat(5000)}</svg>`, false],
    ['only signs', '< '.repeat(5000), false],
  ])('%s', (_, html, deeper) => {
    expect(isDeeperThan(html, 500)).toBe(deeper)
  })
})

describe('text of a tree', () => {
  test.each([
    ['<p>a</p><p>b</p>', 'a\n\nb'],
    ['a<br>b<br><br>c', 'a\nb\n\nc'],
    ['<div>a</div><div>b</div>c', 'a\nb\nc'],
    ['<ul><li>a</li><li><p>b</p></li></ul>', '- a\n- b'],
    ['a  \n <b>b</b>\t c', 'a b c'],
    ['<pre>a\nb</pre>', 'a\nb'],
    ['<script>x</script><style>y</style><template>z</template>a', 'a'],
    ['<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></table>', 'a | b\nc'],
    ['a&shy;b &amp; &lt;c&gt; &#8212;', 'ab & <c> —'],
  ])('%s', (html, text) => {
    expect(textOf(html)).toBe(text)
  })
})
