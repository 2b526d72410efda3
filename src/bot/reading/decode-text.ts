/** @module Bytes to text when nobody knows the encoding for sure: byte order mark, label, validity, then the likelier of two. */

/** Decodes by byte order mark, else by `label` when it is a known one, else by what the bytes allow. Never throws. */
export function decodeText(bytes: Uint8Array, label?: string): string {
  return new TextDecoder(markOf(bytes) ?? known(label) ?? guess(bytes)).decode(bytes)
}

/** The charset a page declares in its first 4 KiB, for pages whose server does not say it. */
export function declaredCharset(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 4096))
  return /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{1,40})/i.exec(head)?.[1]
}

function markOf(bytes: Uint8Array): string | undefined {
  const [a, b, c] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  return undefined
}

function known(label: string | undefined): string | undefined {
  if (label === undefined) return undefined
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}

/**
 * UTF-8 when valid. UTF-16 when every other byte is mostly zero. Else one of the two single-byte encodings that are still
 * met: Cyrillic words are runs of high bytes, while in Western words single high bytes stand between letters.
 */
function guess(bytes: Uint8Array): string {
  const sample = bytes.subarray(0, 64 * 1024)
  let evenZeros = 0
  let oddZeros = 0
  let high = 0
  let neighbours = 0
  for (let at = 0; at < sample.length; at++) {
    const byte = sample[at] ?? 0
    if (byte === 0) {
      if (at % 2 === 0) evenZeros++
      else oddZeros++
    } else if (byte >= 0xc0) {
      high++
      if ((sample[at - 1] ?? 0) >= 0xc0) neighbours++
    }
  }
  if (oddZeros > sample.length / 8 && evenZeros < oddZeros / 4) return 'utf-16le'
  if (evenZeros > sample.length / 8 && oddZeros < evenZeros / 4) return 'utf-16be'
  if (isUtf8(bytes)) return 'utf-8'
  return neighbours * 2 > high ? 'windows-1251' : 'windows-1252'
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** True when the bytes cannot be a text: zero bytes and control characters after decoding. */
export function looksBinary(text: string): boolean {
  const head = text.slice(0, 4096)
  let odd = 0
  for (let at = 0; at < head.length; at++) {
    const unit = head.charCodeAt(at)
    if (
      unit === 0 ||
      unit === 0xfffd ||
      (unit < 32 && unit !== 9 && unit !== 10 && unit !== 13 && unit !== 12)
    )
      odd++
  }
  return odd * 50 > head.length
}
