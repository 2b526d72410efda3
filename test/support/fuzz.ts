/** @module How many inputs a fuzzing test tries: some in every run, a million in all where `CHRYSALIS_FUZZ=1000000` asks for it. */

const USUAL = 10_000
const asked = Number(process.env['CHRYSALIS_FUZZ'] ?? USUAL)

/** One test’s share (0 to 1) of all inputs, at least 100. fast-check prints its seed on failure. */
export const fuzzRuns = (share: number): { numRuns: number; endOnFailure: true } => ({
  numRuns: Math.max(100, Math.ceil((Number.isSafeInteger(asked) ? asked : USUAL) * share)),
  endOnFailure: true,
})

/** Enough for a million on a busy machine. */
export const FUZZ_TIMEOUT_MS = 1_800_000
