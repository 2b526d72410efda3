/** @module Everything that is promised of a vault. */
import { CLAIM } from './claim.ts'
import { COMMIT } from './commit.ts'
import { OWNER } from './owner.ts'
import { PLAIN } from './plain.ts'
import { SETTLE } from './settle.ts'

export const VAULT_SCENARIOS = [...SETTLE, ...CLAIM, ...COMMIT, ...OWNER, ...PLAIN]
