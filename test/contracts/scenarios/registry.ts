/** @module Everything that is promised of the registry. */
import { CONTENT } from './registry-content.ts'
import { ROLE } from './registry-roles.ts'

export const REGISTRY_SCENARIOS = [...CONTENT, ...ROLE]
