import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import {
  credentialHash,
  decodeProofLink,
  encodeProofLink,
  viewCredential,
} from '../../../../src/tee/verify/proof-link.ts'
import { findShown, normaliseShown, shownHash } from '../../../../src/tee/verify/shown-text.ts'

const salt = new Uint8Array(32).fill(7)
const hashOf = (text: string): string => shownHash(text, salt, nodeHashes)

describe('the text of an answer', () => {
  it('is the same text however a client wraps, marks and copies it', () => {
    const answer = '# Plan\n\n- first thing\n- second thing\n\n1. one\n2. two\n\n> said Ünal'
    const copies = [
      'Plan\nfirst thing\nsecond thing\none\ntwo\nsaid Ünal',
      'Plan first thing   second thing\tone two said U\u0308nal',
      '  Plan\r\n• first thing\r\n• second thing\r\n1) one\r\n2) two\r\n> said Ünal\u200b ',
    ]

    for (const copy of copies) expect(normaliseShown(copy)).toBe(normaliseShown(answer))
  })

  it('is another text with one letter, number or sign changed', () => {
    const answer = 'Pay 100 to Anna by Friday.'

    for (const other of [
      'Pay 1000 to Anna by Friday.',
      'Pay 100 to anna by Friday.',
      'Pay 100 to Anna by Friday!',
    ])
      expect(hashOf(other)).not.toBe(hashOf(answer))
  })

  it('is found among footers and names, which are told apart from it', () => {
    const pasted =
      'Chrysalis, [24.11.26 22:30]\nHello world.\n\nSecond line.\nGerman → English · test · 12 tokens'

    const found = findShown(
      pasted,
      { hash: hashOf('Hello world.\n\nSecond line.'), salt },
      nodeHashes,
    )

    expect(found?.answer).toContain('Second line.')
    expect(found?.rest).toContain('12 tokens')
    expect(findShown(pasted, { hash: hashOf('Hello wurld.'), salt }, nodeHashes)).toBeUndefined()
  })

  it('normalises to itself, and hides behind its salt', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const once = normaliseShown(text)
        expect(normaliseShown(once)).toBe(once)
      }),
    )
    expect(shownHash('a', new Uint8Array(32), nodeHashes)).not.toBe(hashOf('a'))
  })
})

describe('a proof link', () => {
  const link = {
    job: '00112233445566778899aabbccddeeff',
    input: salt,
    output: new Uint8Array(32).fill(9),
  }

  it('carries job and both salts in 109 characters of the alphabet of start parameters', () => {
    const text = encodeProofLink(link)

    expect(text).toMatch(/^1[\w-]{108}$/)
    expect(decodeProofLink(text)).toEqual(link)
  })

  it('is refused in any other length, version or spelling', () => {
    const text = encodeProofLink(link)
    const others = [
      '',
      text.slice(1),
      `2${text.slice(1)}`,
      `${text}A`,
      text.replace(/.$/, '_'),
      text.replace('1', '+'),
    ]

    for (const other of others) expect(decodeProofLink(other)).toBeUndefined()
  })

  it('gives a credential of which the hash tells nothing of the salt', () => {
    const credential = viewCredential(link.output, nodeHashes)

    expect(credential).toMatch(/^[\w-]{43}$/)
    expect(credentialHash(credential, nodeHashes)).toMatch(/^[0-9a-f]{64}$/)
    expect(credentialHash(`${credential}A`, nodeHashes)).toBeUndefined()
  })
})
