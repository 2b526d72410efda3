import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aeadOpen, aeadSeal, counterNonce, equalBytes } from '../../../../src/tee/crypto/aead.ts'
import {
  domain,
  fromBase64url,
  fromHex,
  toBase64url,
  toHex,
} from '../../../../src/tee/crypto/binary.ts'

describe('strict decoders', () => {
  it('take back what was encoded and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(Buffer.compare(fromHex(toHex(bytes)) ?? Buffer.of(1), bytes)).toBe(0)
        expect(Buffer.compare(fromBase64url(toBase64url(bytes)) ?? Buffer.of(1), bytes)).toBe(0)
      }),
    )
  })

  it('refuse what Node would silently cut or skip', () => {
    for (const text of ['0g11', 'abc', 'AB', 'ab ']) expect(fromHex(text)).toBeUndefined()
    for (const text of ['AB', 'A', 'AAA=', 'A A', 'AAB!'])
      expect(fromBase64url(text)).toBeUndefined()
    expect(fromHex('abcd', 3)).toBeUndefined()
    expect(fromBase64url('AAAA', 2)).toBeUndefined()
  })
})

describe('AES-256-GCM', () => {
  const input = { key: new Uint8Array(32), iv: new Uint8Array(12), aad: new Uint8Array(0) }

  it('gives the published answer for a zero key and a zero block', () => {
    // McGrew & Viega, "The Galois/Counter Mode of Operation", test case 14.
    expect(toHex(aeadSeal(input, new Uint8Array(16)))).toBe(
      'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
    )
  })

  it('opens nothing with a tag shorter than 16 bytes', () => {
    const sealed = aeadSeal(input, new Uint8Array(16))

    expect(aeadOpen(input, sealed)?.length).toBe(16)
    for (const cut of [1, 4, 12, 17, 32])
      expect(aeadOpen(input, sealed.subarray(0, -cut))).toBeUndefined()
  })

  it('has a nonce of its own for every counter', () => {
    const base = Buffer.alloc(12, 0xff)
    const seen = new Set(Array.from({ length: 1000 }, (_, n) => toHex(counterNonce(base, n))))

    expect(seen.size).toBe(1000)
    expect(toHex(counterNonce(base, 0))).toBe(toHex(base))
    expect(toHex(counterNonce(Buffer.alloc(12), 2 ** 32 - 1))).toBe('0000000000000000ffffffff')
  })
})

describe('domain strings', () => {
  it('end with one zero byte, so that no purpose is the beginning of another', () => {
    expect(toHex(domain('chrysalis/a', Buffer.from('b')))).toBe(
      `${toHex(Buffer.from('chrysalis/a'))}0062`,
    )
  })
})

describe('comparison', () => {
  it('does not throw for unequal lengths', () => {
    expect(equalBytes(new Uint8Array(3), new Uint8Array(4))).toBe(false)
    expect(equalBytes(new Uint8Array(3), new Uint8Array(3))).toBe(true)
  })
})
