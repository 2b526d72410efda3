/** @module Every bench case, in the order of the report. */
import { p4 } from './attestation.ts'
import type { BenchCase } from './bench-case.ts'
import { q1, q2, q3 } from './latency.ts'
import { q4 } from './recovery.ts'
import { p5 } from './sealing.ts'
import { q5, t1 } from './speed.ts'
import { v1 } from './voice.ts'

export const cases: readonly BenchCase[] = [q1, q2, q3, q4, q5, t1, v1, p4, p5]
