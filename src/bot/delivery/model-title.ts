/** @module Model names for people. */
import type { ModelId } from '../../core/ids.ts'
import { MODELS } from '../../tasks/models.ts'

/** What people read in the footer; the id where the manifest does not know it (an operator's own row). */
export const modelTitle = (id: ModelId): string => MODELS.find((row) => row.id === id)?.title ?? id
