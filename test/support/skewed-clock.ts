/** @module A clock that can be put forward while its timers keep the machine's pace. */
import { type Clock, systemClock } from '../../src/core/clock.ts'

export const skewedClock = (): Clock & { skewMs: number } => {
  const clock = { ...systemClock, skewMs: 0, now: () => systemClock.now() + clock.skewMs }
  return clock
}
