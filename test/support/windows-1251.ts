/** @module Russian text in the old Windows encoding, which Node can read but not write. */

/** Letters А…я, Ё, ё and ASCII; other characters become `?`. */
export function windows1251(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => {
    const code = letter.codePointAt(0) ?? 63
    if (code < 128) return code
    if (code >= 0x410 && code <= 0x44f) return code - 0x350
    if (letter === 'Ё') return 0xa8
    if (letter === 'ё') return 0xb8
    return letter === '—' ? 0x97 : 63
  })
}
