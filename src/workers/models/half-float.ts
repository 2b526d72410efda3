/** @module IEEE 754 half precision: widening is exact, narrowing rounds to nearest, ties to even. */

/** The number whose half-precision bits are the low 16 of `bits`. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Half-precision bits of `value`; values too large become infinity. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  // Halfway between the largest half (65504) and the next step rounds to even, which is infinity.
  if (size >= 65_520) return sign | 0x7c00
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size))
  // Math.log2 may be off by one just below a power of two; the carry of the rounding below repairs it.
  const steps = roundToEven(size / 2 ** (exponent - 10))
  const base = size < 2 ** -14 ? 0 : (exponent + 15 - 1) << 10
  return sign | (base + steps)
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1
  return floor
}
