/** The steps of settling, in their order: result checked, row settled, front told, queue told, worker told. */
export const CRASH_STEPS = ['checked', 'settled', 'told', 'completed', 'acknowledged'] as const

export type CrashStep = (typeof CRASH_STEPS)[number]
