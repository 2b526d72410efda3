/** Where the settling process is killed: before and after every write and every sending, in their order. */
export const KILL_POINTS = [
  'planning',
  'planned',
  'signing',
  'signed',
  'broadcast',
  'sent',
  'seen',
  'booked',
  'finalized',
  'closed',
] as const

export type KillPoint = (typeof KILL_POINTS)[number]

/** What the test tells the process to do, one line of JSON on its standard input. */
export interface SettlementOrder {
  readonly point: KillPoint | 'none'
  readonly databaseUrl: string
  readonly endpoint: string
  readonly vault: string
  readonly globalId: number
  /** The chain's time when it begins. */
  readonly nowMs: number
}
