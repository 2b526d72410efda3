/** @module Everything that is promised of a vault. */
import { SETTLE } from './settle.ts'

export const VAULT_SCENARIOS = [...SETTLE]
