import type { LookupAddress } from 'node:dns'
import { readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createReader, type Reader } from '../../../../src/bot/reading/read.ts'
import { AppError } from '../../../../src/core/app-error.ts'
import { systemClock } from '../../../../src/core/clock.ts'
import { makePdf } from '../../../support/documents.ts'
import { type Site, startSite } from '../../../support/web.ts'
import { windows1251 } from '../../../support/windows-1251.ts'

const page = (name: string): string =>
  readFileSync(new URL(`../../../support/pages/${name}.html`, import.meta.url), 'utf8')

const sites: Site[] = []
afterEach(async () => {
  await Promise.all(sites.splice(0).map((site) => site.close()))
})
const serve = async (answer: Parameters<typeof startSite>[0]): Promise<Site> => {
  const site = await startSite(answer)
  sites.push(site)
  return site
}
const html = { 'content-type': 'text/html; charset=utf-8' }

/** A reader for which every name is `answers` in turn; the last one stays. */
const readerFor = (answers: readonly string[] = ['127.0.0.1'], loopback = true): Reader => {
  const left = [...answers]
  return createReader({
    clock: systemClock,
    rules: { loopback },
    resolve: (_host, done) => {
      const address = (left.length > 1 ? left.shift() : left[0]) ?? ''
      const answer: LookupAddress = { address, family: address.includes(':') ? 6 : 4 }
      done(null, [answer])
    },
  })
}

const outcome = async (reading: Promise<unknown>): Promise<string> => {
  try {
    await reading
    return 'read'
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.code
  }
}

describe('pages', () => {
  test('an article is fetched and read', async () => {
    const site = await serve((_request, response) =>
      response.writeHead(200, html).end(page('bridge')),
    )

    const article = await readerFor().readLink(`${site.root}/news/bridge?from=chat`)

    expect(article.title).toBe('Old bridge to reopen after three years')
    expect(article.text).toContain('Masons rebuilt both arches')
    expect(site.seen[0]?.headers).not.toHaveProperty('cookie')
    expect(site.seen[0]?.headers).not.toHaveProperty('referer')
  })

  test.each([
    ['header', 'text/html; charset="windows-1251"', page('forest').replace(/<meta[^>]*>/, '')],
    ['meta', 'text/html', page('forest')],
    ['nobody', 'text/html', page('forest').replace(/<meta[^>]*>/, '')],
  ])('an old encoding named by %s is decoded', async (_, type, source) => {
    const site = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': type }).end(windows1251(source)),
    )

    const article = await readerFor().readLink(site.root)

    expect(article.title).toBe('Лесники посадили сто тысяч сосен')
    expect(article.text).toContain('Каждому саженцу доставалось около литра воды')
    expect(article.language).toBe('ru')
  })

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('%s is unpacked', async (encoding, pack) => {
    const site = await serve((_request, response) =>
      response.writeHead(200, { ...html, 'content-encoding': encoding }).end(pack(page('bridge'))),
    )

    expect(await outcome(readerFor().readLink(site.root))).toBe('read')
  })

  test('plain text and PDF are read, whatever the PDF claims to be', async () => {
    const site = await serve((request, response) => {
      if (request.url === '/a.txt')
        response.writeHead(200, { 'content-type': 'text/plain' }).end('plain words')
      else response.writeHead(200, html).end(makePdf(['A line of the report']))
    })
    const reader = readerFor()

    expect((await reader.readLink(`${site.root}/a.txt`)).text).toBe('plain words')
    expect((await reader.readLink(`${site.root}/a.pdf`)).text).toBe('A line of the report')
  })

  test('a link without a scheme falls back to plain HTTP', async () => {
    const site = await serve((_request, response) =>
      response.writeHead(200, html).end(page('bridge')),
    )

    expect(await outcome(readerFor().readLink(`localhost:${String(site.port)}/a`))).toBe('read')
  })

  test.each([
    ['a login page', 200, html, page('login'), 'page.empty'],
    ['an error', 500, html, page('bridge'), 'page.failed'],
    ['a missing page', 404, html, page('bridge'), 'page.failed'],
    ['a picture', 200, { 'content-type': 'image/png' }, 'x', 'input.unsupported'],
    ['an unknown encoding', 200, { ...html, 'content-encoding': 'zstd, gzip' }, 'x', 'page.failed'],
    ['a broken encoding', 200, { ...html, 'content-encoding': 'gzip' }, 'no gzip', 'page.failed'],
    ['a redirect to nowhere', 302, html, '', 'page.failed'],
  ])('%s ends in its code', async (...[, status, headers, body, code]) => {
    const site = await serve((_request, response) => response.writeHead(status, headers).end(body))

    expect(await outcome(readerFor().readLink(site.root))).toBe(code)
  })

  test('a server that closes the connection is a failed page', async () => {
    const site = await serve((request) => request.socket.destroy())

    expect(await outcome(readerFor().readLink(site.root))).toBe('page.failed')
  })

  test('giving up ends the reading with the reason', async () => {
    const asked = Promise.withResolvers<void>()
    const site = await serve(() => asked.resolve())
    const giveUp = new AbortController()

    const reading = readerFor().readLink(site.root, { signal: giveUp.signal })
    await asked.promise
    giveUp.abort(new Error('the person pressed Stop'))

    await expect(reading).rejects.toThrow('the person pressed Stop')
  })
})

describe('where links may not lead', () => {
  test('a name that resolves to a private address is refused and nothing is sent', async () => {
    const site = await serve((_request, response) => response.end('secret'))

    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '169.254.169.254'])
      expect(await outcome(readerFor([address], false).readLink('http://site.test/'))).toBe(
        'page.refused',
      )
    expect(site.seen).toEqual([])
  })

  test('redirects are followed by hand, at most five', async () => {
    const site = await serve((request, response) => {
      const left = Number(request.url?.slice(1))
      if (left > 0) response.writeHead(302, { location: `/${String(left - 1)}` }).end()
      else response.writeHead(200, html).end(page('bridge'))
    })

    expect(await outcome(readerFor().readLink(`${site.root}/5`))).toBe('read')
    expect(await outcome(readerFor().readLink(`${site.root}/6`))).toBe('page.failed')
  })

  test.each([
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:10.0.0.1]/',
    'http://0x0a000001/',
    'http://167772161/',
    '//192.168.0.1/',
    'file:///etc/passwd',
    'ftp://example.org/',
    'http://user:pass@example.org/',
    'http://93.184.216.34:6379/',
  ])('a redirect to %s is refused', async (location) => {
    const site = await serve((_request, response) => response.writeHead(301, { location }).end())

    expect(await outcome(readerFor().readLink(site.root))).toBe('page.refused')
  })

  test('a name whose answer changes to a private address between two hops is refused', async () => {
    const site = await serve((_request, response) =>
      response.writeHead(302, { location: 'http://other.test/', connection: 'close' }).end(),
    )
    const reader = readerFor(['127.0.0.1', '10.0.0.1'])

    expect(await outcome(reader.readLink(`http://site.test:${String(site.port)}/`))).toBe(
      'page.refused',
    )
    expect(site.seen).toHaveLength(1)
  })

  test('the checked address is the one connected to: the name is asked once a connection', async () => {
    const site = await serve((_request, response) =>
      response.writeHead(200, html).end(page('bridge')),
    )
    let asked = 0
    const reader = createReader({
      clock: systemClock,
      rules: { loopback: true },
      resolve: (_host, done) => {
        asked++
        done(null, [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }])
      },
    })

    expect(await outcome(reader.readLink(`http://site.test:${String(site.port)}/`))).toBe('read')
    expect(asked).toBe(1)
  })

  test('an error says nothing of the link', async () => {
    const marker = 'marker-5580'
    const errors: unknown[] = []
    for (const link of [
      `http://${marker}.test/`,
      `http://10.0.0.1/${marker}`,
      `http://127.0.0.1:1/${marker}`,
    ])
      await readerFor(['10.0.0.1'])
        .readLink(link)
        .catch((error: unknown) => errors.push(error))

    expect(errors).toHaveLength(3)
    for (const error of errors) {
      const { stack, cause, message } = error as Error
      expect(`${JSON.stringify(error)}${String(stack)}${message}`).not.toContain(marker)
      expect(cause).toBeUndefined()
    }
  })
})

describe('bombs', () => {
  test('a small gzip body that unpacks to much is stopped while it unpacks', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024))
    const site = await serve((_request, response) =>
      response.writeHead(200, { ...html, 'content-encoding': 'gzip' }).end(bomb),
    )
    const before = process.memoryUsage().arrayBuffers

    expect(await outcome(readerFor().readLink(site.root))).toBe('input.too-large')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024)
  })

  test('a body that never ends is stopped at its limit', async () => {
    const site = await serve((_request, response) => {
      response.writeHead(200, html)
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })

    expect(await outcome(readerFor().readLink(site.root))).toBe('input.too-large')
  })

  test('an announced size beyond the limit is not even fetched', async () => {
    const site = await serve((_request, response) =>
      response.writeHead(200, { ...html, 'content-length': '99999999' }).write('x'),
    )

    expect(await outcome(readerFor().readLink(site.root))).toBe('input.too-large')
  })
})
