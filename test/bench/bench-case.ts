/** @module What a bench case gives back, and the ground it stands on. */
import type { Gate } from './gates.ts'

/** `printed`: measured without a target. `void`: the control was off, the ratios mean nothing. */
export type Verdict = 'met' | 'missed' | 'void' | 'printed'

export interface BenchTable {
  readonly id: string
  readonly title: string
  /** The target in words. */
  readonly target: string
  readonly verdict: Verdict
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly notes: readonly string[]
  /** What may end a run red. */
  readonly gate?: Gate
  /** Every measured value, for `--json`. */
  readonly raw: unknown
}

/** How much is measured: `full` for the record, `tiny` to see that a case runs at all. */
type Scale = 'full' | 'tiny'

export interface BenchGround {
  readonly scale: Scale
  /** Folder with real models, or undefined. */
  readonly models: string | undefined
  /** Progress for whoever waits. */
  readonly say: (line: string) => void
}

export interface BenchCase {
  readonly id: string
  /** A sentence for `--help`. */
  readonly about: string
  run(ground: BenchGround): Promise<readonly BenchTable[]>
}
