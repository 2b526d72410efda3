/** @module How waiting lifts a job: one class a minute, so that a steady stream of interactive jobs cannot starve a batch. */
import type { JobClass } from './desk-port.ts'

export const classUpMs = 60_000

/** Last to first. */
const classes: readonly JobClass[] = ['batch', 'channel', 'interactive']

/** The class that a job of class `own` waits in after `waitedMs`. */
export const classAfter = (own: JobClass, waitedMs: number): JobClass =>
  classes[Math.min(classes.indexOf(own) + Math.floor(waitedMs / classUpMs), classes.length - 1)] ??
  own
