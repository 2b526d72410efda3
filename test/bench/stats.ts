/** @module Medians, percentiles and ratios: a table of ratios inside one run, void when its control is off. */

export const median = (values: readonly number[]): number => percentile(values, 50)

/** Nearest rank; `of` is 0…100. NaN without values. */
export function percentile(values: readonly number[], of: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((of / 100) * sorted.length) - 1)] ?? Number.NaN
}

/** Three significant digits, as a person reads them. */
export const show = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–'

/** The same thing measured twice in each round must give the same: outside of this the machine was too restless. */
export const isSteady = (control: number): boolean => control >= 0.9 && control <= 1.1

export const ratios = (over: readonly number[], under: readonly number[]): number[] =>
  over.map((value, at) => value / (under[at] ?? Number.NaN))
