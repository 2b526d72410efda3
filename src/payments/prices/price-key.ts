/** @module What a job is quoted by. */

export interface PriceKey {
  readonly task: string
  readonly model: string
  readonly tier: string
}
