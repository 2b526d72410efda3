/** @module Which measured values may end a run red: a target that is reached stays a gate, one that is not yet is a ratchet. */

/** One value with its target. A ratio inside one run, so that it holds on another machine too. */
export interface Gate {
  readonly value: number
  readonly target: number
  readonly better: 'lower' | 'higher'
}

/** Best values of earlier runs, by table. */
export type Best = Readonly<Record<string, number>>

/** How much worse than the best a value may be while the target is not reached: the machine is shared. */
const slack = 1.25

/** The value that must be held: the target once the best has reached it, else the best with some slack. */
export function limitOf({ target, better }: Gate, best: number | undefined): number {
  if (best === undefined) return better === 'lower' ? Infinity : 0
  const isReached = better === 'lower' ? best <= target : best >= target
  if (isReached) return target
  return better === 'lower' ? best * slack : best / slack
}

/** True when the value holds what was reached before; NaN never does. */
export function holds(gate: Gate, best: number | undefined): boolean {
  const limit = limitOf(gate, best)
  return gate.better === 'lower' ? gate.value <= limit : gate.value >= limit
}

/** The better of the two. */
export function bestOf({ value, better }: Gate, best: number | undefined): number {
  if (best === undefined) return value
  return better === 'lower' ? Math.min(value, best) : Math.max(value, best)
}
