import { describe, expect, test } from 'vitest'
import {
  allowedAnswers,
  checkLink,
  type GuardRules,
  STRICT_RULES,
} from '../../../../src/bot/reading/guard.ts'
import { AppError } from '../../../../src/core/app-error.ts'

const why = (link: string, rules: GuardRules = STRICT_RULES): unknown => {
  try {
    return checkLink(link, rules).href
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return `${error.code} ${String(error.details['why'])}`
  }
}

const answers = (addresses: readonly string[], port: number, rules: GuardRules = STRICT_RULES) =>
  allowedAnswers(
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    port,
    rules,
  ).map(({ address }) => address)

describe('links', () => {
  test.each([
    ['https://example.org/a?b#c', 'https://example.org/a?b#c'],
    ['http://example.org:80/', 'http://example.org/'],
    ['http://example.org:443/', 'http://example.org:443/'],
    ['example.org/a', 'https://example.org/a'],
    ['HTTPS://пример.рф/', 'https://xn--e1afmkfd.xn--p1ai/'],
    ['https://93.184.216.34/', 'https://93.184.216.34/'],
    ['https://[2606:2800:220:1::1]/', 'https://[2606:2800:220:1::1]/'],
  ])('a public address is let through: %s', (link, href) => {
    expect(why(link)).toBe(href)
  })

  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://①②⑦.⓪.⓪.①/',
    'http://127。0。0。1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://[0:0:0:0:0:ffff:10.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://[fec0::1]/',
    'http://[ff02::1]/',
    'http://[::]/',
    'http://[2001:db8::1]/',
    'http://0.0.0.0/',
    'http://0/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://192.168.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://192.0.0.1/',
    'http://192.0.2.1/',
    'http://198.18.0.1/',
    'http://203.0.113.9/',
    'http://224.0.0.1/',
    'http://240.0.0.1/',
    'http://255.255.255.255/',
    '127.0.0.1/x',
  ])('an address that is not public is refused in every disguise: %s', (link) => {
    expect(why(link)).toBe('page.refused address')
  })

  test.each([
    ['ftp://example.org/', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['data:text/html,hi', 'scheme'],
    ['tg://resolve?domain=x', 'scheme'],
    ['https://user:secret@example.org/', 'credentials'],
    ['https://user@example.org/', 'credentials'],
    ['https://example.org:8443/', 'port'],
    ['http://example.org:22/', 'port'],
    ['example.org:6379', 'port'],
    ['http://', 'syntax'],
    ['http://a b/', 'syntax'],
    ['http://[::1/', 'syntax'],
    [`https://example.org/${'a'.repeat(5000)}`, 'length'],
  ])('what is no ordinary web link is refused: %s', (link, reason) => {
    expect(why(link)).toBe(`page.refused ${reason}`)
  })

  test('a refusal repeats nothing of the link', () => {
    let caught: unknown
    try {
      checkLink('http://user:marker-7431@/', STRICT_RULES)
    } catch (error) {
      caught = error
    }

    expect(caught).toBeInstanceOf(AppError)
    expect(JSON.stringify(caught) + String((caught as Error).stack)).not.toContain('marker-7431')
    expect((caught as Error).cause).toBeUndefined()
  })
})

describe('answers of the name service', () => {
  test('only public addresses are handed on', () => {
    expect(
      answers(['93.184.216.34', '127.0.0.1', '::ffff:10.0.0.1', '2606:2800:220:1::1'], 443),
    ).toEqual(['93.184.216.34', '2606:2800:220:1::1'])
  })

  test.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '192.168.1.1',
    'fe80::1%eth0',
    'nonsense',
    '',
  ])('a private or malformed answer is dropped: %s', (address) => {
    expect(answers([address], 443)).toEqual([])
  })

  test('a public address on a port that is not of the web is dropped', () => {
    expect(answers(['93.184.216.34'], 6379)).toEqual([])
  })
})

describe('with loopback allowed', () => {
  const rules = { loopback: true }

  test('links may lead to this machine on any port', () => {
    expect(why('http://127.0.0.1:8080/a', rules)).toBe('http://127.0.0.1:8080/a')
    expect(why('localhost:3000', rules)).toBe('https://localhost:3000/')
    expect(answers(['127.0.0.1', '::1'], 3000, rules)).toEqual(['127.0.0.1', '::1'])
  })

  test('other private addresses and other ports of public ones stay refused', () => {
    expect(why('http://192.168.0.1/', rules)).toBe('page.refused address')
    expect(why('http://169.254.169.254/', rules)).toBe('page.refused address')
    expect(answers(['93.184.216.34'], 3000, rules)).toEqual([])
  })
})
