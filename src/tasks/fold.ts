/** @module Comparison form of a text that keeps every position: lower case, no accents, one apostrophe, ASCII digits. */

/** As long as `text`, in UTF-16 units, so that places found in it are places in `text`. Not for showing. */
export function fold(text: string): string {
  let folded = ''
  for (let at = 0; at < text.length; at++) folded += foldUnit(text.charAt(at))
  return folded
}

function foldUnit(unit: string): string {
  const code = unit.charCodeAt(0)
  if (code < 0x80) return code >= 0x41 && code <= 0x5a ? unit.toLowerCase() : unit
  if (/[ʼ’‘`´＇]/u.test(unit)) return "'"
  if (/\p{Nd}/u.test(unit)) return digitOf(unit)
  // Alphabets end before Hangul; syllables and ideographs beyond have nothing to fold.
  if (code > 0x1100 && !(code >= 0x1e00 && code <= 0x1fff)) return unit
  const [base = unit] = unit.toLowerCase().normalize('NFD')
  return base.length === 1 ? base : unit
}

/** Decimal digits of a script stand in order at a multiple of their zero; the zero is found by going back. */
function digitOf(unit: string): string {
  const code = unit.charCodeAt(0)
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCharCode(zero - 1))) zero--
  return String(code - zero)
}
